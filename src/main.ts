#!/usr/bin/env node
/** The process: arguments, exit codes. */
import { createProgram } from './cli/program.ts';
import { ListenError } from './discovery-server.ts';

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof ListenError)) throw error;
  console.error(`fairway: ${error.message}`);
  process.exitCode = 1;
}
