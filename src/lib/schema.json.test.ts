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
  check('of a whole number with sign', int32, { type: 'integer', format: 'int32' });
  check('of a whole number without sign', uint32, { type: 'integer', format: 'int32', minimum: 0 });
  check('of a port', port, { type: 'integer', format: 'int32', minimum: 0 });
  check('of a number of more than 32 bits', integer(0, 2 ** 40), { type: 'integer', format: 'int64', minimum: 0 });
  check('of a duration', duration, { type: 'string' });
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
      b: { type: 'array', items: { type: 'integer', format: 'int32', minimum: 0 } },
    },
  });
  check('of an object with required fields', object({ a: string, b: string }, { required: ['b'] }), {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string' } },
    required: ['b'],
  });
});
