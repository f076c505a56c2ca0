import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptedTexts, formatOf, openMetricsOf } from './exposition.ts';

describe('metrics as OpenMetrics', () => {
  const check = (name: string, text: string, expected: string) =>
    it(name, () => assert.equal(openMetricsOf(text), expected));
  check(
    'name the family of a counter without its ending',
    '# HELP a_total As\n# TYPE a_total counter\na_total{b="c"} 1\n',
    '# HELP a As\n# TYPE a counter\na_total{b="c"} 1\n',
  );
  check('keep names of counters that have no such ending', '# TYPE a counter\na 1\n', '# TYPE a unknown\na 1\n');
  check('have no empty lines and no other remarks', '# a\n# TYPE a gauge\na 1\n\n', '# TYPE a gauge\na 1\n');
  check('call what has no type unknown', '# TYPE a untyped\na 1\n', '# TYPE a unknown\na 1\n');
});

describe('what is asked for', () => {
  const both = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const check = (accept: string | undefined, expected: string) =>
    it(`in the name of ${accept}`, () => assert.equal(acceptedTexts(accept), expected));
  check(undefined, 'text/plain;version=0.0.4');
  check('*/*', 'text/plain;version=0.0.4');
  check('application/vnd.google.protobuf,application/openmetrics-text;version=1.0.0', both);
});

describe('the format of an answer', () => {
  const check = (type: string | undefined, expected: string | undefined) =>
    it(`of type ${type}`, () => assert.equal(formatOf(type), expected));
  check(undefined, 'text');
  check('text/plain; version=0.0.4', 'text');
  check('application/openmetrics-text; version=1.0.0; charset=utf-8', 'openMetrics');
  check('text/plain', 'text');
  check('text/html; charset=utf-8', undefined);
  check('application/vnd.google.protobuf', undefined);
});
