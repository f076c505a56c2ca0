/**
 * A whole mesh: a real kube-apiserver with controllers holds it, `fairway serve` reads it and injects sidecars, and a node runs
 * each pod as namespaces of its own, behind real iptables rules.
 *
 *      kubectl ─► API server ─► pods bound to the node ─► sandbox: istio-init, istio-proxy (Fairway and Envoy), the application
 *                     │  ▲ asks about each pod                                 │ xDS, names
 *                     ▼  │                                                     ▼
 *                  fairway serve  ◄─────────────────────────────────── 10.77.0.1:15010
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { injectionConfiguration } from '../../../src/webhook/injection-configuration.ts';
import { type Cluster, startCluster } from '../../kubernetes/support/cluster.ts';
import { installDefinitions } from '../../kubernetes/support/definitions.ts';
import { issue } from '../../support/certificates.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import type { PodApplication } from './application.ts';
import { type ControlPlaneProcess, controlPlaneProcess } from './control-plane-process.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { type Node, startNode } from './node.ts';
import { meshNamespaces } from './objects.ts';
import type { RunningPod } from './running-pod.ts';
import { nodeAddress, startPodNetwork } from './sandbox.ts';

export interface PodMesh {
  readonly cluster: Cluster;
  readonly controlPlane: ControlPlaneProcess;
  readonly names: NameServer;
  /** Applies objects, each as one line of JSON. */
  apply(...objects: readonly string[]): Promise<void>;
  /** Deletes objects that `apply` has been given. */
  remove(...objects: readonly string[]): Promise<void>;
  /** Pods that are ready whose labels are these. */
  pods(labels: Readonly<Record<string, string>>): readonly RunningPod[];
  /** The only pod of an app that is ready. */
  pod(app: string, version?: string): RunningPod;
  /** And its application. */
  application(app: string, version?: string): PodApplication;
  /** Waits until as many pods of an app, and of a version of it, are ready. */
  untilReady(count: number, app: string, version?: string): Promise<void>;
  stop(): Promise<void>;
}

export const nodeNames = ['near', 'far'] as const;

/** A node in a zone of its own for each name. */
const nodes = Object.fromEntries(
  nodeNames.map((name) => [
    name,
    { 'topology.kubernetes.io/region': 'north', 'topology.kubernetes.io/zone': `north-${name}` },
  ]),
);

/** For what takes a moment, on a machine that does much else, in milliseconds. */
const mostMs = 90_000;

export async function startPodMesh(meshConfig: object = {}): Promise<PodMesh> {
  const cleanups: (() => unknown)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return { ...(await assemble({ after: (cleanup) => void cleanups.push(cleanup) }, meshConfig)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  test: { after(cleanup: () => unknown): void },
  meshConfig: object,
): Promise<Omit<PodMesh, 'stop'>> {
  const folder = tempFolder(test);
  await startPodNetwork();
  const cluster = await startCluster({ controllers: true });
  test.after(() => cluster.stop());
  const names = await startNameServer(nodeAddress);
  for (const suffix of ['', '.cluster.local']) names.tell(`fairway.istio-system.svc${suffix}`, nodeAddress);
  test.after(() => names.close());
  await installDefinitions(cluster);
  const apply = async (...objects: readonly string[]) => {
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.join('\n---\n'));
  };
  await apply(...meshNamespaces, meshConfigMap(meshConfig));
  const controlPlane = await startControlPlane(test, cluster, folder);
  mkdirSync(folder.at('pods'));
  const node = await startNode({
    ...{ cluster, nodes, folder: folder.at('pods') },
    resolvConf: (namespace) =>
      `nameserver ${nodeAddress}\nsearch ${namespace}.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n`,
  });
  test.after(() => node.stop());
  return { ...{ cluster, controlPlane, names, apply }, remove: removalFrom(cluster), ...podsOf(node) };
}

async function startControlPlane(
  test: { after(cleanup: () => unknown): void },
  cluster: Cluster,
  folder: { at(path: string): string; write(path: string, text: string): void },
): Promise<ControlPlaneProcess> {
  const authority = issue({ name: 'Authority', isAuthority: true });
  const pair = issue({ name: 'webhook', altNames: ['localhost'], issuer: authority.signer });
  folder.write('tls.crt', pair.certificate);
  folder.write('tls.key', pair.key);
  const webhook = '127.0.0.1:15017';
  const args = [
    ...['serve', '--kubeconfig', cluster.kubeconfigPath, '--state-dir', folder.at('state')],
    ...['--xds-address', `${nodeAddress}:15010`, '--http-address', '127.0.0.1:15014'],
    ...['--webhook-address', webhook, '--webhook-cert', folder.at('tls.crt'), '--webhook-key', folder.at('tls.key')],
    '--inject',
  ];
  const controlPlane = controlPlaneProcess(args, folder.at('control-plane.log'));
  await controlPlane.start();
  test.after(() => controlPlane.stop());
  const configuration = injectionConfiguration({
    name: 'fairway',
    server: { url: `https://localhost:${webhook.split(':')[1]}` },
    authorities: authority.certificate,
    revision: 'default',
  });
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(configuration));
  await untilInjected(cluster);
  return controlPlane;
}

/** API servers learn of a webhook a little later. */
async function untilInjected(cluster: Cluster): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'tried' },
    spec: { containers: [{ name: 'a', image: 'a' }] },
  };
  const isInjected = async () => {
    const made = await cluster
      .api<{ readonly spec: { readonly initContainers?: object } }>(
        'POST',
        '/api/v1/namespaces/shop/pods?dryRun=All',
        pod,
      )
      .catch(() => undefined);
    return made?.spec.initContainers !== undefined;
  };
  await until(isInjected, { what: 'an API server that asks about pods', mostMs });
}

function meshConfigMap(meshConfig: object): string {
  const mesh = {
    ...meshConfig,
    defaultConfig: { concurrency: 1, proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true' } },
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh: JSON.stringify(mesh) },
  });
}

const removalFrom =
  (cluster: Cluster): PodMesh['remove'] =>
  async (...objects) => {
    await cluster.kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], objects.join('\n---\n'));
  };

function podsOf({ pods: all, failures }: Node): Pick<PodMesh, 'pods' | 'pod' | 'application' | 'untilReady'> {
  const labelsOf = (app: string, version?: string) => ({ app, ...(version === undefined ? {} : { version }) });
  const pods: PodMesh['pods'] = (labels) =>
    [...all.values()].filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value));
  const pod: PodMesh['pod'] = (app, version) => {
    const [first, ...others] = pods(labelsOf(app, version));
    if (first === undefined || others.length > 0)
      throw new Error(
        `expected one pod of ${app} ${version ?? ''}, found ${others.length + (first === undefined ? 0 : 1)}`,
      );
    return first;
  };
  return {
    ...{ pods, pod },
    application(app, version) {
      const { application } = pod(app, version);
      if (application === undefined) throw new Error(`expected an application in ${app}, found none`);
      return application;
    },
    async untilReady(count, app, version) {
      const deadline = performance.now() + mostMs;
      while (pods(labelsOf(app, version)).length !== count) {
        const [failure] = failures;
        if (failure !== undefined) throw failure;
        if (performance.now() > deadline)
          throw new Error(
            `expected ${count} pods of ${app} ${version ?? ''}, found ${pods(labelsOf(app, version)).length}`,
          );
        await sleep(20);
      }
    },
  };
}
