import assert from 'node:assert/strict';
import { it } from 'node:test';
import { textsIn } from './texts.ts';

it('the texts of an object are kept, and no other fields', () => {
  assert.deepEqual(textsIn({ a: 'x', b: '', c: 1, d: null, e: ['x'], f: { g: 'x' } }), { a: 'x', b: '' });
});

it('what is no object has none', () => {
  for (const value of [undefined, null, 'x', 1, ['x']]) assert.deepEqual(textsIn(value), {});
});
