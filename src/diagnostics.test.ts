import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Diagnostics } from './diagnostics.ts';
import { silent } from './lib/log.ts';
import type { Problem } from './model/problem.ts';

/** What is logged when the problems of one part are replaced step by step. */
function check(
  name: string,
  ...steps: readonly (readonly [problems: readonly Problem[], logged: readonly string[]])[]
): void {
  it(name, () => {
    const lines: string[] = [];
    const line = (level: string) => (message: string) => lines.push(`${level} ${message}`);
    const diagnostics = new Diagnostics({
      error: line('error'),
      warn: line('warn'),
      info: line('info'),
      debug: line('debug'),
    });
    for (const [problems, logged] of steps) {
      diagnostics.replace('part', problems);
      assert.deepEqual(lines.splice(0), logged);
      assert.deepEqual(diagnostics.all(), problems);
    }
  });
}

const wrong: Problem = {
  code: 'FW0004',
  severity: 'error',
  message: 'expected a number, found "x"',
  path: 'spec.a',
  object: { kind: 'Gateway', namespace: 'shop', name: 'a' },
  file: 'a.yaml',
  line: 3,
};
const odd: Problem = {
  code: 'FW0009',
  severity: 'warning',
  message: 'not executed',
  path: '',
  file: 'a.yaml',
  line: 5,
};
const wrongLine = 'error a.yaml:3: Gateway shop/a: spec.a: expected a number, found "x" [FW0004]';

check('a problem is logged when it appears, and once', [[wrong], [wrongLine]], [[wrong], []]);
check('a warning is logged as one', [[odd], ['warn a.yaml:5: not executed [FW0009]']]);
check('only what is new is logged', [[wrong], [wrongLine]], [[wrong, odd], ['warn a.yaml:5: not executed [FW0009]']]);
check('a problem whose line has moved is not new', [[wrong], [wrongLine]], [[{ ...wrong, line: 9 }], []]);
check(
  'a problem that has gone and comes back is new',
  [[wrong], [wrongLine]],
  [[odd], ['warn a.yaml:5: not executed [FW0009]']],
  [[wrong], [wrongLine]],
);
check(
  'the end of all problems of an object is logged',
  [[wrong], [wrongLine]],
  [[], ['info Gateway shop/a: all problems are solved']],
  [[], []],
);
check(
  'the end of all problems of a file is logged',
  [[odd], ['warn a.yaml:5: not executed [FW0009]']],
  [[], ['info a.yaml: all problems are solved']],
);
check(
  'the end of some problems is not logged',
  [
    [wrong, odd],
    [wrongLine, 'warn a.yaml:5: not executed [FW0009]'],
  ],
  [[odd], []],
);

it('all problems are sorted by file and line', () => {
  const diagnostics = new Diagnostics(silent);
  diagnostics.replace('b', [{ ...odd, file: 'b.yaml' }]);
  diagnostics.replace('a', [odd, wrong]);
  diagnostics.replace('c', [{ code: 'FW0701', severity: 'error', message: 'x', path: '' }]);
  assert.deepEqual(
    diagnostics.all().map(({ file = '', line = 0 }) => `${file}:${line}`),
    [':0', 'a.yaml:3', 'a.yaml:5', 'b.yaml:5'],
  );
});
