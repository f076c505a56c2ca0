import { spawn } from 'node:child_process';
import { root } from './paths.ts';

/** Runs a program to its end with its output on the terminal; rejects with `purpose` when it fails. */
export function execute(purpose: string, program: string, args: readonly string[], cwd = root): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (cause) => reject(new Error(`${purpose}: cannot run ${program}`, { cause })));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${purpose}: ${program} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
