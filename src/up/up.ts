/**
 * `fairway up`: the control plane and, for every workload that a folder describes as local, its processes and its own
 * Envoy, on the loopback interface and without root.
 *
 *      folder ─► control plane ◄─ Pods, EndpointSlices ─ local platform ─► processes, Envoys ─► (xDS) control plane
 *                      ▲                                       │
 *                      └─────── its catalog ─ Consul ◄─────────┘
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findEnvoy } from '../agent/envoy-program.ts';
import { type DiscoveryServer, type DiscoveryServerOptions, startDiscoveryServer } from '../discovery-server.ts';
import { fileSource } from '../files/file-source.ts';
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../model/kubernetes-object.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import { LocalPlatform } from './local-platform.ts';
import { idleConsul, type MeshConsul, meshConsul, type StatedConsul } from './mesh-consul.ts';
import { adminPort } from './pod.ts';
import { type Propagation, type PropagationWatch, rejectionsOf, watchPropagation } from './propagation.ts';
import { suggestions } from './report.ts';
import type { RunningPod } from './running-pod.ts';

export interface UpOptions extends Omit<DiscoveryServerOptions, 'sources' | 'meshDefaults' | 'onAnswer'> {
  readonly folder: string;
  /** Where workloads that say so are registered, instead of in a Consul that is started for them. */
  readonly consul?: StatedConsul;
  /** Where bootstraps and logs go, and stay; a temporary folder that goes with the mesh when absent. */
  readonly workFolder?: string;
  /** Told whenever a pod has come, gone, or changed its readiness. */
  readonly onPods: () => void;
  /** Told of changes of files after the start, when they are in force. */
  readonly onPropagation: (objects: readonly string[], propagation: Propagation) => void;
}

/** Addresses of local meshes: 127.1.0.0/16 for the first on a machine. */
const blocks = [1, ...Array.from({ length: 112 }, (_, i) => 16 + i)];

export interface LocalMesh {
  readonly server: DiscoveryServer;
  /** The Envoy that sidecars run; undefined when there is none, and then no workload runs. */
  readonly envoy: { readonly path: string; readonly version: string } | undefined;
  /** Undefined when no workload runs. */
  readonly workFolder: string | undefined;
  readonly consul: Pick<MeshConsul, 'server' | 'agent' | 'complaint'>;
  pods(): readonly RunningPod[];
  /** How many pods there are to be. */
  wanted(): number;
  suggestions(): readonly string[];
  /** Resolves when what Consul knows of pods is known here too, or seems not to come, and every proxy has answered all that it was sent. */
  settled(): Promise<void>;
  /** What proxies have rejected and go without. */
  rejections(): Propagation['rejections'];
  close(graceMs: number): Promise<void>;
}

/** Starts a local mesh. Throws ListenError, or the reason of the signal that ends the wait for sources. */
export async function startLocalMesh(options: UpOptions): Promise<LocalMesh> {
  const envoy = findEnvoy();
  // Without an Envoy no workload runs, and none is registered.
  if (envoy === undefined) return startWith(options, { envoy, place: undefined, consul: idleConsul(options.folder) });
  const place = await takePlace(options.workFolder);
  const { workFolder } = place;
  const { consul: stated } = options;
  const consul = await meshConsul({ ...options, workFolder, ...(stated === undefined ? {} : { stated }) });
  try {
    const mesh = await startWith(options, { envoy, place, consul });
    const close = async (graceMs: number) => {
      await mesh.close(graceMs);
      await leave(place, consul);
    };
    return { ...mesh, close };
  } catch (error) {
    await leave(place, consul);
    throw error;
  }
}

interface Parts {
  readonly envoy: LocalMesh['envoy'];
  readonly place: Place | undefined;
  readonly consul: MeshConsul;
}

