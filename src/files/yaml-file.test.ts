import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { followYamlFile } from './yaml-file.ts';

/** After each change and the time that follows: all that was taken so far, what is wrong, and whether it is stale. */
function check(
  name: string,
  start: (folder: TempFolder) => void,
  first: Outcome,
  ...steps: readonly (readonly [change: (folder: TempFolder) => void, waitMs: number, expected: Outcome])[]
): void {
  it(name, (test) => {
    const folder = tempFolder(test);
    const clock = fakeClock();
    const stop = new AbortController();
    test.after(() => stop.abort());
    const taken: unknown[] = [];
    let problems: readonly Problem[] = [];
    let state = 'live';
    const outcome = (): Outcome => ({
      taken: [...taken],
      ...(problems.length === 0
        ? {}
        : { problem: problems.map((problem) => formatProblem(problem).replace(`${folder.path}/`, '')).join() }),
      ...(state === 'live' ? {} : { state }),
    });
    start(folder);
    followYamlFile(
      {
        path: folder.at('mesh.yaml'),
        clock,
        everyMs: 100,
        take({ value }) {
          taken.push(value);
          problems = [];
        },
        problems(found) {
          problems = found;
        },
        freshness(freshness) {
          state = freshness.state;
        },
      },
      stop.signal,
    );
    assert.deepEqual(outcome(), first);
    for (const [change, waitMs, expected] of steps) {
      change(folder);
      clock.advance(waitMs);
      assert.deepEqual(outcome(), expected);
    }
  });
}

interface Outcome {
  readonly taken: readonly unknown[];
  readonly problem?: string;
  readonly state?: string;
}

const start = (folder: TempFolder) => folder.write('mesh.yaml', 'a: 1\n');
const one: Outcome = { taken: [{ a: 1 }] };
const two: Outcome = { taken: [{ a: 1 }, { a: 2 }] };

check('a file is read at once', start, one);
check('a file without content is a document without a value', (folder) => folder.write('mesh.yaml', ''), {
  taken: [undefined],
});
check('an unchanged file is read once', start, one, [() => {}, 1000, one]);
check('a file that is replaced is read at the next look', start, one, [
  (folder) => folder.replace('mesh.yaml', 'a: 2\n'),
  100,
  two,
]);
check(
  'a file that is written in place is read when two looks have found it the same',
  start,
  one,
  [(folder) => folder.write('mesh.yaml', 'a: 2\n'), 100, one],
  [() => {}, 100, two],
);
check(
  'a file that is not there yet is waited for',
  () => {},
  { taken: [], problem: 'mesh.yaml: expected a readable file, found nothing; waiting for it [FW0010]', state: 'stale' },
  [(folder) => folder.write('mesh.yaml', 'a: 1\n'), 200, one],
);
check(
  'a file that is no YAML at first is waited for',
  (folder) => folder.write('mesh.yaml', 'a: [\n'),
  {
    taken: [],
    problem:
      'mesh.yaml:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]; waiting for it [FW0001]',
  },
  [start, 200, one],
);
check(
  'what a file said stays when it is gone',
  start,
  one,
  [
    (folder) => folder.remove('mesh.yaml'),
    100,
    {
      ...one,
      problem: 'mesh.yaml: expected a readable file, found nothing; what it said before stays in force [FW0010]',
      state: 'stale',
    },
  ],
  [(folder) => folder.write('mesh.yaml', 'a: 2\n'), 200, two],
);
check(
  'what a file said stays when it is emptied',
  start,
  one,
  [
    (folder) => folder.write('mesh.yaml', '\n'),
    200,
    {
      ...one,
      problem: 'mesh.yaml: expected a document, found an empty file; what it said before stays in force [FW0010]',
      state: 'stale',
    },
  ],
  [(folder) => folder.write('mesh.yaml', 'a: 2\n'), 200, two],
);
check(
  'what a file said stays when it is no YAML any more',
  start,
  one,
  [
    (folder) => folder.write('mesh.yaml', 'a: 1\na: 2\n'),
    200,
    {
      ...one,
      problem:
        'mesh.yaml:2: expected YAML, found the key "a" a second time; what it said before stays in force [FW0001]',
    },
  ],
  [(folder) => folder.write('mesh.yaml', 'a: 2\n'), 200, two],
);
check('a file of two documents is told from one', start, one, [
  (folder) => folder.replace('mesh.yaml', 'a: 2\n---\nb: 1\n'),
  100,
  {
    ...one,
    problem: 'mesh.yaml:2: expected one document, found another one; what it said before stays in force [FW0001]',
  },
]);
