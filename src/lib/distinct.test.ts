import assert from 'node:assert/strict';
import { it } from 'node:test';
import { distinctBy } from './distinct.ts';

it('of each key the first item is kept, in order', () => {
  const items = ['beech', 'ash', 'birch', 'alder', 'cedar'];
  assert.deepEqual(
    distinctBy(items, (item) => item.slice(0, 1)),
    ['beech', 'ash', 'cedar'],
  );
});
