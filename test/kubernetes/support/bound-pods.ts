/** Follows the Pods that are bound to some nodes, as their kubelets do: each is started once, and ended once when it is told to go. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

export interface BoundPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
}

export interface PodWork<Pod> {
  start(pod: Pod): Promise<void>;
  end(pod: Pod): Promise<void>;
  /** Told of what `start` and `end` reject with. */
  failed(error: Error): void;
}

export interface BoundPods {
  /** Whether a Pod is to be kept running still. */
  isWanted(uid: string): boolean;
  /** Starts and ends no more; resolves when what has begun is done. */
  stop(): Promise<void>;
}

export const lookMs = 50;

/** The path of a Pod in the API. */
export const podPath = ({ metadata }: BoundPod): string =>
  `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;

export function followPods<Pod extends BoundPod>(
  { api }: Pick<Cluster, 'api'>,
  isBound: (nodeName: string) => boolean,
  { start, end, failed }: PodWork<Pod>,
): BoundPods {
  const handled = new Set<string>();
  const ending = new Set<string>();
  const work = new Set<Promise<void>>();
  let isStopped = false;
  const look = async () => {
    const { items } = await api<{ items: readonly Pod[] }>('GET', '/api/v1/pods');
    for (const pod of items.filter(({ spec: { nodeName = '' } }) => isBound(nodeName))) {
      const { uid, deletionTimestamp } = pod.metadata;
      const [done, task] = deletionTimestamp === undefined ? [handled, start] : [ending, end];
      if (done.has(uid)) continue;
      done.add(uid);
      const doing = task(pod)
        .catch(failed)
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
    isWanted: (uid) => !isStopped && !ending.has(uid),
    async stop() {
      isStopped = true;
      await loop;
      await Promise.allSettled(work);
    },
  };
}
