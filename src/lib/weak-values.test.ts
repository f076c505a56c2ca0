import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WeakValues } from './weak-values.ts';

it('a value that somebody holds is found under its key', () => {
  const values = new WeakValues<{ readonly name: string }>();
  const [one, other] = [{ name: 'one' }, { name: 'other' }];
  values.set('a', one);
  values.set('b', one);
  values.set('a', other);
  assert.deepEqual([values.get('a'), values.get('b'), values.get('c')], [other, one, undefined]);
  assert.equal(values.size, 2);
});
