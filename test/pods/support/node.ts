/** A node of the cluster: it runs the pods that are bound to it, as network namespaces, and says of them what kubelets say. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../kubernetes/support/cluster.ts';
import { running } from '../../kubernetes/support/kubelet.ts';
import type { PodObject } from './pod-object.ts';
import { createPod, type RunningPod } from './running-pod.ts';

export interface Node {
  /** Pods that are ready, by name. */
  readonly pods: ReadonlyMap<string, RunningPod>;
  /** What has gone wrong so far, each with the log that says why. */
  readonly failures: readonly Error[];
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly cluster: Cluster;
  readonly folder: string;
  /** Names of nodes, and their labels: one machine can be several. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** For a pod in a namespace. */
  readonly resolvConf: (namespace: string) => string;
}

/** Kubernetes' own default. */
const graceMs = 30_000;
const lookMs = 50;

export async function startNode({ cluster, folder, nodes, resolvConf }: NodeOptions): Promise<Node> {
  const pods = new Map<string, RunningPod>();
  const alive = new Map<string, RunningPod>();
  const failures: Error[] = [];
  const handled = new Set<string>();
  const ending = new Set<string>();
  const work = new Set<Promise<void>>();
  let count = 1;
  let isStopped = false;
  for (const [name, labels] of Object.entries(nodes))
    await cluster.api('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  const pathOf = ({ metadata }: PodObject) => `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
  const say = (pod: PodObject, addresses: readonly string[], isReady: 'True' | 'False') => {
    const [address = ''] = addresses;
    const status = { ...running(address, isReady), podIPs: addresses.map((ip) => ({ ip })) };
    return cluster.api('PATCH', `${pathOf(pod)}/status`, { status }).catch(() => {});
  };
  const start = async (pod: PodObject) => {
    const { uid, name, namespace, annotations } = pod.metadata;
    count += 1;
    const created = await createPod({
      ...{ pod, number: count, folder: join(folder, uid), resolvConf: resolvConf(namespace) },
      isDualStack: annotations?.['test/dual-stack'] === 'true',
    });
    alive.set(uid, created);
    await created.start();
    while (!isStopped && !ending.has(uid) && !(await created.isReady())) await sleep(lookMs);
    if (isStopped || ending.has(uid)) return;
    pods.set(name, created);
    await say(pod, created.addresses, 'True');
  };
  const end = async (pod: PodObject) => {
    const { uid, name } = pod.metadata;
    const found = alive.get(uid);
    alive.delete(uid);
    await found?.end(graceMs);
    pods.delete(name);
    await cluster.api('DELETE', `${pathOf(pod)}?gracePeriodSeconds=0`).catch(() => {});
  };
  const look = async () => {
    const { items } = await cluster.api<{ items: readonly PodObject[] }>('GET', '/api/v1/pods');
    for (const pod of items.filter(({ spec: { nodeName = '' } }) => nodeName in nodes)) {
      const { uid, deletionTimestamp } = pod.metadata;
      const [done, task] = deletionTimestamp === undefined ? [handled, start] : [ending, end];
      if (done.has(uid)) continue;
      done.add(uid);
      const doing = task(pod)
        .catch((error: Error) => void failures.push(error))
        .finally(() => work.delete(doing));
      work.add(doing);
    }
  };
  const loop = (async () => {
    while (!isStopped) {
      await look().catch(() => {});
      await sleep(lookMs);
    }
  })();
  return {
    ...{ pods, failures },
    async stop() {
      isStopped = true;
      await loop;
      await Promise.allSettled(work);
      await Promise.all([...alive.values()].map((pod) => pod.kill()));
    },
  };
}
