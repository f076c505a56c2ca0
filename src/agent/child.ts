/**
 * A program that is to run until it is stopped. What it has started in turn ends with it, and all end with us.
 *
 *      start ─► running ──exit──► waiting (backoff) ─► running …   stop: SIGTERM, after a while SIGKILL
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { type Backoff, backoff } from '../lib/backoff.ts';

export interface ChildOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where its output goes; to where ours goes when absent. */
  readonly logFile?: string;
  /** Told of each end that was not asked for. */
  readonly onExit: (reason: string, restartInMs: number) => void;
}

/** A child that has run for this long is started again at once when it ends. */
const steadyMs = 10_000;

export class Child {
  readonly #options: ChildOptions;
  readonly #delays: Backoff = backoff({ firstMs: 500, mostMs: 15_000, random: Math.random });
  readonly #output: WriteStream | undefined;
  #process: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    if (options.logFile !== undefined) this.#output = createWriteStream(options.logFile, { flags: 'a' });
  }

  start(): void {
    const { program, args, cwd, env } = this.#options;
    const startedMs = performance.now();
    // In a session of its own, so that Ctrl-C reaches Fairway alone, which then stops its children in order.
    const output = this.#output === undefined ? 'inherit' : 'pipe';
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', output, output], detached: true });
    this.#process = child;
    if (this.#output !== undefined) {
      child.stdout?.pipe(this.#output, { end: false });
      child.stderr?.pipe(this.#output, { end: false });
    }
    if (child.pid !== undefined) endWithUs(child.pid);
    const ended = (reason: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      if (child.pid !== undefined) forget(child.pid);
      if (this.#isStopping) return;
      if (performance.now() - startedMs > steadyMs) this.#delays.reset();
      const delayMs = this.#delays.next();
      this.#restart = setTimeout(() => this.start(), delayMs);
      this.#options.onExit(reason, delayMs);
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : signal));
  }

  /** The process's id while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Ends the program; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child?.pid !== undefined) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      signalGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child.pid as number, 'SIGKILL'), graceMs);
      await gone;
      clearTimeout(timer);
    }
    const output = this.#output;
    if (output !== undefined) await new Promise<void>((resolve) => output.end(resolve));
  }
}

/** Leaders of groups that run. Whoever ends the process does not know of them all, so that they are noted here. */
const running = new Set<number>();

/** A second Ctrl-C, an exception that nobody takes: in a session of its own a child would go on. SIGKILL alone is not seen. */
function endWithUs(pid: number): void {
  if (running.size === 0) process.on('exit', endAll);
  running.add(pid);
}

/** The leader has ended; others of its group would keep ports from the next one. */
function forget(pid: number): void {
  signalGroup(pid, 'SIGKILL');
  running.delete(pid);
  if (running.size === 0) process.off('exit', endAll);
}

function endAll(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

/** The child leads a group of its own: what it has started in turn gets the signal too. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
