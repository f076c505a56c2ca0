import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { HeaderMatcher } from '../proto/envoy/config/route/v3/route_components.ts';
import { headerMismatch } from './header-match.ts';

/** Whether the values of a header match; no values mean that it is absent. */
function check(
  name: string,
  matcher: object,
  cases: readonly (readonly [values: readonly string[], matches: boolean])[],
): void {
  it(name, () => {
    const message = messageOf(HeaderMatcher, { name: 'X-A', ...matcher });
    const found = cases.map(([values]) => {
      const headers = new Map(values.length === 0 ? [] : [['x-a', values]]);
      return [values, headerMismatch(message, { headers }) === undefined];
    });
    assert.deepEqual(found, cases);
  });
}

const absent: readonly string[] = [];

describe('a header', () => {
  check('is there', { presentMatch: true }, [
    [[''], true],
    [absent, false],
  ]);
  check('is there where nothing is said of it', {}, [
    [['a'], true],
    [absent, false],
  ]);
  check('is absent', { presentMatch: false }, [
    [['a'], false],
    [absent, true],
  ]);
  check('is absent, told as the opposite of present', { presentMatch: true, invertMatch: true }, [
    [['a'], false],
    [absent, true],
  ]);
  check('has a value', { stringMatch: { exact: 'a' } }, [
    [['a'], true],
    [['b'], false],
    [absent, false],
  ]);
  check('has no such value, but has one', { stringMatch: { exact: 'a' }, invertMatch: true }, [
    [['a'], false],
    [['b'], true],
    [absent, false],
  ]);
  check(
    'has no such value, absent ones included',
    {
      stringMatch: { exact: 'a' },
      invertMatch: true,
      treatMissingHeaderAsEmpty: true,
    },
    [
      [['a'], false],
      [absent, true],
    ],
  );
  check('is taken as empty where it is absent', { stringMatch: { exact: '' }, treatMissingHeaderAsEmpty: true }, [
    [absent, true],
    [['a'], false],
  ]);
  check('is taken as present where it is absent', { presentMatch: true, treatMissingHeaderAsEmpty: true }, [
    [absent, true],
  ]);
  check('is a whole number within a range, whose end is not in it', { rangeMatch: { start: -5, end: 10 } }, [
    [['-5'], true],
    [['9'], true],
    [[' +007 '], true],
    [['10'], false],
    [['1.5'], false],
    [[''], false],
    [['x'], false],
    [absent, false],
  ]);
  check('has one of its values so', { stringMatch: { exact: 'b' } }, [
    [['a', 'b'], true],
    [['a,b'], false],
  ]);
  check('has none of its values so', { stringMatch: { exact: 'b' }, invertMatch: true }, [
    [['a', 'b'], false],
    [['a', 'c'], true],
  ]);
  for (const [old, value, other] of [
    [{ exactMatch: 'ab' }, 'ab', 'abc'],
    [{ prefixMatch: 'ab' }, 'abc', 'xab'],
    [{ suffixMatch: 'bc' }, 'abc', 'abcd'],
    [{ containsMatch: 'b' }, 'abc', 'ac'],
    [{ safeRegexMatch: { regex: 'a.c' } }, 'abc', 'abcd'],
  ] as const)
    check(`has a value by ${Object.keys(old)[0]}`, old, [
      [[value], true],
      [[other], false],
    ]);
});

it('says what is wrong', () => {
  const cases = [
    [{ presentMatch: true }, absent, 'the header X-A is absent'],
    [{ presentMatch: false }, ['a'], 'the header X-A is present'],
    [
      { stringMatch: { prefix: 'a' } },
      ['b', 'c'],
      'the header X-A is "b" and "c", it must be one that begins with "a"',
    ],
    [
      { stringMatch: { exact: 'a' }, invertMatch: true },
      ['a'],
      'the header X-A is "a", it must not be one that is "a"',
    ],
    [{ rangeMatch: { end: 9 } }, absent, 'the header X-A is absent, it must be one that is from 0 to below 9'],
    [{ safeRegexMatch: { regex: 'a+' } }, ['b'], 'the header X-A is "b", it must be one that matches "a+"'],
  ] as const;
  const found = cases.map(([matcher, values]) =>
    headerMismatch(messageOf(HeaderMatcher, { name: 'X-A', ...matcher }), {
      headers: new Map(values.length === 0 ? [] : [['x-a', values]]),
    }),
  );
  assert.deepEqual(
    found,
    cases.map(([, , words]) => words),
  );
});
