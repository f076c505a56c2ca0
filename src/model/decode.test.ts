import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemLine } from '../../test/support/problem-line.ts';
import { duration, integer, list, object, string } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError, locate, locateAll } from './decode.ts';

const route = object(
  { host: string, ports: list(integer(0, 9)), timeout: duration, a: string, b: string },
  {
    required: ['host'],
    exclusive: [['a', 'b']],
  },
);

function check(
  name: string,
  value: unknown,
  expected: { readonly decoded: unknown; readonly findings: readonly string[] },
): void {
  it(name, () => {
    const findings: Finding[] = [];
    const decoded = decodeWith(route, value, ['spec', 'route'], findings);
    assert.deepEqual({ decoded, findings: findings.map(problemLine) }, expected);
  });
}

describe('decoding', () => {
  check('yields the value', { host: 'a', timeout: '1s' }, { decoded: { host: 'a', timeout: 1000 }, findings: [] });
  check(
    'gives each kind of problem its code',
    { prts: [], ports: 'x', a: '', b: '' },
    {
      decoded: { a: '', b: '' },
      findings: [
        'error FW0003 spec.route.prts: expected a known field such as ports, found the unknown field prts',
        'error FW0004 spec.route.ports: expected a list, found "x"',
        'error FW0006 spec.route: expected the field host, found none',
        'error FW0007 spec.route: expected at most one of a, b, found a and b',
      ],
    },
  );
  check(
    'writes the place as a path',
    { host: 'a', ports: [1, 10] },
    {
      decoded: { host: 'a', ports: [1] },
      findings: ['error FW0005 spec.route.ports[1]: expected a whole number from 0 to 9, found 10'],
    },
  );
});

describe('a finding', () => {
  const finding: Finding = { code: 'FW0003', severity: 'error', path: 'spec.hots', message: 'expected …, found …' };
  const object = { kind: 'VirtualService', namespace: 'shop', name: 'reviews' };

  it('stands at the line of its field', () => {
    const lineOf = (path: string) => (path === 'spec.hots' ? 7 : undefined);
    assert.deepEqual(locate(finding, { origin: { ...object, file: 'a.yaml', line: 3 }, lineOf }), {
      ...finding,
      object,
      file: 'a.yaml',
      line: 7,
    });
  });

  it('stands at the line of its object where the field has none', () => {
    assert.deepEqual(locate(finding, { origin: { ...object, file: 'a.yaml', line: 3 }, lineOf: () => undefined }), {
      ...finding,
      object,
      file: 'a.yaml',
      line: 3,
    });
  });

  it('has neither file nor line for an object of an API server', () => {
    assert.deepEqual(locate(finding, { origin: { ...object, uid: 'u' } }), { ...finding, object });
  });

  it('is one of a hundred at most, before one that counts the rest', () => {
    const many = Array.from({ length: 250 }, () => finding);
    const message = 'expected an object with less to say about it, found 150 problems more than the 100 that are shown';
    assert.deepEqual(locateAll(many, { origin: { ...object, uid: 'u' } }), [
      ...many.slice(0, 100).map((one) => ({ ...one, object })),
      { code: 'FW0014', severity: 'error', path: '', message, object },
    ]);
  });

  it('that is a warning is no error', () => {
    const warning: Finding = { ...finding, severity: 'warning' };
    assert.deepEqual([[], [warning], [warning, finding]].map(hasError), [false, false, true]);
  });
});
