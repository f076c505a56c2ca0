import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { StringMatcher } from '../proto/envoy/type/matcher/v3/string.ts';
import { describeText, matchesText, replaceRegex } from './text-match.ts';

function check(name: string, matcher: object, cases: readonly (readonly [text: string, matches: boolean])[]): void {
  it(name, () => {
    const message = messageOf(StringMatcher, matcher);
    const found = cases.map(([text]) => [text, matchesText(message, text)]);
    assert.deepEqual(found, cases);
  });
}

describe('a text', () => {
  check('is exactly so', { exact: 'Abc' }, [
    ['Abc', true],
    ['abc', false],
    ['Abcd', false],
  ]);
  check('begins so', { prefix: 'ab' }, [
    ['abc', true],
    ['xab', false],
  ]);
  check('ends so', { suffix: 'bc' }, [
    ['abc', true],
    ['bcd', false],
  ]);
  check('contains it', { contains: 'b' }, [
    ['abc', true],
    ['ac', false],
  ]);
  check('is so in any case', { suffix: 'BC', ignoreCase: true }, [['abc', true]]);
  check('matches a pattern as a whole', { safeRegex: { regex: 'a|ab+' } }, [
    ['a', true],
    ['abb', true],
    ['abc', false],
    ['xa', false],
  ]);
  check('matches a pattern of RE2', { safeRegex: { regex: '(?i)[[:alpha:]]\\pL(?P<rest>.*)' } }, [
    ['aÄ1', true],
    ['1a', false],
    ['aä\n', false],
  ]);
  check('never matches what RE2 refuses', { safeRegex: { regex: '(?=a)a' } }, [['a', false]]);
  check('never matches an extension', { custom: { name: 'custom' } }, [['a', false]]);
});

it('every occurrence of a pattern is replaced, with groups', () => {
  const cases = [
    ['a(b)', 'xabab', '\\1\\1', 'xbbbb'],
    ['^/a(/?)(.*)', '/a/b', '/\\2', '/b'],
    ['a', 'aa', '$1\\\\', '$1\\$1\\'],
    ['a(x)?', 'a', '<\\1\\9>', '<>'],
    ['(', 'a', 'b', 'a'],
  ] as const;
  const found = cases.map(([regex, text, substitution]) => [
    regex,
    text,
    substitution,
    replaceRegex({ regex }, text, substitution),
  ]);
  assert.deepEqual(found, cases);
});

it('a matcher is told in words', () => {
  const cases = [
    [{ exact: 'a' }, 'is "a"'],
    [{ prefix: 'a', ignoreCase: true }, 'begins with "a" in any case'],
    [{ suffix: 'a' }, 'ends with "a"'],
    [{ contains: 'a' }, 'contains "a"'],
    [{ safeRegex: { regex: 'a.*' } }, 'matches "a.*"'],
    [{ custom: { name: 'x' } }, 'matches an extension'],
  ] as const;
  assert.deepEqual(
    cases.map(([matcher]) => describeText(messageOf(StringMatcher, matcher))),
    cases.map(([, words]) => words),
  );
});
