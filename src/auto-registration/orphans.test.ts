import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Judgement, judgeOrphans, type KnownEntry } from './orphans.ts';

const entry = (key: string, controller: string, rest: Partial<KnownEntry['state']> = {}): KnownEntry => ({
  key,
  state: {
    group: 'vms',
    controller,
    connectedAtMs: 0,
    disconnectedAtMs: undefined,
    askedAtMs: undefined,
    ...rest,
  },
});

describe('of entries that nobody here is connected to', () => {
  function check(name: string, entries: readonly KnownEntry[], expected: Partial<Judgement>, servesSinceMs = 0): void {
    it(name, () =>
      assert.deepEqual(judgeOrphans(entries, { nowMs: 1000, graceMs: 100, answerMs: 50, servesSinceMs }), {
        left: [],
        silent: [],
        ask: [],
        isWaiting: false,
        ...expected,
      }),
    );
  }
  check('none is nothing to do', [], {});
  check(
    'each controller is asked through the first one of its own',
    [entry('shop/b', 'x'), entry('shop/a', 'x'), entry('shop/c', 'y')],
    { ask: ['shop/a', 'shop/c'], isWaiting: true },
  );
  check(
    'a controller that has been asked may still answer',
    [entry('shop/a', 'x', { askedAtMs: 951 }), entry('shop/b', 'x')],
    {
      isWaiting: true,
    },
  );
  check(
    'all of a controller that has not answered go',
    [entry('shop/b', 'x', { askedAtMs: 950 }), entry('shop/a', 'x'), entry('shop/c', 'y', { askedAtMs: 980 })],
    { silent: [{ question: 'shop/b', keys: ['shop/a', 'shop/b'] }], isWaiting: true },
  );
  check('one whose end is noted is its controller’s to remove', [entry('shop/a', 'x', { disconnectedAtMs: 851 })], {
    isWaiting: true,
  });
  check('one that its controller has not removed in time goes', [entry('shop/a', 'x', { disconnectedAtMs: 850 })], {
    left: ['shop/a'],
  });
  check(
    'none goes before workloads have had the time to connect here',
    [entry('shop/a', 'x', { disconnectedAtMs: 0 }), entry('shop/b', 'y', { askedAtMs: 0 })],
    { isWaiting: true },
    951,
  );
});
