import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PatchOperation } from '../../ir/patch.ts';
import { patchList } from './list.ts';

describe('a list a, b, b, c with a patch', () => {
  function check(operation: PatchOperation, meant: string | undefined, expected: string | undefined): void {
    const what = meant === undefined ? 'that means no item' : `that means ${meant}`;
    it(`${operation} ${what} becomes ${expected ?? 'nothing else'}`, () => {
      const isMeant = meant === undefined ? undefined : (item: string) => item === meant;
      assert.equal(patchList(['a', 'b', 'b', 'c'], operation, () => 'x', isMeant)?.join(''), expected);
    });
  }
  check('ADD', undefined, 'abbcx');
  check('ADD', 'b', 'abbcx');
  check('INSERT_FIRST', undefined, 'xabbc');
  check('INSERT_FIRST', 'c', 'xabbc');
  check('INSERT_BEFORE', undefined, 'xabbc');
  check('INSERT_BEFORE', 'b', 'axbbc');
  check('INSERT_BEFORE', 'd', undefined);
  check('INSERT_AFTER', undefined, 'abbcx');
  check('INSERT_AFTER', 'b', 'abxbc');
  check('INSERT_AFTER', 'c', 'abbcx');
  check('INSERT_AFTER', 'd', undefined);
  check('REPLACE', undefined, undefined);
  check('REPLACE', 'b', 'axbc');
  check('REPLACE', 'd', undefined);
  check('REMOVE', undefined, undefined);
  check('REMOVE', 'b', 'ac');
  check('REMOVE', 'd', undefined);
  check('MERGE', 'b', undefined);
});
