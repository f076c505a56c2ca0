import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonical } from './canonical.ts';

function check(name: string, value: unknown, expected: string): void {
  it(name, () => assert.equal(canonical(value), expected));
}

describe('the canonical text', () => {
  check(
    'sorts keys on every level',
    { b: { d: 1, c: 2 }, a: [{ z: 1, y: 2 }] },
    '{"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}',
  );
  check(
    'sorts keys by their characters, not by language',
    { b: 1, B: 2, ä: 3, 10: 4, 9: 5 },
    '{"10":4,"9":5,"B":2,"b":1,"ä":3}',
  );
  check('leaves out fields that are undefined', { a: undefined, b: 1 }, '{"b":1}');
  check('keeps null apart from absent', { a: null }, '{"a":null}');
  check('keeps the order of lists', [3, 1, 2], '[3,1,2]');
  check('writes null for a list item that is undefined, so that positions stay', [undefined, 1], '[null,1]');
  check('quotes texts, so that they are no numbers', ['1', 1], '["1",1]');
  check('escapes keys and texts', { 'a"b': 'c\nd' }, '{"a\\"b":"c\\nd"}');
  check('has a form for every scalar', [true, false, null, 1.5, ''], '[true,false,null,1.5,""]');
  check('has a form for an empty object and list', { a: {}, b: [] }, '{"a":{},"b":[]}');
  check('has a form for undefined itself', undefined, 'null');
});

it('equal values have equal texts and different values different ones', () => {
  const texts = [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 2, b: 1 }, { 'a":1,"b': 2 }].map(canonical);
  assert.equal(texts[0], texts[1]);
  assert.equal(new Set(texts).size, 3);
});
