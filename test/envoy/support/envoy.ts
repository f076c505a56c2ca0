/** One real Envoy: started from the bootstrap that `fairway up` uses, asked over its admin port, ended by its id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { type BootstrapOptions, bootstrap } from '../../../src/agent/bootstrap.ts';
import { until } from '../../support/until.ts';

export interface EnvoyOptions {
  readonly program: string;
  /** Where its bootstrap and its log go. */
  readonly folder: string;
  readonly bootstrap: BootstrapOptions;
}

export interface Envoy {
  readonly options: BootstrapOptions;
  /** What the admin interface answers, such as for `/stats?filter=rejected`. */
  admin(path: string): Promise<string>;
  /** Counters and gauges whose names contain a text. */
  stats(part: string): Promise<ReadonlyMap<string, number>>;
  /** What it has written to its log. */
  log(): string;
  stop(): Promise<void>;
}

/** How long a first configuration may take on a machine that does much else, in milliseconds. */
const startMs = 20_000;

/** Starts an Envoy; it may not be ready yet. */
export function startEnvoy({ program, folder, bootstrap: options }: EnvoyOptions): Envoy {
  const { pod, namespace, admin: address } = options;
  const name = `${pod}.${namespace}`;
  const configFile = join(folder, `${name}.json`);
  const logFile = join(folder, `${name}.log`);
  writeFileSync(configFile, JSON.stringify(bootstrap(options)));
  const output = createWriteStream(logFile);
  const args = ['-c', configFile, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'];
  const child = spawn(program, [...args, '--drain-time-s', '1'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(output);
  child.stderr.pipe(output);
  const admin = (path: string) => read(address, path);
  return {
    options,
    admin,
    async stats(part) {
      const text = await admin(`/stats?filter=${encodeURIComponent(part)}`);
      const lines = text.split('\n').map((line) => /^(.*): (\d+)$/.exec(line));
      return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', Number(match[2])]])));
    },
    log: () => readFileSync(logFile, 'utf8'),
    stop: () => stop(child),
  };
}

/** Resolves when an Envoy has taken its first configuration. */
export async function untilReady(envoy: Envoy): Promise<void> {
  const { pod, namespace } = envoy.options;
  const isReady = async () => {
    try {
      return (await envoy.admin('/ready')).startsWith('LIVE');
    } catch {
      // It does not listen yet.
      return false;
    }
  };
  try {
    await until(isReady, { what: `the Envoy of ${pod}.${namespace} to be ready`, mostMs: startMs });
  } catch (error) {
    throw new Error(`${(error as Error).message}; its log:\n${envoy.log()}`, { cause: error });
  }
}

async function read({ host, port }: BootstrapOptions['admin'], path: string): Promise<string> {
  const request = get({ host, port, path, agent: false, timeout: 5000 });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
