import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AssertionError, must, assert as require, unreachable } from './assert.ts';

it('a condition that holds passes', () => {
  require(true, 'never seen');
});

it('a condition that does not hold is a bug with its message', () => {
  assert.throws(() => require(false, 'expected a cell, found none'), new AssertionError('expected a cell, found none'));
});

it('a value that is there is returned, also when it is empty', () => {
  assert.deepEqual([must('', 'a text'), must(0, 'a number'), must(false, 'an answer')], ['', 0, false]);
});

it('a value that is not there is a bug that names what was expected', () => {
  for (const value of [undefined, null])
    assert.throws(() => must(value, 'the row of a service'), new AssertionError('expected the row of a service'));
});

it('a branch that the types exclude names the value that came there', () => {
  assert.throws(() => unreachable({ kind: 'new' } as never), new AssertionError('unreachable: {"kind":"new"}'));
});