async function startWith(options: UpOptions, { envoy, place, consul }: Parts): Promise<LocalMesh> {
  const { log, cluster, domainSuffix, catalogs = [] } = options;
  const { place: consulPlace, registrar } = consul;
  const platform = new LocalPlatform({
    log,
    onChange: options.onPods,
    consul: { ...consulPlace, ...(registrar === undefined ? {} : { registrar }) },
  });
  const objects = new Map<string, KubernetesObject>();
  let propagation: PropagationWatch | undefined;
  let report: (changes: readonly ObjectChange[]) => void = () => {};
  const files = observed(options.folder, log, (changes, sink) => {
    const differing = changes.filter((change) => !equal(objects.get(objectKey(change))?.value, change.object?.value));
    for (const change of changes) {
      if (change.object === undefined) objects.delete(objectKey(change));
      else objects.set(objectKey(change), change.object);
    }
    platform.observe(changes, sink.problems);
    report(differing);
  });
  const server = await startDiscoveryServer({
    ...options,
    sources: [files, platform.source],
    catalogs: [...catalogs, ...consul.catalogs],
    // Nothing is intercepted here, so that only the name in a request says where a host lies that no service has.
    meshDefaults: { outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } },
    onAnswer: () => propagation?.answered(),
  });
  const watch = watchPropagation(() => server.ads.connections(), performance.now.bind(performance));
  propagation = watch;
  report = reporter(server, watch, options.onPropagation);
  if (envoy !== undefined && place !== undefined)
    platform.start({
      envoy: envoy.path,
      xds: server.xdsAddress,
      cluster,
      domainSuffix,
      log,
      addresses: place.addresses,
      workFolder: place.workFolder,
    });
  let isClosed = false;
  return {
    server,
    envoy,
    workFolder: place?.workFolder,
    consul,
    pods: () => platform.pods,
    wanted: () => platform.workloads.reduce((sum, { replicas }) => sum + replicas, 0),
    suggestions: () => suggestions([...objects.values()]),
    async settled() {
      await seen(server, () => (isClosed ? [] : platform.pods));
      await watch.changed();
    },
    rejections: () => server.ads.connections().flatMap(rejectionsOf),
    async close(graceMs) {
      isClosed = true;
      // Others who read a Consul that stays shall not call pods that end; one that was started here ends as well.
      if (consul.agent === undefined) await registrar?.withdraw();
      // Proxies go first: they need no new configuration while they end.
      await platform.close();
      await server.close(graceMs);
    },
  };
}

/** How long pods may take from Consul to here, and how often it is looked for them, in milliseconds. */
const seenMs = 10_000;
const lookMs = 20;

/** Resolves when the control plane has found all pods in Consul that are ready, or it takes too long. */
async function seen(
  { controlPlane: { graph, mesh } }: DiscoveryServer,
  pods: () => readonly RunningPod[],
): Promise<void> {
  const lastMs = performance.now() + seenMs;
  const missing = () => {
    const shards = [...graph.rows(mesh.tables.shards)].flatMap(([, { endpoints }]) => endpoints);
    const found = new Set(shards.flatMap(({ address, health }) => (health === 'healthy' ? address : [])));
    return pods().some(({ pod, isReady }) => pod.workload.registry === 'consul' && isReady && !found.has(pod.ip));
  };
  while (missing() && performance.now() < lastMs) await setTimeout(lookMs);
}

/** Ends what was there before the mesh, when the mesh has ended. */
async function leave({ addresses, workFolder, isTemporary }: Place, { registrar, agent }: MeshConsul): Promise<void> {
  await registrar?.stop();
  await agent?.stop();
  addresses.release();
  if (isTemporary) rmSync(workFolder, { recursive: true, force: true });
}

/** Says what becomes of changes, but for objects that are refused: their problems have been told. */
function reporter(
  { controlPlane }: DiscoveryServer,
  propagation: PropagationWatch,
  tell: UpOptions['onPropagation'],
): (changes: readonly ObjectChange[]) => void {
  return (changes) => {
    const problems = controlPlane.diagnostics.all().filter(({ severity }) => severity === 'error');
    const refused = new Set(problems.flatMap(({ object }) => (object === undefined ? [] : nameOf(object))));
    const names = changes.map(nameOf).filter((name) => !refused.has(name));
    if (names.length > 0) void propagation.changed().then((result) => tell(names, result));
  };
}

function nameOf({ kind, namespace, name }: Pick<ObjectChange, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** The files of a folder, and somebody who is told of every change that the control plane has been told of. */
function observed(
  folder: string,
  log: Log,
  observe: (changes: readonly ObjectChange[], sink: ObjectSink) => void,
): ObjectSource {
  const files = fileSource({ paths: [folder], log });
  return {
    name: files.name,
    run(sink, signal) {
      const apply = (changes: readonly ObjectChange[]) => {
        sink.apply(changes);
        observe(changes, sink);
      };
      return files.run({ ...sink, apply }, signal);
    },
  };
}

interface Place {
  readonly addresses: AddressBlock;
  readonly workFolder: string;
  readonly isTemporary: boolean;
}

/** Addresses for pods, and a folder for what they write. */
async function takePlace(stated: string | undefined): Promise<Place> {
  const addresses = await takeAddressBlock(blocks, { part: 1, number: 1, port: adminPort });
  const workFolder = stated ?? mkdtempSync(join(tmpdir(), 'fairway-'));
  mkdirSync(workFolder, { recursive: true });
  return { addresses, workFolder, isTemporary: stated === undefined };
}
