import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { depthOf, makeShallow } from './shallow.ts';

describe('JSON below a depth', () => {
  function check(name: string, deepest: number, json: string, expected: string): void {
    it(name, () => {
      const bytes = Buffer.from(json);
      makeShallow(bytes, deepest);
      assert.equal(bytes.toString(), expected);
    });
  }
  check('stays when there is none', 2, '{"a":[1,{}]}', '{"a":[1,0 ]}');
  check('is as it was above it', 3, '{"a":[1,{}],"b":{}}', '{"a":[1,{}],"b":{}}');
  check('becomes a number, and what follows stays', 1, '{"a":[[1],{"b":2}],"c":3}', '{"a":0            ,"c":3}');
  check('may hold texts with brackets and quotes', 1, String.raw`[["]\"]"],1]`, '[0       ,1]');
  check('is not found within a text', 1, String.raw`["[[\"[[\\",1]`, String.raw`["[[\"[[\\",1]`);
  check('need not end', 1, '[[[[', '[0  ');
  check('need not be in order', 1, '[[}1,2]', '[0 1,2]');
});

it('ten thousand levels are cut off at one', () => {
  const bytes = Buffer.from(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)},"b":{}}`);
  makeShallow(bytes, 4);
  assert.deepEqual(JSON.parse(bytes.toString()), { a: [[[0]]], b: {} });
});

describe('the depth', () => {
  function check(name: string, value: unknown, expected: number): void {
    it(name, () => assert.equal(depthOf(value), expected));
  }
  check('of a number is none', 1, 0);
  check('of an empty list is one', [], 1);
  check('is that of the deepest part', { a: [1, [2]], b: { c: 3 } }, 3);
});
