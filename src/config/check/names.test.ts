import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDnsLabel, isDnsName, isLabelKey, isUnixPath, isWildcardDnsName } from './names.ts';

function check(what: string, isOne: (text: string) => boolean, yes: readonly string[], no: readonly string[]): void {
  it(what, () => {
    assert.deepEqual(
      yes.filter((text) => !isOne(text)),
      [],
    );
    assert.deepEqual(no.filter(isOne), []);
  });
}

const long = (length: number) => 'a'.repeat(length);

describe('names', () => {
  check('of labels', isDnsLabel, ['a', 'A-1', '1', long(63)], ['', '-a', 'a-', 'a_b', 'a.b', 'ä', long(64)]);
  check(
    'of hosts',
    isDnsName,
    ['a', 'a.b', 'a.b.', '1.b', `${long(63)}.${long(63)}.${long(63)}.${long(63)}`],
    [
      '',
      '.',
      'a..b',
      '10.0.0.1',
      'a.1',
      '*.a',
      'a_b.c',
      `${long(63)}.${long(63)}.${long(63)}.${long(63)}.`.concat('a'),
    ],
  );
  check(
    'of many hosts',
    isWildcardDnsName,
    ['*', '*.a', '*a.b', '*-a.b', 'a.b', '123'],
    ['', '**', 'a.*.b', 'a*.b', '10.0.0.1', '*.1'],
  );
  check(
    'of labels of objects',
    isLabelKey,
    ['a', 'a.b_c-d', 'x.y/a'],
    ['', 'a/', '/a', 'x_y/a', 'a/b/c', 'a b', long(64)],
  );
  check('of sockets', isUnixPath, ['/a', '/a/b', '@a'], ['', 'a', '/', '/a/']);
});
