import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ensure } from './ensure.ts';

it('a missing value is made once and kept', () => {
  const map = new Map<string, string[]>();
  let made = 0;
  const make = () => {
    made += 1;
    return [`list ${made}`];
  };
  const first = ensure(map, 'a', make);
  first.push('more');
  assert.deepEqual([ensure(map, 'a', make), ensure(map, 'b', make), made], [['list 1', 'more'], ['list 2'], 2]);
  assert.equal(map.get('a'), first);
});

it('a value that is there is never made again, also when it is empty', () => {
  const map = new Map([['a', 0]]);
  assert.equal(
    ensure(map, 'a', () => 1),
    0,
  );
  assert.deepEqual([...map], [['a', 0]]);
});
