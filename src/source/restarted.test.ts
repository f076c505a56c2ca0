import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { silent } from '../lib/log.ts';
import type { Problem } from '../model/problem.ts';
import type { Sink } from '../model/source.ts';
import { type Identity, restarted } from './restarted.ts';

/** `a` is there, `-a` is gone. */
const identity: Identity<string> = {
  key: (change) => change.replace('-', ''),
  isGone: (change) => change.startsWith('-'),
  gone: (change) => `-${change}`,
};

const problem: Problem = { code: 'FW3140', severity: 'error', message: 'wrong', path: '' };

/** What one run does: it goes on until the source is told to end, unless it throws or yields `over`. */
type Run = (sink: Sink<string>) => 'goes on' | 'over';

interface Story {
  readonly clock: FakeClock;
  /** Everything that was said, in order. */
  readonly said: readonly string[];
  readonly lines: readonly string[];
  /** Sinks of all runs so far. */
  readonly sinks: readonly Sink<string>[];
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  advance(ms: number): Promise<void>;
}

async function tell(...runs: readonly Run[]): Promise<Story> {
  const clock = fakeClock();
  const said: string[] = [];
  const lines: string[] = [];
  const sinks: Sink<string>[] = [];
  const stop = new AbortController();
  const source = restarted<string>(
    {
      name: 'memory',
      async run(sink, signal) {
        sinks.push(sink);
        const how = runs[sinks.length - 1]?.(sink) ?? 'goes on';
        if (how === 'goes on') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
    { identity, log: { ...silent, error: (line) => lines.push(line) }, clock, random: () => 0, now: () => 1000 },
  );
  const ended = source.run(
    {
      apply: (changes) => said.push(changes.join(' ')),
      synced: () => said.push('synced'),
      problems: (part, problems) => said.push(`${part}: ${problems.map(({ message }) => message)}`),
      freshness: (freshness) =>
        said.push(
          freshness.state === 'stale' ? `stale since ${freshness.sinceMs}: ${freshness.reason}` : freshness.state,
        ),
    },
    stop.signal,
  );
  await turn();
  const advance = async (ms: number) => {
    clock.advance(ms);
    await turn();
  };
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { clock, said, lines, sinks, ended, stop: end, advance };
}

function fail(message: string): never {
  throw new Error(message);
}

describe('a source that is restarted', () => {
  it('is stale with the reason when a run fails, and live when the next one has listed all', async () => {
    const story = await tell(
      (sink) => {
        sink.apply(['a', 'b']);
        sink.synced();
        return fail('out of order');
      },
      (sink) => {
        sink.apply(['b', 'c']);
        sink.freshness({ state: 'live' });
        sink.synced();
        return 'goes on';
      },
    );
    await story.advance(100);
    assert.deepEqual(story.said, ['a b', 'synced', 'stale since 1000: failed: out of order', 'b c', '-a', 'live']);
    assert.deepEqual(story.lines, ['memory: failed: out of order; it is started again in 100 ms']);
    await story.stop();
  });

  it('is stale when a run ends without being told to', async () => {
    const story = await tell(() => 'over');
    assert.deepEqual(story.said, ['stale since 1000: ended without being told to']);
    await story.stop();
  });

  it('is run again ever less often', async () => {
    const story = await tell(...Array.from({ length: 12 }, () => () => fail('again')));
    for (const ms of [100, 200, 400]) await story.advance(ms);
    assert.equal(story.sinks.length, 4);
    for (let s = 0; s < 60; s += 1) await story.advance(1000);
    assert.ok(story.sinks.length < 12, `${story.sinks.length} runs in a minute`);
    await story.stop();
  });

  it('stays stale as a new run says that it is, since the first loss', async () => {
    const story = await tell(
      () => fail('out of order'),
      (sink) => {
        sink.freshness({ state: 'stale', sinceMs: 5000, reason: 'no leader' });
        sink.synced();
        return 'goes on';
      },
    );
    await story.advance(100);
    assert.deepEqual(story.said, [
      'stale since 1000: failed: out of order',
      'stale since 1000: no leader',
      'stale since 5000: no leader',
      'synced',
    ]);
    await story.stop();
  });

  it('forgets problems that a new run does not find', async () => {
    const story = await tell(
      (sink) => {
        sink.problems('a', [problem]);
        sink.problems('b', [problem]);
        sink.synced();
        return fail('out of order');
      },
      (sink) => {
        sink.problems('b', [problem]);
        sink.synced();
        return 'goes on';
      },
    );
    await story.advance(100);
    assert.deepEqual(story.said.slice(-3), ['b: wrong', 'a: ', 'live']);
    await story.stop();
  });

  it('hears nothing of a run that is over, nor after its end', async () => {
    const story = await tell((sink) => {
      sink.synced();
      return fail('out of order');
    });
    await story.advance(100);
    story.sinks[0]?.apply(['late']);
    await story.stop();
    story.sinks[1]?.apply(['late']);
    assert.deepEqual(story.said, ['synced', 'stale since 1000: failed: out of order']);
  });

  it('ends when it is told to, though a run does not', async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const source = restarted<string>(
      { name: 'deaf', run: () => new Promise(() => {}) },
      { identity, log: silent, clock, random: () => 0, now: () => 0 },
    );
    const nothing = { apply() {}, synced() {}, problems() {}, freshness() {} };
    const ended = source.run(nothing, stop.signal);
    stop.abort();
    await ended;
    assert.equal(clock.pending, 0);
  });
});
