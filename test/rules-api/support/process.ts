/** `fairway serve` with an API for rules, as a process that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fairwayProgram } from '../../support/run-fairway.ts';
import type { TempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { type Answered, askAt, token, yaml } from './api.ts';

export interface ServingProcess {
  readonly apiPort: number;
  readonly xdsPort: number;
  readonly httpPort: number;
  readonly log: () => string;
  /** Asks over plain HTTP with the token. */
  ask(method: string, path: string, body?: string): Promise<Answered>;
  /** Ends it at once, as `kill -9` does, or as whoever stops it does. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Serves until the test ends; keeps its state in `state` of the folder. Resolves when it serves proxies. */
export async function serve(
  test: { after(cleanup: () => void | Promise<void>): void },
  folder: TempFolder,
  args: readonly string[] = [],
): Promise<ServingProcess> {
  folder.write('token', token);
  const local = '127.0.0.1:0';
  const options = ['--api-address', local, '--api-token-file', 'token', '--state-dir', 'state', '--drain', '0s'];
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fairwayProgram,
      'serve',
      ...['--xds-address', local, '--http-address', local, '--log-format', 'json'],
      ...options,
      ...args,
    ],
    { cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    log += part;
  });
  test.after(() => end(child, 'SIGKILL'));
  const portAfter = (words: string) => Number(new RegExp(`${words}127\\.0\\.0\\.1:(\\d+)`).exec(log)?.[1] ?? 0);
  const isServing = () => {
    if (child.exitCode !== null) throw new Error(`expected fairway to serve, found it ended:\n${log}`);
    return portAfter('serving xDS on ') > 0;
  };
  await until(isServing, { what: 'fairway to serve', mostMs: 20_000 });
  const apiPort = portAfter('serving the API on https?://');
  return {
    apiPort,
    xdsPort: portAfter('serving xDS on '),
    httpPort: portAfter('HTTP on http://'),
    log: () => log,
    ask: (method, path, body) =>
      askAt({
        port: apiPort,
        path,
        method,
        headers: { authorization: `Bearer ${token}`, ...yaml },
        ...(body === undefined ? {} : { body }),
      }),
    end: (signal) => end(child, signal),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
