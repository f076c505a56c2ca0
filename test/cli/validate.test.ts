import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outcome, runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Run {
  readonly files?: { readonly [path: string]: string };
  readonly args: readonly string[];
  readonly input?: string;
}

function check(name: string, { files = {}, args, input }: Run, expected: Outcome): void {
  it(name, async (test) => {
    const folder = tempFolder(test);
    for (const [path, text] of Object.entries(files)) folder.write(path, text);
    assert.deepEqual(await runFairway(folder.path, ['validate', ...args], input), expected);
  });
}

const rule = (name: string, http: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: [${name}]
  http:
  - ${http}
`;
const good = 'route: [{destination: {host: a}}]';
const bad = 'route: [{destination: {host: a}, weight: -1}]';
const doubtful = 'mirrorPercent: 5, mirror: {host: b}, route: [{destination: {host: a}}]';
const weight =
  'VirtualService shop/bad: spec.http[0].route[0].weight: expected a weight of 0 or more, found -1 [FW0106]';
const percent =
  'VirtualService shop/c: spec.http[0].mirrorPercent: warning: expected mirrorPercentage, found mirrorPercent, which it has replaced [FW0115]';

describe('fairway validate', () => {
  check(
    'has nothing to say of what is right',
    { files: { 'a.yaml': rule('a', good) }, args: ['a.yaml'] },
    { exitCode: 0, stdout: 'nothing wrong in 1 object of 1 file\n', stderr: '' },
  );
  check(
    'looks into folders, and tells by file and line whatever the order asked for',
    {
      files: {
        'z.yaml': `# a comment\n---\n${rule('bad', bad)}`,
        'mesh/a/bad.yaml': `${rule('a', good)}---\n${rule('bad', bad)}`,
        'mesh/c.yaml': rule('c', `{${doubtful}}`),
        'mesh/notes.txt': 'no YAML',
        'mesh/.hidden.yaml': '{',
      },
      args: ['z.yaml', 'mesh'],
    },
    {
      exitCode: 1,
      stdout: [
        `mesh/a/bad.yaml:15: ${weight}`,
        `mesh/c.yaml:7: ${percent}`,
        'z.yaml:3: VirtualService shop/bad: warning: expected one object of this name, found it at mesh/a/bad.yaml:9 too, which is the one that counts [FW0011]',
        '1 error, 2 warnings in 4 objects of 3 files\n',
      ].join('\n'),
      stderr: '',
    },
  );
  check(
    'reads what is piped into it',
    {
      args: ['-'],
      input: `kind: List\napiVersion: v1\nitems:\n- ${rule('bad', bad).trim().replaceAll('\n', '\n  ')}\n`,
    },
    { exitCode: 1, stdout: `stdin:10: ${weight}\n1 error in 1 object of 1 file\n`, stderr: '' },
  );
  check(
    'takes warnings as they are',
    { files: { 'c.yaml': rule('c', `{${doubtful}}`) }, args: ['c.yaml'] },
    { exitCode: 0, stdout: `c.yaml:7: ${percent}\n1 warning in 1 object of 1 file\n`, stderr: '' },
  );
  check(
    'fails on warnings when it is asked to be strict',
    { files: { 'c.yaml': rule('c', `{${doubtful}}`) }, args: ['--strict', '-o', 'github', 'c.yaml'] },
    {
      exitCode: 1,
      stdout:
        '::warning file=c.yaml,line=7,title=FW0115 mirror::spec.http[0].mirrorPercent: expected mirrorPercentage, found mirrorPercent, which it has replaced\n1 warning in 1 object of 1 file\n',
      stderr: '',
    },
  );
  check(
    'gives programs JSON of one shape',
    {
      files: { 'mesh.yaml': 'connectTimeout: 0s\n', 'bad.yaml': rule('bad', bad) },
      args: ['-o', 'json', '--mesh-config', 'mesh.yaml', 'bad.yaml'],
    },
    {
      exitCode: 1,
      stdout: `${JSON.stringify(
        {
          problems: [
            {
              severity: 'error',
              code: 'FW0106',
              title: 'weights of destinations',
              message: 'expected a weight of 0 or more, found -1',
              object: { kind: 'VirtualService', namespace: 'shop', name: 'bad' },
              path: 'spec.http[0].route[0].weight',
              file: 'bad.yaml',
              line: 7,
              related: [],
              hint: null,
            },
            {
              severity: 'error',
              code: 'FW0701',
              title: 'mesh configuration',
              message: 'expected at least 1ms, in whole milliseconds, found 0ms',
              object: null,
              path: 'connectTimeout',
              file: 'mesh.yaml',
              line: 1,
              related: [],
              hint: null,
            },
          ],
          summary: { files: 2, objects: 1, errors: 2, warnings: 0, infos: 0 },
        },
        undefined,
        2,
      )}\n`,
      stderr: '',
    },
  );
  check(
    'says what it was not given',
    { args: [] },
    {
      exitCode: 2,
      stdout: '',
      stderr: 'error: expected files or folders to check, found none\n(run with --help for all options)\n',
    },
  );
  check(
    'does not take a wrong path for an empty one',
    { args: ['nowhere.yaml'] },
    { exitCode: 2, stdout: '', stderr: 'fairway: expected a file or folder at nowhere.yaml, found nothing\n' },
  );
});
