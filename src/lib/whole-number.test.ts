import assert from 'node:assert/strict';
import { it } from 'node:test';
import { wholeNumber } from './whole-number.ts';

it('a whole number from 1 on is one, as a number or as a text', () => {
  for (const value of [1, '1', 80, '80', 100])
    assert.equal(wholeNumber(value, 100), Number(value), JSON.stringify(value));
});

it('anything else is none', () => {
  for (const value of [
    0,
    -1,
    1.5,
    101,
    '101',
    '',
    'x',
    ' ',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    null,
    undefined,
    {},
    [],
  ])
    assert.equal(wholeNumber(value, 100), undefined, String(value));
});
