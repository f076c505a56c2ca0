/** An Envoy with a configuration of its own, without a control plane: for what Envoy itself does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../../support/until.ts';

export interface StaticEnvoyOptions {
  readonly program: string;
  /** Where its configuration goes. */
  readonly folder: string;
  /** An address of this machine that the test has for itself. */
  readonly address: string;
  readonly resources: { readonly listeners: readonly object[]; readonly clusters?: readonly object[] };
}

export interface StaticEnvoy {
  stop(): Promise<void>;
}

/** Port of the admin interface, which is the last to be opened. */
const adminPort = 15000;

/** Resolves when it listens. Rejects with what it says when it refuses its configuration. */
export async function startStaticEnvoy({
  program,
  folder,
  address,
  resources,
}: StaticEnvoyOptions): Promise<StaticEnvoy> {
  const file = join(folder, 'envoy.json');
  const admin = { address: { socketAddress: { address, portValue: adminPort } } };
  writeFileSync(file, JSON.stringify({ admin, staticResources: resources }));
  const args = ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const gone = once(child, 'exit');
  await until(async () => child.exitCode !== null || (await listens(address, adminPort)), {
    what: 'an Envoy to listen',
    mostMs: 20_000,
  });
  if (child.exitCode !== null) throw new Error(`expected Envoy to take its configuration; its log:\n${log}`);
  return {
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
