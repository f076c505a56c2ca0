import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareProblems, formatProblem, formatRelated, type Problem } from './problem.ts';

const fields = { code: 'FW0101', severity: 'error', message: 'expected at least one host, found none' } as const;
const object = { kind: 'VirtualService', namespace: 'shop', name: 'reviews' };

function check(name: string, place: Omit<Problem, keyof typeof fields>, expected: string): void {
  it(name, () => assert.equal(formatProblem({ ...fields, ...place }), expected));
}

describe('a problem for people', () => {
  const message = 'expected at least one host, found none [FW0101]';
  const [file, line, path] = ['shop.yaml', 12, 'spec.hosts'];
  check(
    'names file, line, object and field',
    { object, file, line, path },
    `shop.yaml:12: VirtualService shop/reviews: spec.hosts: ${message}`,
  );
  check('names the file alone where the line is not known', { file, path: '' }, `shop.yaml: ${message}`);
  check('names no line without a file', { line, object, path: '' }, `VirtualService shop/reviews: ${message}`);
  check(
    'names no namespace where there is none',
    { object: { kind: 'Node', namespace: '', name: 'n1' }, path: 'status' },
    `Node n1: status: ${message}`,
  );
  check('may be about nothing that can be named', { path: '' }, message);
});

describe('problems', () => {
  it('are told by file and line, then by object, field and code', () => {
    const problem = (place: Partial<Problem>): Problem => ({ ...fields, path: '', ...place });
    const inOrder = [
      problem({}),
      problem({ file: 'a.yaml', line: 2, object }),
      problem({ file: 'a.yaml', line: 10 }),
      problem({ file: 'a.yaml', line: 10, object: { ...object, name: 'a' } }),
      problem({ file: 'a.yaml', line: 10, object }),
      problem({ file: 'a.yaml', line: 10, object, path: 'spec' }),
      problem({ file: 'a.yaml', line: 10, object, path: 'spec', code: 'FW0102' }),
      problem({ file: 'a.yaml', line: 10, object, path: 'spec.http[2]' }),
      problem({ file: 'a.yaml', line: 10, object, path: 'spec.http[10]' }),
      problem({ file: 'b.yaml', line: 1 }),
    ];
    assert.deepEqual([...inOrder].reverse().sort(compareProblems), inOrder);
  });

  it('name the objects that they come from', () => {
    const reason = 'is older and has the host';
    assert.deepEqual(
      [formatRelated({ object, reason }), formatRelated({ object, file: 'a.yaml', line: 3, reason })],
      [`VirtualService shop/reviews ${reason}`, `a.yaml:3: VirtualService shop/reviews ${reason}`],
    );
  });
});
