import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { duration, formatPath, integer, list, map, object, type Path, type Schema, string } from './schema.ts';

interface Outcome {
  readonly decoded: unknown;
  readonly problems: readonly string[];
}

function check(name: string, schema: Schema<unknown>, value: unknown, expected: Outcome): void {
  it(name, () => {
    const problems: string[] = [];
    const decoded = schema.decode(value, ['spec'], ({ kind, path, message }) =>
      problems.push(`${kind} ${formatPath(path)}: ${message}`),
    );
    assert.deepEqual({ decoded, problems }, expected);
  });
}

const good = (decoded: unknown): Outcome => ({ decoded, problems: [] });

describe('a list', () => {
  const weights = list(integer(0, 100));
  check('keeps the order of its items', weights, [3, 1, 2], good([3, 1, 2]));
  check('may be empty', weights, [], good([]));
  check('names the position of each wrong item and keeps the others', weights, [1, 'x', 200, 4], {
    decoded: [1, 4],
    problems: [
      'wrong-type spec[1]: expected a whole number from 0 to 100, found "x"',
      'wrong-value spec[2]: expected a whole number from 0 to 100, found 200',
    ],
  });
  check('refuses an item that is null', list(string), ['a', null], {
    decoded: ['a'],
    problems: ['wrong-type spec[1]: expected a string, found nothing'],
  });
  check(
    'refuses anything else',
    weights,
    { 0: 1 },
    {
      decoded: undefined,
      problems: ['wrong-type spec: expected a list, found an object'],
    },
  );
});

describe('a map', () => {
  const labels = map(string);
  check(
    'takes any key',
    labels,
    { 'app.kubernetes.io/name': 'a', constructor: 'b' },
    good({ 'app.kubernetes.io/name': 'a', constructor: 'b' }),
  );
  check(
    'is safe from keys that mean something to JavaScript',
    labels,
    JSON.parse('{"__proto__": "x"}'),
    good(JSON.parse('{"__proto__": "x"}')),
  );
  check(
    'names the key of each wrong value and keeps the others',
    labels,
    { a: 'x', b: 1 },
    {
      decoded: { a: 'x' },
      problems: ['wrong-type spec.b: expected a string, found 1'],
    },
  );
  check('refuses a list', labels, ['a'], {
    decoded: undefined,
    problems: ['wrong-type spec: expected an object, found a list'],
  });
});

describe('an object', () => {
  const retry = object(
    { attempts: integer(0, 9), perTryTimeout: duration, retryOn: string },
    { required: ['attempts'] },
  );
  check('has only the fields that are there', retry, { attempts: 1 }, good({ attempts: 1 }));
  check('takes null for absent', retry, { attempts: 1, retryOn: null }, good({ attempts: 1 }));
  check(
    "takes protobuf's own spelling of names",
    retry,
    { attempts: 1, per_try_timeout: '2s' },
    good({ attempts: 1, perTryTimeout: 2000 }),
  );
  check(
    'says which required field is missing',
    retry,
    { retryOn: '5xx' },
    {
      decoded: { retryOn: '5xx' },
      problems: ['missing-field spec: expected the field attempts, found none'],
    },
  );
  check(
    'counts a required field that is null as missing',
    retry,
    { attempts: null },
    {
      decoded: {},
      problems: ['missing-field spec: expected the field attempts, found none'],
    },
  );
  check(
    'says of a required field that is wrong only that it is wrong',
    retry,
    { attempts: 'x' },
    {
      decoded: {},
      problems: ['wrong-type spec.attempts: expected a whole number from 0 to 9, found "x"'],
    },
  );
  check('refuses a list', retry, [], {
    decoded: undefined,
    problems: ['wrong-type spec: expected an object, found a list'],
  });
  check(
    'names the place of a problem deep inside',
    object({ http: list(object({ retries: retry })) }),
    { http: [{}, { retries: { attempts: -1 } }] },
    {
      decoded: { http: [{}, { retries: {} }] },
      problems: ['wrong-value spec.http[1].retries.attempts: expected a whole number from 0 to 9, found -1'],
    },
  );
});

describe('an unknown field', () => {
  const route = object({ match: string, timeout: string, perTryTimeout: string, uri: string });
  const nearest = (found: string, near: string): Outcome => ({
    decoded: {},
    problems: [`unknown-field spec.${found}: expected a known field such as ${near}, found the unknown field ${found}`],
  });
  const none = (found: string): Outcome => ({
    decoded: {},
    problems: [
      `unknown-field spec.${found}: expected one of match, perTryTimeout, timeout, uri, found the unknown field ${found}`,
    ],
  });
  check('with a letter too many is told the field that was meant', route, { matchs: 'a' }, nearest('matchs', 'match'));
  check('with two wrong letters of seven is too far from any', route, { matches: 'a' }, none('matches'));
  check('with a wrong letter is told the field that was meant', route, { timeoud: 'a' }, nearest('timeoud', 'timeout'));
  check(
    'in another case is told the field that was meant',
    route,
    { pertrytimeout: 'a' },
    nearest('pertrytimeout', 'perTryTimeout'),
  );
  check('of three letters may differ by one', route, { url: 'a' }, nearest('url', 'uri'));
  check('that is like no other is told all fields, sorted', route, { weight: 1 }, none('weight'));
  check('is left alone in an open object', object({ a: string }, { isOpen: true }), { a: 'x', b: 1 }, good({ a: 'x' }));
  check('of JavaScript is unknown too', route, { constructor: 'a' }, none('constructor'));
});

describe('fields that exclude each other', () => {
  const text = object({ exact: string, prefix: string, regex: string }, { exclusive: [['exact', 'prefix', 'regex']] });
  check('may be absent', text, {}, good({}));
  check('may be there one at a time', text, { prefix: '' }, good({ prefix: '' }));
  check(
    'are named when they are there together',
    text,
    { regex: 'a', exact: 'b' },
    {
      decoded: { regex: 'a', exact: 'b' },
      problems: ['exclusive-fields spec: expected at most one of exact, prefix, regex, found exact and regex'],
    },
  );
  check('do not count when they are null', text, { regex: 'a', exact: null }, good({ regex: 'a' }));
});

describe('the text of a path', () => {
  const cases: readonly (readonly [Path, string])[] = [
    [[], ''],
    [['spec'], 'spec'],
    [['spec', 'http', 0, 'route', 12, 'weight'], 'spec.http[0].route[12].weight'],
    [['items', 3, 0], 'items[3][0]'],
  ];
  for (const [path, text] of cases) it(`is ${text || 'empty'}`, () => assert.equal(formatPath(path), text));
});
