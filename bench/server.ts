/** `fairway serve` as a process of its own, as users start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Server {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Where it serves xDS: `127.0.0.1:41234`. */
  readonly address: string;
}

/** Resolves when it serves proxies. */
export async function startServer(source: readonly string[]): Promise<Server> {
  const ports = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
  const args = ['dist/main.js', 'serve', ...source, ...ports, '--log-format', 'json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  for await (const line of lines) {
    const address = /serving xDS on ([\d.:]+)/.exec(line)?.[1];
    if (address === undefined) continue;
    child.stderr?.resume();
    return { process: child, pid: child.pid ?? 0, address };
  }
  throw new Error('fairway serve ended before it served');
}
