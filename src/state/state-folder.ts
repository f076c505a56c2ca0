/**
 * A folder in which a process keeps what it wants to know after a restart. One process has it at a time: a file `lock` in it
 * says which. Who was killed leaves its lock behind; on the same machine the process is looked for, and a lock of another
 * machine, which nobody can look into, counts while it is kept fresh.
 */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../lib/log.ts';
import { isRecord } from '../lib/schema.ts';

/** A folder that cannot be used; the message says which and why. */
export class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
}

export interface StateFolder {
  readonly path: string;
  /** The path of a folder within it, which is made when it is missing. Throws StateFolderError. */
  folder(name: string): string;
  /** Others may have it. */
  close(): void;
}

/** A lock is made fresh this often, in milliseconds. */
const freshenMs = 5000;
/** A lock of another machine that was not made fresh for this long is one of the dead: a few beats may be late. */
const staleMs = 30_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, where the system says so: numbers of processes are used again. */
  readonly started?: string;
}

/** Makes the folder when it is missing, for its owner alone. Throws StateFolderError when it cannot be had. */
export function openStateFolder(path: string, { log }: { readonly log: Log }): StateFolder {
  makeFolder(path);
  const lock = join(path, 'lock');
  const own: Holder = { pid: process.pid, host: hostname(), ...startOf('self') };
  const text = `${JSON.stringify(own)}\n`;
  take(lock, text, path);
  const freshen = setInterval(() => {
    if (textOf(lock) !== text)
      log.error(`expected to hold ${lock}, found it taken by another process: stop one of them, they share one folder`);
    else utimesSync(lock, new Date(), new Date());
  }, freshenMs).unref();
  return {
    path,
    folder(name) {
      makeFolder(join(path, name));
      return join(path, name);
    },
    close() {
      clearInterval(freshen);
      if (textOf(lock) === text) rmSync(lock, { force: true });
    },
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StateFolderError(`expected a folder that can be written to, found ${(error as Error).message}`);
  }
}

/** Writes the lock, over that of somebody who is gone. */
function take(lock: string, text: string, path: string): void {
  for (const flag of ['wx', 'w']) {
    try {
      writeFileSync(lock, text, { flag, mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new StateFolderError(`expected a folder that can be written to, found ${(error as Error).message}`);
      const holder = holderOf(lock);
      if (holder !== undefined && isAlive(holder, lock))
        throw new StateFolderError(
          `expected ${path} to be the folder of this process alone, found that process ${holder.pid} on ${holder.host} has it: give each its own`,
        );
    }
  }
}

/** Undefined for a lock that was never written whole, or is gone. */
function holderOf(lock: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(textOf(lock) ?? '');
    if (!isRecord(value) || typeof value.pid !== 'number' || typeof value.host !== 'string') return undefined;
    const { pid, host, started } = value;
    return { pid, host, ...(typeof started === 'string' ? { started } : {}) };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host, started }: Holder, lock: string): boolean {
  if (host !== hostname()) {
    const changed = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - changed < staleMs;
  }
  const now = startOf(String(pid)).started;
  if (started !== undefined && now !== undefined) return started === now;
  // The first process of a container bears the same number in each of its lives.
  return pid !== process.pid && isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When a process started, in clock ticks since the machine did, with the id of that start; nothing where the system does not
 * say. The 22nd field of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, of which the second may hold anything.
 */
function startOf(process: string): Pick<Holder, 'started'> {
  const stat = textOf(`/proc/${process}/stat`);
  const boot = textOf('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || boot === undefined) return {};
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined ? {} : { started: `${boot.trim()}/${ticks}` };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
