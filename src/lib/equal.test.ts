import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equal, sameItems } from './equal.ts';

function check(name: string, a: unknown, b: unknown, expected: boolean): void {
  it(name, () => assert.deepEqual([equal(a, b), equal(b, a)], [expected, expected]));
}

describe('values are equal when', () => {
  check('they are the same scalar', 'a', 'a', true);
  check('they are both not a number', Number.NaN, Number.NaN, true);
  check('objects have equal fields in any order', { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, true);
  check('a field of one is undefined and absent in the other', { a: 1, b: undefined }, { a: 1 }, true);
  check('lists have equal items in the same order', [1, { a: 2 }], [1, { a: 2 }], true);
  check('byte arrays hold the same bytes', new Uint8Array([1, 2]), Buffer.from([1, 2]), true);
  check(
    'maps have equal values by key in any order',
    new Map([
      ['a', [1]],
      ['b', [2]],
    ]),
    new Map([
      ['b', [2]],
      ['a', [1]],
    ]),
    true,
  );
  check('sets have the same items in any order', new Set([1, 2]), new Set([2, 1]), true);
  check('objects are empty', {}, {}, true);
});

describe('values differ when', () => {
  check('scalars differ', 1, 2, false);
  check('one is a text and the other a number', '1', 1, false);
  check('one is null and the other absent', null, undefined, false);
  check('one is null and the other an object', null, {}, false);
  check('a field deep inside differs', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false);
  check('one has a field more', { a: 1 }, { a: 1, b: 2 }, false);
  check('one has another field', { a: 1 }, { b: 1 }, false);
  check('lists have another order', [1, 2], [2, 1], false);
  check('one list is the beginning of the other', [1], [1, 2], false);
  check('one is a list and the other an object with the same fields', [1], { 0: 1 }, false);
  check('bytes differ', new Uint8Array([1, 2]), new Uint8Array([1, 3]), false);
  check('one has bytes more', new Uint8Array([1]), new Uint8Array([1, 0]), false);
  check('one is bytes and the other an object', new Uint8Array([1]), { 0: 1 }, false);
  check('a value of a map differs', new Map([['a', 1]]), new Map([['a', 2]]), false);
  check('maps have other keys', new Map([['a', 1]]), new Map([['b', 1]]), false);
  check(
    'a map has a key with undefined and the other another key',
    new Map([['a', undefined]]),
    new Map([['b', undefined]]),
    false,
  );
  check(
    'a map has an entry more',
    new Map([['a', 1]]),
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
    false,
  );
  check('sets have another size', new Set([1]), new Set([1, 2]), false);
  check('sets have other items', new Set([1, 2]), new Set([1, 3]), false);
  check('one is a map and the other an object', new Map(), {}, false);
  check('one is a set and the other an object', new Set(), {}, false);
  check('one is a set and the other a list', new Set(), [], false);
});

it('lists have the same items by identity unless told how to compare', () => {
  const item = { a: 1 };
  assert.equal(sameItems([item, 'b'], [item, 'b']), true);
  assert.equal(sameItems([item], [{ a: 1 }]), false);
  assert.equal(sameItems([item], [{ a: 1 }], equal), true);
  assert.equal(sameItems([item], [item, item]), false);
});
