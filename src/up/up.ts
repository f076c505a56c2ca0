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
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { objectKey } from '../model/kubernetes-object.ts';
import type { ObjectSource } from '../model/object-source.ts';
import { LocalPlatform } from './local-platform.ts';
import { suggestions } from './report.ts';
import type { RunningPod } from './running-pod.ts';

export interface UpOptions extends Omit<DiscoveryServerOptions, 'sources'> {
  readonly folder: string;
  /** Where bootstraps and logs go, and stay; a temporary folder that goes with the mesh when absent. */
  readonly workFolder?: string;
  /** Told whenever a pod has come, gone, or changed its readiness. */
  readonly onChange: () => void;
}

export interface LocalMesh {
  readonly server: DiscoveryServer;
  /** The Envoy that sidecars run; undefined when there is none, and then no workload runs. */
  readonly envoy: { readonly path: string; readonly version: string } | undefined;
  readonly workFolder: string;
  pods(): readonly RunningPod[];
  /** How many pods there are to be. */
  wanted(): number;
  suggestions(): readonly string[];
  close(graceMs: number): Promise<void>;
}

/** Starts a local mesh. Throws ListenError. */
export async function startLocalMesh(options: UpOptions): Promise<LocalMesh> {
  const { folder, log, cluster, domainSuffix } = options;
  const envoy = findEnvoy();
  const platform = new LocalPlatform({ log, onChange: options.onChange });
  const objects = new Map<string, KubernetesObject>();
  const files = fileSource({ paths: [folder], log });
  const observed: ObjectSource = {
    name: files.name,
    run: (sink, signal) =>
      files.run(
        {
          ...sink,
          apply(changes) {
            sink.apply(changes);
            for (const change of changes) {
              if (change.object === undefined) objects.delete(objectKey(change));
              else objects.set(objectKey(change), change.object);
            }
            platform.observe(changes, sink.problems);
          },
        },
        signal,
      ),
  };
  const server = await startDiscoveryServer({ ...options, sources: [observed, platform.source] });
  const workFolder = options.workFolder ?? mkdtempSync(join(tmpdir(), 'fairway-'));
  mkdirSync(workFolder, { recursive: true });
  if (envoy !== undefined)
    platform.start({ envoy: envoy.path, xds: server.xdsAddress, cluster, domainSuffix, workFolder, log });
  return {
    server,
    envoy,
    workFolder,
    pods: () => platform.pods,
    wanted: () => platform.workloads.reduce((sum, { replicas }) => sum + replicas, 0),
    suggestions: () => suggestions([...objects.values()]),
    async close(graceMs) {
      // Proxies go first: they need no new configuration while they end.
      await platform.close();
      await server.close(graceMs);
      if (options.workFolder === undefined) rmSync(workFolder, { recursive: true, force: true });
    },
  };
}
