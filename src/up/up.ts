/**
 * `fairway up`: the control plane and, for every workload that a folder describes as local, its processes and its own
 * Envoy, on the loopback interface and without root.
 *
 *      folder ─► control plane ◄─ Pods, EndpointSlices ─ local platform ─► processes, Envoys ─► (xDS) control plane
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy } from '../agent/envoy-program.ts';
import { type DiscoveryServer, type DiscoveryServerOptions, startDiscoveryServer } from '../discovery-server.ts';
import { fileSource } from '../files/file-source.ts';
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../model/kubernetes-object.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import { LocalPlatform } from './local-platform.ts';
import { adminPort } from './pod.ts';
import { type Propagation, type PropagationWatch, rejectionsOf, watchPropagation } from './propagation.ts';
import { suggestions } from './report.ts';
import type { RunningPod } from './running-pod.ts';

export interface UpOptions extends Omit<DiscoveryServerOptions, 'sources' | 'meshDefaults' | 'onAnswer'> {
  readonly folder: string;
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
  pods(): readonly RunningPod[];
  /** How many pods there are to be. */
  wanted(): number;
  suggestions(): readonly string[];
  /** Resolves when every proxy has answered all that it was sent. */
  settled(): Promise<void>;
  /** What proxies have rejected and go without. */
  rejections(): Propagation['rejections'];
  close(graceMs: number): Promise<void>;
}

/** Starts a local mesh. Throws ListenError. */
export async function startLocalMesh(options: UpOptions): Promise<LocalMesh> {
  const { log, cluster, domainSuffix } = options;
  const envoy = findEnvoy();
  const platform = new LocalPlatform({ log, onChange: options.onPods });
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
    // Nothing is intercepted here, so that only the name in a request says where a host lies that no service has.
    meshDefaults: { outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } },
    onAnswer: () => propagation?.answered(),
  });
  const watch = watchPropagation(() => server.ads.connections(), performance.now.bind(performance));
  propagation = watch;
  report = reporter(server, watch, options.onPropagation);
  const place = envoy === undefined ? undefined : await takePlace(options.workFolder);
  if (envoy !== undefined && place !== undefined)
    platform.start({ envoy: envoy.path, xds: server.xdsAddress, cluster, domainSuffix, log, ...place });
  return {
    server,
    envoy,
    workFolder: place?.workFolder,
    pods: () => platform.pods,
    wanted: () => platform.workloads.reduce((sum, { replicas }) => sum + replicas, 0),
    suggestions: () => suggestions([...objects.values()]),
    settled: () => watch.changed().then(() => {}),
    rejections: () => server.ads.connections().flatMap(rejectionsOf),
    async close(graceMs) {
      // Proxies go first: they need no new configuration while they end.
      await platform.close();
      await server.close(graceMs);
      place?.addresses.release();
      if (place !== undefined && options.workFolder === undefined)
        rmSync(place.workFolder, { recursive: true, force: true });
    },
  };
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

/** Addresses for pods, and a folder for what they write. */
async function takePlace(
  stated: string | undefined,
): Promise<{ readonly addresses: AddressBlock; readonly workFolder: string }> {
  const addresses = await takeAddressBlock(blocks, { part: 1, number: 1, port: adminPort });
  const workFolder = stated ?? mkdtempSync(join(tmpdir(), 'fairway-'));
  mkdirSync(workFolder, { recursive: true });
  return { addresses, workFolder };
}
