/** One server as a child process whose output goes to a file, and which never outlives the test process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Output is added to it. */
  readonly logFile: string;
}

export interface Server {
  /** Its process id; 0 when it could not be started. */
  readonly pid: number;
  /**
   * Resolves when `isUp` does so with true; asked again and again, and a rejection counts as not yet. Rejects with the end
   * of the log when the server has ended or `mostMs` have passed.
   */
  untilUp(isUp: () => Promise<boolean>, mostMs: number): Promise<void>;
  /** Ends it with a signal, and with SIGKILL when it takes longer than some seconds; resolves when it has ended. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** How long an orderly end may take, in milliseconds. */
const endMs = 10_000;

/** How much of a log is told, in characters. */
const tailSize = 3000;

/** Starts a server; it may not be up yet. */
export function startServer({ name, program, args, logFile }: ServerOptions): Server {
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const { pid } = child;
  // It is reported as an event why a program could not be started; `untilUp` tells.
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const guard = pid === undefined ? undefined : startGuard(pid);
  child.on('exit', () => guard?.kill('SIGKILL'));
  // A test file whose tests are done ends, even if one of them forgot to stop its servers.
  child.unref();
  const hasEnded = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const explained = (what: string) =>
    new Error(
      `expected ${name} to be up, ${what}; the end of its log:\n${readFileSync(logFile, 'utf8').slice(-tailSize)}`,
    );
  return {
    pid: pid ?? 0,
    async untilUp(isUp, mostMs) {
      const deadline = performance.now() + mostMs;
      while (!(await isUp().catch(() => false))) {
        if (hasEnded()) throw explained(`but it ended with ${failure?.message ?? child.signalCode ?? child.exitCode}`);
        if (performance.now() > deadline) throw explained(`waited ${mostMs} ms`);
        await sleep(50);
      }
    },
    async stop(signal) {
      if (hasEnded()) return;
      child.ref();
      const gone = once(child, 'exit');
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), endMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

/**
 * Ends a process when this one is gone, however it went (SIGKILL by the test runner included): the guard reads from a pipe that
 * only this process holds. It is a group of its own, so that Ctrl-C does not end the guard first.
 */
function startGuard(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}
