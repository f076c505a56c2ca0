import { globSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './execute.ts';
import { root } from './paths.ts';
import { fingerprint, step } from './step.ts';

/** Compiles src to dist. */
export async function build(): Promise<void> {
  const sources = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort();
  const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources].map((file) =>
    join(root, file),
  );
  await step('build', {
    title: 'compiling',
    inputs: fingerprint(inputs),
    output: join(root, 'dist', 'main.js'),
    work: () => execute('build', join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json']),
  });
}
