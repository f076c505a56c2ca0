/** The `fairway` program as people run it: a child process, what it prints, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Where the program starts. */
export const fairwayProgram = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `fairway` in a folder to its end, with a text as its standard input. */
export async function runFairway(folder: string, args: readonly string[], input = ''): Promise<Outcome> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, ...args], {
    cwd: folder,
  });
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}

/** The exit code that goes with the first line of an error: 2 for arguments that no command understands, else 1. */
export function exitCodeOf(line: string): number {
  return /^error: (option|command-argument) /.test(line) ? 2 : 1;
}
