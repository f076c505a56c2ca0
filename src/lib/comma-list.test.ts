import assert from 'node:assert/strict';
import { it } from 'node:test';
import { itemsIn } from './comma-list.ts';

it('reads items without the spaces around them, and no empty ones', () => {
  assert.deepEqual(['a, b ,,c', '', ' , '].map(itemsIn), [['a', 'b', 'c'], [], []]);
});
