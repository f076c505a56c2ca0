import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fakeQueryClient } from '../../test/support/fake-query-client.ts';
import { backoff } from '../lib/backoff.ts';
import { AccessError } from '../lib/server-access.ts';
import { blockingQuery } from './blocking-query.ts';
import { QueryError } from './client.ts';

/** A question that is asked again and again, with what has been heard since it was looked at last. */
function ask(test: TestContext, knownIndex = 0) {
  const client = fakeQueryClient();
  const heard: string[] = [];
  const stop = new AbortController();
  const done = blockingQuery({
    client,
    query: { path: '/v1/x' },
    knownIndex,
    waitMs: 60_000,
    clock: client.clock,
    backoff: backoff({ firstMs: 200, mostMs: 10_000, random: () => 0 }),
    onAnswer({ value }) {
      if (value === 'unreadable') throw new Error('expected a list, found something else');
      heard.push(String(value));
    },
    onReset: () => heard.push('reset'),
    onFault: (reason) => heard.push(`fault: ${reason}`),
    signal: stop.signal,
  });
  test.after(async () => {
    stop.abort();
    await done;
  });
  return {
    client,
    stop,
    done,
    heard: () => heard.splice(0),
    async answer(value: string, index?: number) {
      await client.pass(1000);
      client.about('/v1/x').answer({ value, index });
      await client.pass(0);
    },
    async fail(error: Error) {
      await client.pass(1000);
      client.about('/v1/x').fail(error);
      await client.pass(0);
    },
    /** What the question that is open now waits for, `at once` for none; undefined when none is open. */
    waits: () => client.open.map(({ index }) => index ?? 'at once')[0],
  };
}

describe('a blocking query', () => {
  it('waits for what is newer than the last answer', async (test) => {
    const { answer, heard, waits } = ask(test);
    await answer('a', 7);
    assert.equal(waits(), 7);
    await answer('b', 9);
    assert.deepEqual([waits(), heard()], [9, ['a', 'b']]);
  });

  it('hands on answers that say nothing new: that there is one is no promise of a change', async (test) => {
    const { answer, heard } = ask(test);
    await answer('a', 7);
    await answer('a', 7);
    assert.deepEqual(heard(), ['a', 'a']);
  });

  it('asks from the beginning when the index goes back, and says so', async (test) => {
    const { answer, heard, waits } = ask(test);
    await answer('a', 18);
    await answer('forgotten', 10);
    assert.deepEqual([waits(), heard()], ['at once', ['a', 'reset']]);
    await answer('b', 10);
    assert.deepEqual([waits(), heard()], [10, ['b']]);
  });

  it('notices that the index went back behind a fault', async (test) => {
    const { answer, fail, heard } = ask(test);
    await answer('a', 18);
    await fail(new Error('cut'));
    await answer('b', 10);
    assert.deepEqual(heard(), ['a', 'fault: cut', 'reset', 'b']);
  });

  it('notices that the index is lower than what was known before', async (test) => {
    const { answer, heard, waits } = ask(test, 18);
    await answer('a', 10);
    assert.deepEqual([heard(), waits()], [['reset', 'a'], 10]);
  });

  for (const [index, name] of [
    [0, '0'],
    [undefined, 'none'],
  ] as const)
    it(`takes an index of ${name} for 1, which waits`, async (test) => {
      const { answer, waits } = ask(test);
      await answer('a', index);
      assert.equal(waits(), 1);
    });

  it('asks ten times a second at most, after two at once', async (test) => {
    const { client, waits } = ask(test);
    const answerAll = async () => {
      for (let index = 2; waits() !== undefined; index += 1) {
        client.about('/v1/x').answer({ index: client.count + index });
        await client.pass(0);
      }
    };
    await client.pass(0);
    await answerAll();
    assert.equal(client.count, 2);
    for (let i = 0; i < 10; i += 1) {
      await client.pass(100);
      await answerAll();
    }
    assert.equal(client.count, 12);
  });

  it('waits longer after each fault, and asks from the beginning', async (test) => {
    const { client, answer, heard, waits } = ask(test);
    await answer('a', 7);
    const pauses: number[] = [];
    for (let fault = 0; fault < 8; fault += 1) {
      client.about('/v1/x').fail(new Error('cut'));
      await client.pass(0);
      let pause = 0;
      for (; waits() === undefined; pause += 50) await client.pass(50);
      pauses.push(pause);
    }
    assert.deepEqual([waits(), pauses], ['at once', [100, 200, 400, 800, 1600, 3200, 5000, 5000]]);
    await answer('b', 8);
    assert.deepEqual(heard().slice(-2), ['fault: cut', 'b']);
  });

  it('takes an answer that cannot be used for a fault', async (test) => {
    const { answer, heard, waits, client } = ask(test);
    await answer('unreadable', 7);
    assert.deepEqual(heard(), ['fault: expected a list, found something else']);
    await client.pass(1000);
    assert.equal(waits(), 'at once');
  });

  for (const [name, error, pauseMs] of [
    ['429', new QueryError(429, 'HTTP 429: rate limit exceeded', undefined), 1000],
    ['503', new QueryError(503, 'HTTP 503: rate limit exceeded', undefined), 1000],
    ['503 with Retry-After', new QueryError(503, 'HTTP 503', 7000), 7000],
    ['429 with a Retry-After of a day', new QueryError(429, 'HTTP 429', 86_400_000), 60_000],
    ['a credential that cannot be read', new AccessError('cannot read credentials'), 1000],
    ['any other fault', new QueryError(500, 'HTTP 500: No cluster leader', undefined), 100],
  ] as const)
    it(`leaves the server alone for ${pauseMs / 1000} s after ${name}, and says why`, async (test) => {
      const { client, fail, heard, waits } = ask(test);
      await fail(error);
      assert.deepEqual(heard(), [`fault: ${error.message}`]);
      await client.pass(pauseMs - 1);
      assert.equal(waits(), undefined);
      await client.pass(1);
      assert.equal(waits(), 'at once');
    });

  for (const [name, prepare] of [
    ['waits for an answer', async () => {}],
    ['waits after a fault', (asked: ReturnType<typeof ask>) => asked.fail(new Error('cut'))],
  ] as const)
    it(`ends at once while it ${name}`, async (test) => {
      const asked = ask(test);
      await prepare(asked);
      asked.heard();
      asked.stop.abort();
      await asked.done;
      assert.deepEqual([asked.heard(), asked.client.open, asked.client.clock.pending], [[], [], 0]);
    });
});
