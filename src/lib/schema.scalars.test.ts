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
  number,
  parseDuration,
  port,
  type Schema,
  string,
  struct,
  timestamp,
  uint32,
} from './schema.ts';

/** Decodes each value at the path `at`; the outcome is the decoded value, or the text of what is wrong. */
function outcome(schema: Schema<unknown>, value: unknown): unknown {
  const problems: string[] = [];
  const decoded = schema.decode(value, ['at'], ({ kind, path, message }) =>
    problems.push(`${kind} ${path.join()}: ${message}`),
  );
  return problems.length === 0 ? decoded : problems.join('; ');
}

function check(name: string, schema: Schema<unknown>, cases: readonly (readonly [unknown, unknown])[]): void {
  it(name, () =>
    assert.deepEqual(
      cases.map(([value]) => [value, outcome(schema, value)]),
      cases,
    ),
  );
}

const wrongType = (expected: string, found: string) => `wrong-type at: expected ${expected}, found ${found}`;
const wrongValue = (expected: string, found: string) => `wrong-value at: expected ${expected}, found ${found}`;

describe('a scalar', () => {
  check('string takes texts alone', string, [
    ['a', 'a'],
    ['', ''],
    [1, wrongType('a string', '1')],
    [true, wrongType('a string', 'true')],
    [null, wrongType('a string', 'nothing')],
    [['a'], wrongType('a string', 'a list')],
    [{ a: 1 }, wrongType('a string', 'an object')],
  ]);
  check('boolean takes true and false, not their names', boolean, [
    [true, true],
    [false, false],
    ['true', wrongType('true or false', '"true"')],
    [1, wrongType('true or false', '1')],
  ]);
  check('number takes fractions, and numbers in quotes', number, [
    [1.5, 1.5],
    [-1, -1],
    ['2.5', 2.5],
    ['1e3', 1000],
    ['', wrongType('a number', '""')],
    [' ', wrongType('a number', '" "')],
    ['1,5', wrongType('a number', '"1,5"')],
    [Number.POSITIVE_INFINITY, wrongType('a number', 'null')],
    [true, wrongType('a number', 'true')],
  ]);
  check('integer takes whole numbers within its bounds, and such numbers in quotes', integer(1, 3), [
    [1, 1],
    [3, 3],
    ['2', 2],
    [0, wrongValue('a whole number from 1 to 3', '0')],
    [4, wrongValue('a whole number from 1 to 3', '4')],
    ['4', wrongValue('a whole number from 1 to 3', '"4"')],
    [1.5, wrongValue('a whole number from 1 to 3', '1.5')],
    ['1.5', wrongType('a whole number from 1 to 3', '"1.5"')],
    ['two', wrongType('a whole number from 1 to 3', '"two"')],
    [[1], wrongType('a whole number from 1 to 3', 'a list')],
  ]);
  check('int32 has the bounds of 32 bits with sign', int32, [
    [-2147483648, -2147483648],
    [2147483647, 2147483647],
    [2147483648, wrongValue('a whole number from -2147483648 to 2147483647', '2147483648')],
  ]);
  check('uint32 has the bounds of 32 bits without sign', uint32, [
    [0, 0],
    [4294967295, 4294967295],
    [-1, wrongValue('a whole number from 0 to 4294967295', '-1')],
    [4294967296, wrongValue('a whole number from 0 to 4294967295', '4294967296')],
  ]);
  check('port has the bounds of ports', port, [
    [0, 0],
    [65535, 65535],
    [65536, wrongValue('a whole number from 0 to 65535', '65536')],
  ]);
  check('enumOf takes the names in their own spelling', enumOf('SIMPLE', 'MUTUAL'), [
    ['SIMPLE', 'SIMPLE'],
    ['simple', wrongValue('one of SIMPLE, MUTUAL', '"simple"')],
    ['constructor', wrongValue('one of SIMPLE, MUTUAL', '"constructor"')],
    [0, wrongValue('one of SIMPLE, MUTUAL', '0')],
  ]);
  check('intOrString takes a whole number or a text', intOrString, [
    [80, 80],
    ['http', 'http'],
    ['80', '80'],
    [1.5, wrongType('a number or a name', '1.5')],
    [true, wrongType('a number or a name', 'true')],
  ]);
  check('timestamp yields milliseconds', timestamp, [
    ['1970-01-01T00:00:01Z', 1000],
    ['2026-01-31T12:00:00+02:00', Date.UTC(2026, 0, 31, 10)],
    [new Date(5), 5],
    ['yesterday', wrongType('a time such as 2026-01-31T12:00:00Z', '"yesterday"')],
    [5, wrongType('a time such as 2026-01-31T12:00:00Z', '5')],
  ]);
  check('any keeps every value, and takes null for absent', any, [
    [
      [1, { a: null }],
      [1, { a: null }],
    ],
    [false, false],
    [null, undefined],
  ]);
  check('struct keeps every object', struct, [
    [{ a: [1] }, { a: [1] }],
    [[1], wrongType('an object', 'a list')],
    ['a', wrongType('an object', '"a"')],
  ]);
  check('a long text is cut in messages', boolean, [
    ['x'.repeat(100), wrongType('true or false', `"${'x'.repeat(56)}…`)],
  ]);
});

describe('a duration', () => {
  check('is milliseconds of a number with a unit', duration, [
    ['1.5s', 1500],
    ['0', 0],
    ['1d', wrongType('a duration such as 1.5s or 250ms', '"1d"')],
    [5, wrongType('a duration such as 1.5s or 250ms', '5')],
  ]);

  const texts: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['1h', 3_600_000],
    ['1m', 60_000],
    ['1h30m', 5_400_000],
    ['1m1.5s', 61_500],
    ['500us', 0.5],
    ['500µs', 0.5],
    ['1000000ns', 1],
    ['.5s', 500],
    ['1.s', 1000],
    ['-1s', -1000],
    ['-1m30s', -90_000],
    ['', undefined],
    ['5', undefined],
    ['s', undefined],
    ['-', undefined],
    ['.s', undefined],
    ['1 s', undefined],
    ['1S', undefined],
    ['1s-1s', undefined],
    ['+1s', undefined],
    ['1,5s', undefined],
    ['one second', undefined],
  ];
  for (const [text, ms] of texts)
    it(`${JSON.stringify(text)} is ${ms === undefined ? 'none' : `${ms} ms`}`, () =>
      assert.equal(parseDuration(text), ms));
});
