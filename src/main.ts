#!/usr/bin/env node
/** The process: arguments, exit codes. */
import { limitYoungGeneration } from './cli/young-generation.ts';

limitYoungGeneration();
// Whoever reads no further, as `head` does, has had enough. A full disk does not end what serves others.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  console.error(`fairway: expected to write to standard output, found ${error.message}`);
  process.exitCode = 1;
});

const { createProgram } = await import('./cli/program.ts');
const { ListenError } = await import('./lib/listen.ts');

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ListenError)) throw error;
  console.error(`fairway: ${error.message}; --${error.serves.toLowerCase()}-address states another address`);
  process.exitCode = 1;
}
