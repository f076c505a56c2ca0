import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { CheckRound, usualCheckPace } from './check-round.ts';
import type { Checks } from './schema.ts';

/** A round over allocations whose checks are in `known`, with what it has asked and told since it was asked last. */
function startRound(test: TestContext, known: { readonly [allocation: string]: Checks | Error }) {
  const clock = fakeClock();
  const asked: string[] = [];
  const changed: string[] = [];
  const denials: (string | undefined)[] = [];
  const stop = new AbortController();
  const round = new CheckRound({
    ask: async (allocation) => {
      asked.push(allocation);
      const found = known[allocation];
      if (found instanceof Error) throw found;
      return found;
    },
    isDenied: (error) => (error as Error).message === 'denied',
    onChange: (allocation) => changed.push(allocation),
    onAccess: (denial) => denials.push(denial?.message),
    clock,
    pace: usualCheckPace,
  });
  const done = round.run(stop.signal);
  test.after(async () => {
    stop.abort();
    await done;
  });
  return {
    round,
    known,
    changed: () => changed.splice(0),
    denials: () => denials.splice(0),
    /** What is asked while that much time passes. */
    async askedWithin(ms: number): Promise<readonly string[]> {
      await turn();
      for (let passed = 0; passed < ms; passed += 10) {
        clock.advance(10);
        await turn();
      }
      return asked.splice(0);
    },
  };
}

const succeeding: Checks = { c: { Service: 'web', Status: 'success', Output: 'ok' } };
const failing: Checks = { c: { Service: 'web', Status: 'failure', Output: 'refused' } };

describe('a round of checks', () => {
  it('asks at its pace', async (test) => {
    const all = Array.from({ length: 30 }, (_, i) => `a${i}`);
    const { round, askedWithin } = startRound(test, Object.fromEntries(all.map((id) => [id, {}])));
    for (const id of all) round.want(id, 1);
    assert.equal((await askedWithin(490)).length, 10);
    assert.equal((await askedWithin(500)).length, 10);
  });

  it('asks once for an allocation without checks, until its registrations are others', async (test) => {
    const { round, askedWithin } = startRound(test, { a: {} });
    round.want('a', 1);
    assert.deepEqual(await askedWithin(60_000), ['a']);
    round.want('a', 1);
    assert.deepEqual(await askedWithin(60_000), []);
    round.want('a', 2);
    assert.deepEqual(await askedWithin(60_000), ['a']);
  });

  it('asks again every five seconds while checks succeed, and every second while one does not', async (test) => {
    const settled = startRound(test, { a: succeeding });
    settled.round.want('a', 1);
    assert.equal((await settled.askedWithin(20_500)).length, 5);
    const unsettled = startRound(test, { a: failing });
    unsettled.round.want('a', 1);
    assert.equal((await unsettled.askedWithin(4500)).length, 5);
  });

  it('tells when a status differs, not when only the output does', async (test) => {
    const checks: { [allocation: string]: Checks | Error } = { a: succeeding };
    const { round, askedWithin, changed } = startRound(test, checks);
    round.want('a', 1);
    await askedWithin(100);
    assert.deepEqual([changed(), round.checksOf('a')], [['a'], succeeding]);
    checks.a = { c: { Service: 'web', Status: 'success', Output: 'still ok' } };
    await askedWithin(6000);
    assert.deepEqual(changed(), []);
    checks.a = failing;
    await askedWithin(6000);
    assert.deepEqual([changed(), round.checksOf('a')], [['a'], failing]);
  });

  it('keeps what it knows when nobody can be asked', async (test) => {
    const checks: { [allocation: string]: Checks | Error } = { a: failing };
    const { round, askedWithin, changed } = startRound(test, checks);
    round.want('a', 1);
    await askedWithin(100);
    changed();
    checks.a = new Error('connection refused');
    assert.equal((await askedWithin(3000)).length, 3);
    assert.deepEqual([changed(), round.checksOf('a')], [[], failing]);
  });

  it('stops for five minutes when it is not allowed to ask', async (test) => {
    const { round, askedWithin, denials } = startRound(test, { a: new Error('denied') });
    round.want('a', 1);
    assert.equal((await askedWithin(290_000)).length, 1);
    assert.deepEqual(denials(), ['denied']);
    assert.equal((await askedWithin(20_000)).length, 1);
  });

  it('asks no more for what is dropped', async (test) => {
    const { round, askedWithin } = startRound(test, { a: succeeding });
    round.want('a', 1);
    await askedWithin(100);
    round.drop('a');
    assert.deepEqual([await askedWithin(20_000), round.checksOf('a')], [[], undefined]);
  });
});
