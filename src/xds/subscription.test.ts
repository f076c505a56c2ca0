import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { asksFor, nothing, type Subscription, Subscriptions } from './subscription.ts';

/** `all` for a wildcard, `all (legacy)` for one that was implied, then the names. */
function text({ isWildcard, isLegacy, names }: Subscription): string {
  return [...(isWildcard ? [isLegacy ? 'all (legacy)' : 'all'] : []), ...[...names].sort()].join(' ') || 'nothing';
}

type Delta = readonly [subscribe: readonly string[], unsubscribe?: readonly string[]];

describe('in the state-of-the-world dialect', () => {
  const check = (name: string, requests: readonly (readonly string[])[], expected: string, impliesAll = true) =>
    it(name, () => {
      const subscriptions = new Subscriptions();
      const [first = [], ...rest] = requests;
      let current = subscriptions.firstSotw(first, impliesAll);
      for (const names of rest) current = subscriptions.nextSotw(current, names);
      assert.equal(text(current), expected);
    });

  check('naming nothing at first means all', [[]], 'all (legacy)');
  check('naming nothing means nothing for types that have no wildcard', [[]], 'nothing', false);
  check('naming nothing again still means all', [[], [], []], 'all (legacy)');
  check('a star means all', [['*']], 'all');
  check('a star may stand beside names', [['*', 'a']], 'all a');
  check('names replace the implied wildcard', [[], ['a']], 'a');
  check('a star and a name keep the implied wildcard, which is explicit from then on', [[], ['*', 'a']], 'all a');
  check('naming nothing after a star means nothing', [['*'], []], 'nothing');
  check('naming nothing after names means nothing', [['a'], []], 'nothing');
  check('the implied wildcard does not come back', [[], ['*', 'a'], ['a'], []], 'nothing');
  check(
    'a request lists all that is wanted',
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    'b c',
  );
  check('a name may be listed twice', [['a', 'a', 'b']], 'a b');

  it('an acknowledgement, which lists the same names, is the same subscription', () => {
    const subscriptions = new Subscriptions();
    const first = subscriptions.firstSotw(['a', 'b', '*'], true);
    const later = [
      ['a', 'b', '*'],
      ['*', 'b', 'a'],
      ['b', 'a', 'a', '*', 'b'],
    ];
    assert.ok(later.every((names) => subscriptions.nextSotw(first, names) === first));
  });
});

describe('in the delta dialect', () => {
  const check = (name: string, requests: readonly Delta[], expected: string, impliesAll = true) =>
    it(name, () => {
      const subscriptions = new Subscriptions();
      const [[subscribe, unsubscribe = []] = [[]], ...rest] = requests;
      let current = subscriptions.firstDelta(subscribe, unsubscribe, impliesAll);
      for (const [more, less = []] of rest) current = subscriptions.nextDelta(current, more, less);
      assert.equal(text(current), expected);
    });

  check('subscribing to nothing at first means all', [[[]]], 'all (legacy)');
  check('subscribing to nothing means nothing for types that have no wildcard', [[[]]], 'nothing', false);
  check('names stand beside the implied wildcard', [[[]], [['a']]], 'all (legacy) a');
  check('the implied wildcard is given up by its star', [[[]], [['a']], [[], ['*']]], 'a');
  check('a star means all', [[['*']]], 'all');
  check('a star makes an implied wildcard explicit', [[[]], [['*']]], 'all');
  check('a star may stand beside names', [[['*', 'a']]], 'all a');
  check('giving up the star keeps the names', [[['*', 'a']], [[], ['*']]], 'a');
  check('giving up a name keeps the star', [[['*', 'a']], [[], ['a']]], 'all');
  check('giving up everything leaves nothing', [[['a']], [[], ['a']]], 'nothing');
  check('names may be given up and asked for at once', [[['a']], [['b'], ['a']]], 'b');
  check('a name that is asked for and given up in one request is given up', [[['a', 'b'], ['a']]], 'b');
  check('a star that is asked for and given up in one request is given up', [[['*', 'b'], ['*']]], 'b');
  check('giving up what was not asked for changes nothing', [[['a']], [[], ['b']]], 'a');
  check('a name may be asked for twice', [[['a', 'a']], [['a']]], 'a');
  check('a name may be asked for again', [[['a']], [[], ['a']], [['a']]], 'a');
});

it('a subscription asks for its names, and with a wildcard for all', () => {
  const subscriptions = new Subscriptions();
  const [names, all] = [subscriptions.firstSotw(['a'], true), subscriptions.firstSotw([], true)];
  assert.deepEqual(
    [asksFor(nothing, 'a'), asksFor(names, 'a'), asksFor(names, 'b'), asksFor(all, 'b')],
    [false, true, false, true],
  );
});

describe('equal subscriptions are one object', () => {
  it('whatever led to them', () => {
    const subscriptions = new Subscriptions();
    const whole = subscriptions.firstSotw(['b', 'a'], false);
    const inSteps = subscriptions.nextDelta(subscriptions.firstDelta(['a'], [], false), ['b'], []);
    const lessOne = subscriptions.nextDelta(subscriptions.firstDelta(['a', 'b', 'c'], [], false), [], ['c']);
    assert.deepEqual([inSteps === whole, lessOne === whole], [true, true]);
  });

  it('and nothing is always the same', () => {
    const subscriptions = new Subscriptions();
    assert.equal(subscriptions.nextDelta(subscriptions.firstDelta(['a'], [], false), [], ['a']), nothing);
  });
});

it('names that look like other requests are told apart', () => {
  const subscriptions = new Subscriptions();
  const start = subscriptions.firstDelta(['x'], [], false);
  const steps: readonly Delta[] = [
    [['a\nb']],
    [['a', 'b']],
    [['a\n-x']],
    [['a'], ['x']],
    [['a1:x']],
    [['a', 'x']],
    [['a","b']],
    [[], ['a', 'a","b']],
  ];
  assert.deepEqual(
    steps.map(([subscribe, unsubscribe = []]) => [...subscriptions.nextDelta(start, subscribe, unsubscribe).names]),
    [['x', 'a\nb'], ['x', 'a', 'b'], ['x', 'a\n-x'], ['a'], ['x', 'a1:x'], ['x', 'a'], ['x', 'a","b'], ['x']],
  );
});

it('after any requests both dialects agree with plain sets', () => {
  const name = fc.constantFrom('*', 'a', 'b', 'c');
  const request = fc.record({
    subscribe: fc.array(name, { maxLength: 3 }),
    unsubscribe: fc.array(name, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), (requests) => {
      const subscriptions = new Subscriptions();
      const wanted = new Set<string>();
      let delta: Subscription | undefined;
      let sotw: Subscription | undefined;
      for (const { subscribe, unsubscribe } of requests) {
        for (const one of subscribe) wanted.add(one);
        for (const one of unsubscribe) wanted.delete(one);
        delta =
          delta === undefined
            ? subscriptions.firstDelta(subscribe, unsubscribe, false)
            : subscriptions.nextDelta(delta, subscribe, unsubscribe);
        sotw =
          sotw === undefined ? subscriptions.firstSotw([...wanted], false) : subscriptions.nextSotw(sotw, [...wanted]);
        assert.equal(delta, sotw);
        assert.deepEqual(new Set([...delta.names, ...(delta.isWildcard ? ['*'] : [])]), wanted);
      }
    }),
    { numRuns: 200 },
  );
});
