import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  any,
  boolean,
  duration,
  enumOf,
  int32,
  integer,
  intOrString,
  type JsonSchema,
  list,
  map,
  number,
  object,
  port,
  type Schema,
  string,
  struct,
  timestamp,
  uint32,
} from './schema.ts';

function check(name: string, { json }: Schema<unknown>, expected: JsonSchema): void {
  it(name, () => assert.deepEqual(json, expected));
}

describe('the JSON schema', () => {
  check('of a text', string, { type: 'string' });
  check('of true or false', boolean, { type: 'boolean' });
  check('of a number', number, { type: 'number', format: 'double' });
  check('of a whole number with sign', int32, {
    type: 'integer',
    format: 'int32',
    minimum: -(2 ** 31),
    maximum: 2 ** 31 - 1,
  });
  check('of a whole number without sign', uint32, {
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: 2 ** 32 - 1,
  });
  check('of a port', port, { type: 'integer', format: 'int32', minimum: 0, maximum: 65535 });
  check('of a number of more than 32 bits', integer(0, 2 ** 40), {
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: 2 ** 40,
  });
  check('of a duration', duration, {
    type: 'string',
    pattern: '^(?:0|(-)?(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:h|ms|us|µs|ns|m|s))+)$',
  });
  check('of a time', timestamp, { type: 'string', format: 'date-time' });
  check('of one of some names', enumOf('A', 'B'), { type: 'string', enum: ['A', 'B'] });
  check('of any value', any, { 'x-kubernetes-preserve-unknown-fields': true });
  check('of any object', struct, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  check('of a number or a name', intOrString, {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
  });
  check('of a list', list(string), { type: 'array', items: { type: 'string' } });
  check('of a map', map(boolean), { type: 'object', additionalProperties: { type: 'boolean' } });
  check('of an object', object({ a: string, b: list(port) }), {
    type: 'object',
    properties: {
      a: { type: 'string' },
      b: { type: 'array', items: { type: 'integer', format: 'int32', minimum: 0, maximum: 65535 } },
    },
  });
  check('of an object with required fields', object({ a: string, b: string }, { required: ['b'] }), {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string' } },
    required: ['b'],
  });
  check(
    'of an object with fields that exclude each other',
    object(
      { a: string, b: string, c: string, d: string },
      {
        exclusive: [
          ['a', 'b', 'c'],
          ['c', 'd'],
        ],
      },
    ),
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string' }, d: { type: 'string' } },
      'x-kubernetes-validations': [
        {
          rule: 'has(self.a) ? !has(self.b) && !has(self.c) : !(has(self.b) && has(self.c))',
          message: 'expected at most one of a, b, c',
        },
        { rule: '!(has(self.c) && has(self.d))', message: 'expected at most one of c, d' },
      ],
    },
  );
  check('of an object that may have other fields', object({ a: string }, { isOpen: true }), {
    type: 'object',
    properties: { a: { type: 'string' } },
    'x-kubernetes-preserve-unknown-fields': true,
  });
  check(
    'of an object whose fields are explained, through lists and maps',
    object(
      { a: string, b: list(object({ c: map(object({ d: string })) })) },
      { about: { a: 'A.', b: 'B.', 'b.c': 'C.', 'b.c.d': 'D.' } },
    ),
    {
      type: 'object',
      properties: {
        a: { type: 'string', description: 'A.' },
        b: {
          type: 'array',
          description: 'B.',
          items: {
            type: 'object',
            properties: {
              c: {
                type: 'object',
                description: 'C.',
                additionalProperties: { type: 'object', properties: { d: { type: 'string', description: 'D.' } } },
              },
            },
          },
        },
      },
    },
  );
});

it('a text about a field that is not there is a mistake', () => {
  assert.throws(() => object({ a: object({}) }, { about: { a: 'A.', 'a.b': 'B.' } }), {
    message: 'expected a field b to describe, found none',
  });
});
