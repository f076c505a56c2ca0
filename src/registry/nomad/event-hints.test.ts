import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { followEventHints, usualStreamTimes } from './event-hints.ts';

/** A follower of a stream that the test speaks on, with what it has heard and said since it was asked last. */
function follow(test: TestContext) {
  const clock = fakeClock();
  const woken: string[] = [];
  const access: (string | undefined)[] = [];
  const streams: { index: number; say(text: string): void; end(error?: Error): void }[] = [];
  const stop = new AbortController();
  const done = followEventHints(
    {
      open: (index, onLines, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          const end = (error?: Error) => (error === undefined ? resolve() : reject(error));
          streams.push({ index, say: (text) => onLines(text.split('\n')), end });
        }),
      isDenied: (error) => (error as Error).message.startsWith('403'),
      index: () => 41,
      wake: ({ namespace, name }) => woken.push(`${namespace}/${name}`),
      onAccess: (denial) => access.push(denial),
      clock,
      random: () => 0,
      times: usualStreamTimes,
    },
    stop.signal,
  );
  test.after(async () => {
    stop.abort();
    await done;
  });
  return {
    streams,
    woken: () => woken.splice(0),
    access: () => access.splice(0),
    async pass(ms: number) {
      await turn();
      clock.advance(ms);
      await turn();
      await turn();
    },
  };
}

const event = (name: string, Type = 'ServiceRegistration') =>
  JSON.stringify({
    Events: [{ Topic: 'Service', Type, Namespace: 'shop', Payload: { Service: { ServiceName: name } } }],
    Index: 42,
  });

describe('the event stream', () => {
  it('names services to be read, whatever the type of the event, and is asked for what comes next', async (test) => {
    const { streams, woken, pass } = follow(test);
    await pass(0);
    streams[0]?.say('{}');
    streams[0]?.say(`${event('web')}\n${event('db', 'PlanResult')}`);
    assert.deepEqual([streams[0]?.index, woken()], [42, ['shop/web', 'shop/db']]);
  });

  it('names nothing by what cannot be read', async (test) => {
    const { streams, woken, pass } = follow(test);
    await pass(0);
    for (const line of ['<html>', '{"Events":[{}]}', '{"Events":7}', '[]']) streams[0]?.say(line);
    assert.deepEqual(woken(), []);
  });

  it('is taken for denied when it does not begin, and asked for again in five minutes', async (test) => {
    const { streams, access, pass } = follow(test);
    await pass(2000);
    assert.deepEqual(access(), ['expected a first line within 2 s, found none: the token may not read events']);
    await pass(299_000);
    assert.equal(streams.length, 1);
    await pass(1000);
    assert.equal(streams.length, 2);
    streams[1]?.say('{}');
    assert.deepEqual(access(), [undefined]);
  });

  it('is denied by 403, too', async (test) => {
    const { streams, access, pass } = follow(test);
    await pass(0);
    streams[0]?.end(new Error('403: Permission denied'));
    await pass(0);
    assert.deepEqual(access(), ['expected the event stream, found 403: Permission denied']);
  });

  it('is opened again soon when it ends, breaks off or falls silent', async (test) => {
    const { streams, access, pass } = follow(test);
    await pass(0);
    streams[0]?.say('{}');
    streams[0]?.end();
    await pass(250);
    streams[1]?.end(new Error('socket hang up'));
    await pass(500);
    assert.equal(streams.length, 3);
    streams[2]?.say('{}');
    await pass(75_000);
    await pass(250);
    assert.equal(streams.length, 4);
    assert.deepEqual(access(), [undefined, undefined]);
  });
});
