import { join } from 'node:path';
import { execute } from './execute.ts';
import { root } from './paths.ts';
import { fingerprint, step } from './step.ts';

/** Installs exactly what package-lock.json names. */
export async function dependencies(): Promise<void> {
  const lock = join(root, 'package-lock.json');
  await step('dependencies', {
    title: 'installing dependencies from package-lock.json',
    inputs: `${process.versions.modules} ${fingerprint([lock])}`,
    output: join(root, 'node_modules', '.package-lock.json'),
    work: () => npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  });
}

function npm(args: readonly string[]): Promise<void> {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js')
    ? execute('dependencies', process.execPath, [cli, ...args])
    : execute('dependencies', 'npm', args);
}
