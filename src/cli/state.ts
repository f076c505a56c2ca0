/** The option of `serve` for what is kept over a restart. */
import type { Command } from 'commander';
import type { Log } from '../lib/log.ts';
import { type KeptState, keepState } from '../state/keep-state.ts';
import { openStateFolder, StateFolderError } from '../state/state-folder.ts';

export interface StateArguments {
  readonly stateDir?: string;
}

/** Adds the options of StateArguments to a command. */
export function withStateOptions(command: Command): Command {
  return command.option(
    '--state-dir <folder>',
    'where what must outlive the process is kept: what registries said last, rules put over HTTP, and workloads that have registered themselves',
  );
}

/** What is kept, if anything is to be. Ends the process with one line when the folder cannot be had. */
export function stateOf({ stateDir }: StateArguments, command: Command, log: Log): KeptState | undefined {
  if (stateDir === undefined) return undefined;
  try {
    return keepState({ folder: openStateFolder(stateDir, { log }), log });
  } catch (error) {
    if (!(error instanceof StateFolderError)) throw error;
    return command.error(`error: --state-dir: ${error.message}`);
  }
}
