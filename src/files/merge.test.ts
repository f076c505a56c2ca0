import assert from 'node:assert/strict';
import { it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { MergedObjects } from './merge.ts';

const key = '/Service/shop/a';
const from = (file: string) => objectIn('apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}', file);

/** Puts, doubts and removes, and tells after each step which file's object has come into force, and who is a duplicate. */
function check(
  name: string,
  steps: readonly (readonly ['put' | 'doubt' | 'remove', string])[],
  expected: readonly { readonly wins?: string; readonly duplicates?: readonly string[] }[],
): void {
  it(name, () => {
    const merged = new MergedObjects();
    const files = new Set<string>();
    const found = steps.map(([step, file]) => {
      files.add(file);
      if (step === 'put') merged.put(key, file, from(file));
      else merged[step](key, file);
      const { changes } = merged.takeChanges();
      const duplicates = [...files].filter((one) => merged.duplicatesIn(one, [key]).length > 0);
      return {
        ...(changes.length === 0 ? {} : { wins: changes[0]?.object?.origin.file ?? 'nobody' }),
        ...(duplicates.length === 0 ? {} : { duplicates }),
      };
    });
    assert.deepEqual(found, expected);
  });
}

check(
  'the first file by path wins, whenever it comes',
  [
    ['put', 'b'],
    ['put', 'c'],
    ['put', 'a'],
  ],
  [{ wins: 'b' }, { duplicates: ['c'] }, { wins: 'a', duplicates: ['b', 'c'] }],
);
check(
  'the next file takes over when the first gives the object up',
  [
    ['put', 'a'],
    ['put', 'b'],
    ['remove', 'a'],
  ],
  [{ wins: 'a' }, { duplicates: ['b'] }, { wins: 'b' }],
);
check(
  'the object is gone with its last file',
  [
    ['put', 'a'],
    ['remove', 'a'],
  ],
  [{ wins: 'a' }, { wins: 'nobody' }],
);
check(
  'a file that may have given the object up still counts alone',
  [
    ['put', 'a'],
    ['doubt', 'a'],
  ],
  [{ wins: 'a' }, {}],
);
check(
  'a file that states the object comes before one in doubt, and is no duplicate of it',
  [
    ['put', 'a'],
    ['doubt', 'a'],
    ['put', 'b'],
    ['remove', 'a'],
  ],
  [{ wins: 'a' }, {}, { wins: 'b' }, {}],
);
check(
  'a file that was in doubt and states the object again counts as before',
  [
    ['put', 'a'],
    ['put', 'b'],
    ['doubt', 'a'],
    ['put', 'a'],
  ],
  [{ wins: 'a' }, { duplicates: ['b'] }, { wins: 'b' }, { wins: 'a', duplicates: ['b'] }],
);
