import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { re2Problem } from './re2.ts';

function check(name: string, pattern: string, problem: string | undefined): void {
  it(name, () => assert.equal(re2Problem(pattern), problem));
}

const tooLarge = 'expected a pattern of at most 32768 instructions, found more: its repetitions multiply';

describe('a regular expression', () => {
  check('may be anything that RE2 knows', '^/(api|v[0-9]+)/.*$', undefined);
  check('may repeat', '(ab){1,100}[a-z]{2}', undefined);
  check(
    'looks neither ahead nor behind',
    'a(?!b)',
    'expected a regular expression of RE2\'s syntax, found "a(?!b)": error parsing regexp: invalid or unsupported Perl syntax: `(?!`',
  );
  check('has a length', 'a'.repeat(1025), 'expected at most 1024 characters, found 1025');
  check('has a size, with many repetitions', 'a{1000}'.repeat(100), tooLarge);
  check('has a size, with long repetitions', `(${'a'.repeat(60)}){1000}`, tooLarge);
  check('that is as long as may be is no burden', 'a'.repeat(1024), undefined);
});
