/** The `fairway` program as people run it: a child process, what it says, and the processes that it has started. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/until.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(root, 'dist', 'main.js');

export interface Fairway {
  readonly pid: number;
  /** What it has printed. */
  stdout(): string;
  /** What it has logged. */
  stderr(): string;
  /** Resolves with the match when it has said something that fits; looks at both outputs. */
  untilSays(pattern: RegExp, mostMs?: number): Promise<RegExpExecArray>;
  /** Ids of the processes that it has started, and of those that they have started. */
  descendants(): readonly number[];
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
}

/** Starts `fairway` with arguments; it is ended with the test if it still runs then. */
export function startFairway(
  test: { after(cleanup: () => Promise<void>): void },
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Fairway {
  if (!existsSync(program)) throw new Error('expected dist/main.js, found none: run `npm run setup`');
  return follow(
    test,
    spawn(process.execPath, [program, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** Follows a process that says things; it is ended with the test if it still runs then. */
export function follow(
  test: { after(cleanup: () => Promise<void>): void },
  child: ChildProcessByStdio<null, Readable, Readable>,
): Fairway {
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  test.after(() => end(child, exit));
  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async untilSays(pattern, mostMs = 30_000) {
      const find = () => pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
      const what = `fairway to say ${pattern}`;
      try {
        await until(() => find() !== null, { what, mostMs });
      } catch (error) {
        throw new Error(`${(error as Error).message}; it said:\n${output.stdout}\n${output.stderr}`, { cause: error });
      }
      return find() as RegExpExecArray;
    },
    descendants: () => descendantsOf(child.pid ?? 0),
    signal: (signal) => child.kill(signal),
    exit,
  };
}

async function end(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await exit;
}

/** From /proc, as Linux has it. */
function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(entry);
    // The name in parentheses may hold anything; the parent is the second field after it.
    if (stat !== undefined) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = new Set([pid]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return [...found];
}

function statOf(entry: string): string | undefined {
  try {
    return readFileSync(`/proc/${entry}/stat`, 'utf8');
  } catch {
    // It has ended since.
    return undefined;
  }
}

/** Whether a process exists and has not ended. */
export function isAlive(pid: number): boolean {
  const stat = statOf(String(pid));
  return stat !== undefined && stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] !== 'Z';
}
