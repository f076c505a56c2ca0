/** `fairway crds`: which definitions it prints, and in which form. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { customResources } from '../../src/config/custom-resources.ts';
import type { Kind } from '../../src/config/kinds.ts';
import { customResourceDefinition } from '../../src/crds/definition.ts';
import { fairwayProgram, runFairway } from '../support/run-fairway.ts';

function definitionsOf(...kinds: readonly Kind[]): readonly unknown[] {
  return customResources.filter(({ kind }) => kinds.includes(kind)).map(customResourceDefinition);
}

const every = customResources.map(({ kind }) => kind);

function check(name: string, args: readonly string[], read: (stdout: string) => unknown, expected: unknown): void {
  it(name, async () => {
    const { stdout, ...rest } = await runFairway('.', ['crds', ...args]);
    assert.deepEqual(rest, { exitCode: 0, stderr: '' });
    assert.deepEqual(read(stdout), expected);
  });
}

const documentsIn = (yaml: string) => parseAllDocuments(yaml).map((document) => document.toJS());

describe('fairway crds', () => {
  check('prints all definitions as a stream of YAML documents', [], documentsIn, definitionsOf(...every));
  check('prints one JSON List', ['-o', 'json'], JSON.parse, {
    apiVersion: 'v1',
    kind: 'List',
    items: definitionsOf(...every),
  });
  check(
    'prints only the kinds that are asked for',
    ['--kind', 'Sidecar', '--kind', 'VirtualService'],
    documentsIn,
    definitionsOf('VirtualService', 'Sidecar'),
  );
  check('knows kinds by the names that kubectl takes', ['--kind', 'dr'], parse, definitionsOf('DestinationRule')[0]);

  it('ends well when nobody wants to read it all', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, 'crds']);
    child.stdout.destroy();
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual({ stderr, exitCode }, { stderr: '', exitCode: 0 });
  });
});
