import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';

/** Writes to a file, or to standard output where none is named. Ends the process with one line when the file cannot be written. */
export function writeOutput(text: string, file: string | undefined, command: Command): void {
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    command.error(`error: cannot write ${file}: ${(error as Error).message}`);
  }
}
