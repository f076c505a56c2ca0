import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distance } from './distance.ts';

function check(name: string, a: string, b: string, expected: number): void {
  it(name, () => assert.deepEqual([distance(a, b), distance(b, a)], [expected, expected]));
}

describe('the distance of two texts', () => {
  check('is 0 for equal ones', 'hosts', 'hosts', 0);
  check('counts a letter that is missing', 'hosts', 'hots', 1);
  check('counts a letter that is another', 'hosts', 'posts', 1);
  check('counts two letters that have changed places twice', 'hosts', 'hsots', 2);
  check('is the length beside nothing', 'hosts', '', 5);
});
