/** A node of the cluster: it runs the pods that are bound to it, as network namespaces, and says of them what kubelets say. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { followPods, lookMs, podPath } from '../../kubernetes/support/bound-pods.ts';
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

export async function startNode({ cluster, folder, nodes, resolvConf }: NodeOptions): Promise<Node> {
  const pods = new Map<string, RunningPod>();
  const alive = new Map<string, RunningPod>();
  const failures: Error[] = [];
  let count = 1;
  for (const [name, labels] of Object.entries(nodes))
    await cluster.api('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  const say = (pod: PodObject, addresses: readonly string[], isReady: 'True' | 'False') => {
    const [address = ''] = addresses;
    const status = { ...running(address, isReady), podIPs: addresses.map((ip) => ({ ip })) };
    return cluster.api('PATCH', `${podPath(pod)}/status`, { status }).catch(() => {});
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
    while (bound.isWanted(uid) && !(await created.isReady())) await sleep(lookMs);
    if (!bound.isWanted(uid)) return;
    pods.set(name, created);
    await say(pod, created.addresses, 'True');
  };
  const end = async (pod: PodObject) => {
    const { uid, name } = pod.metadata;
    const found = alive.get(uid);
    alive.delete(uid);
    await found?.end(graceMs);
    pods.delete(name);
    await cluster.api('DELETE', `${podPath(pod)}?gracePeriodSeconds=0`).catch(() => {});
  };
  const bound = followPods<PodObject>(cluster, (name) => name in nodes, {
    ...{ start, end },
    failed: (error) => void failures.push(error),
  });
  return {
    ...{ pods, failures },
    async stop() {
      await bound.stop();
      await Promise.all([...alive.values()].map((pod) => pod.kill()));
    },
  };
}
