import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tools } from './paths.ts';

export interface Step {
  /** What the user reads while it runs. */
  readonly title: string;
  /** Identifies the inputs: the step is skipped while this and `output` are as they were. */
  readonly inputs: string;
  /** A file or folder that must exist for the step to count as done. */
  readonly output: string;
  /** Does the work; throws an Error whose message tells the user what is wrong. */
  readonly work: () => Promise<void>;
}

/** Runs a step of the set-up unless its inputs are unchanged since it last succeeded. */
export async function step(name: string, { title, inputs, output, work }: Step): Promise<void> {
  const stamp = join(tools, 'done', name);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  const start = performance.now();
  console.log(`• ${title} …`);
  await work();
  mkdirSync(join(tools, 'done'), { recursive: true });
  writeFileSync(stamp, inputs);
  console.log(`  done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** A short name for the content of some files, in the order given. */
export function fingerprint(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
