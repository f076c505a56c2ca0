/**
 * What nodes do in a real cluster, as far as anybody here notices: each Pod that is bound to the node gets an address and an
 * application there, is ready a little later, and goes on serving for a while after it was told to end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Application, startHttpApplication } from '../../envoy/support/application.ts';
import { type BoundPod, followPods, lookMs, podPath } from './bound-pods.ts';
import type { Cluster } from './cluster.ts';

export interface Kubelet {
  /** Applications that run, by the name of their Pod. */
  readonly applications: ReadonlyMap<string, Application>;
  stop(): Promise<void>;
}

/** The port of every application. */
export const applicationPort = 8080;

export const nodeName = 'node-1';

/**
 * How long an application goes on after no EndpointSlice calls its Pod ready any more, in milliseconds: what a control plane has
 * to tell proxies in. How soon Kubernetes' own controllers notice is not what is tested here.
 */
const graceMs = 2500;
/** And how long in any case. */
const mostGraceMs = 30_000;

interface Slice {
  readonly endpoints?:
    | readonly { readonly targetRef?: { readonly name: string }; readonly conditions: { readonly ready?: boolean } }[]
    | null;
}

/** `addressOf` yields the address of the nth Pod. */
export async function startKubelet(cluster: Cluster, addressOf: (number: number) => string): Promise<Kubelet> {
  const applications = new Map<string, Application>();
  let count = 0;
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } };
  await cluster.api('POST', '/api/v1/nodes', { ...node, metadata: { ...node.metadata, labels: zone } });
  const start = async (pod: BoundPod) => {
    const { name } = pod.metadata;
    count += 1;
    const address = addressOf(count);
    applications.set(name, await startHttpApplication({ name, address, port: applicationPort }));
    await cluster.api('PATCH', `${podPath(pod)}/status`, { status: running(address, 'True') });
  };
  const end = async (pod: BoundPod) => {
    const { name } = pod.metadata;
    const giveUpAt = performance.now() + mostGraceMs;
    while (performance.now() < giveUpAt && (await isCalledReady(pod).catch(() => true))) await sleep(lookMs);
    await sleep(graceMs);
    await applications.get(name)?.close();
    applications.delete(name);
    await cluster.api('DELETE', `${podPath(pod)}?gracePeriodSeconds=0`).catch(() => {});
  };
  const isCalledReady = async ({ metadata: { name, namespace } }: BoundPod) => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const { items } = await cluster.api<{ items: readonly Slice[] }>('GET', path);
    return items.some(({ endpoints }) =>
      (endpoints ?? []).some(({ targetRef, conditions }) => targetRef?.name === name && conditions.ready !== false),
    );
  };
  const pods = followPods(cluster, (name) => name === nodeName, {
    start,
    end,
    // Nobody takes it, so that the test file fails.
    failed(error) {
      throw error;
    },
  });
  return {
    applications,
    async stop() {
      await pods.stop();
      await Promise.all([...applications.values()].map((application) => application.close()));
    },
  };
}

const zone = { 'topology.kubernetes.io/region': 'north', 'topology.kubernetes.io/zone': 'north-a' };

/** The status that a kubelet writes. */
export function running(address: string, isReady: 'True' | 'False'): object {
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [{ type: 'Ready', status: isReady }],
  };
}
