/**
 * Pods that come and go while watches break, and how long real Envoys go on knowing those that are gone.
 *
 *      Pods ─► endpointslice controller ─► EndpointSlices ─► fault proxy ─► control plane ─► Envoys
 *        └ deleted at                        └ told at                                        └ lacks it at
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import type { Envoy } from '../../envoy/support/envoy.ts';
import { until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { nodeName, running } from './kubelet.ts';
import { namespace, service } from './objects.ts';

export interface ChurnOptions {
  readonly cluster: Cluster;
  /** Between the cluster and the control plane; its watches break now and then. */
  readonly proxy: FaultProxy;
  readonly envoys: readonly Envoy[];
  readonly seconds: number;
  /** Pods that are made or deleted, each second. */
  readonly changesPerSecond: number;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
}

export interface ChurnFigures {
  readonly added: number;
  readonly removed: number;
  readonly brokenWatches: number;
  /** From the request that deletes a Pod until an Envoy lacks its address, of all, sorted, in milliseconds. */
  readonly sinceDeleted: readonly number[];
  /** The same since the apiserver has told a watch that the EndpointSlice lacks it. */
  readonly sinceTold: readonly number[];
}

export const services: readonly string[] = Array.from({ length: 10 }, (_, i) => `service-${i}`);
const podsEach = 5;
/** How often an Envoy is asked, in milliseconds. */
const lookMs = 20;
const podsPath = '/api/v1/namespaces/shop/pods';
const slicesPath = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';

interface Pod {
  readonly name: string;
  readonly service: string;
  readonly address: string;
}

/** Waits until each Envoy has in its clusters what the apiserver lists, whatever that is. */
export async function untilEqual(cluster: Cluster, envoys: readonly Envoy[]): Promise<void> {
  let [want, have]: unknown[] = [];
  const isEqual = async () => {
    want = [...(await endpointsOf(cluster))];
    have = await Promise.all(envoys.map(async (envoy) => [...(await clustersOf(envoy))]));
    return isDeepStrictEqual(
      have,
      envoys.map(() => want),
    );
  };
  await until(isEqual, { what: 'Envoys to have what the apiserver lists', mostMs: 30_000 }).catch((error: Error) => {
    throw new Error(`${error.message}: expected ${JSON.stringify(want)}, found ${JSON.stringify(have)}`);
  });
}

/** Makes Services with a few Pods each; resolves when all of them are endpoints. */
export async function populate(cluster: Cluster): Promise<Pods> {
  await cluster.api('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } });
  const objects = [namespace('shop'), ...services.map((name) => service('shop', name))];
  await cluster.kubectl(['apply', '-f', '-'], objects.join('\n---\n'));
  const pods = new Pods(cluster);
  for (let i = 0; i < services.length * podsEach; i++) await pods.add();
  const isThere = async () => [...(await endpointsOf(cluster)).values()].flat().length === services.length * podsEach;
  await until(isThere, { what: 'endpoints of all Pods', mostMs: 30_000 });
  return pods;
}

/** The Pods that are there, each with an address that no other one has had. */
export class Pods {
  readonly present: Pod[] = [];
  readonly #cluster: Cluster;
  #count = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async add(): Promise<void> {
    const number = this.#count++;
    const pod = {
      name: `pod-${number}`,
      service: services[number % services.length] ?? '',
      address: `10.20.${number >> 8}.${number & 255}`,
    };
    const spec = { nodeName, containers: [{ name: 'it', image: 'none' }] };
    const metadata = { name: pod.name, labels: { app: pod.service } };
    await this.#cluster.api('POST', podsPath, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await this.#cluster.api('PATCH', `${podsPath}/${pod.name}/status`, { status: running(pod.address, 'True') });
    this.present.push(pod);
  }

  async remove({ name }: Pod): Promise<void> {
    await this.#cluster.api('DELETE', `${podsPath}/${name}?gracePeriodSeconds=0`);
  }
}

/** Lets Pods come and go; resolves when an Envoy lacks all that are gone. Rejects when a request to the apiserver fails. */
export async function churn(options: ChurnOptions, pods: Pods): Promise<ChurnFigures> {
  const { cluster, proxy, envoys, seconds, changesPerSecond, random } = options;
  const [envoy] = envoys;
  if (envoy === undefined) throw new Error('expected an Envoy, found none');
  const told = await slicesAsTold(cluster);
  const deletedAt = new Map<string, number>();
  const lackedAt = new Map<string, number>();
  let known = new Set<string>();
  const stop = new AbortController();
  const looks = (async () => {
    while (!stop.signal.aborted) {
      const now = new Set([...(await clustersOf(envoy)).values()].flat());
      for (const address of known) if (!now.has(address)) lackedAt.set(address, performance.now());
      known = now;
      await sleep(lookMs);
    }
  })();
  const work: Promise<void>[] = [];
  let [added, brokenWatches] = [0, 0];
  const startedAtMs = performance.now();
  for (let i = 0; performance.now() - startedAtMs < seconds * 1000; i++) {
    // Whom no Envoy knows yet cannot be missed.
    const at = i % 2 === 0 ? -1 : pods.present.findIndex(({ address }) => known.has(address));
    const [pod] = at < 0 ? [] : pods.present.splice(at, 1);
    if (pod === undefined) {
      added += 1;
      work.push(pods.add());
    } else {
      deletedAt.set(pod.address, performance.now());
      work.push(pods.remove(pod));
    }
    // About once a second three watches of ten break.
    if (random() < 1 / changesPerSecond) brokenWatches += proxy.breakWatches(() => random() < 0.3);
    await sleep(Math.max(0, startedAtMs + ((i + 1) * 1000) / changesPerSecond - performance.now()));
  }
  try {
    await Promise.all(work);
    const isDone = () => [...deletedAt.keys()].every((address) => lackedAt.has(address));
    await until(isDone, { what: 'Envoy to lack all that are gone', mostMs: 30_000 });
  } finally {
    stop.abort();
    await told.stop();
    await looks;
  }
  const since = (of: ReadonlyMap<string, number>) =>
    [...deletedAt.keys()]
      .map((address) => Math.max(0, (lackedAt.get(address) ?? Number.NaN) - (of.get(address) ?? Number.NaN)))
      .sort((a, b) => a - b);
  return {
    added,
    removed: deletedAt.size,
    brokenWatches,
    sinceDeleted: since(deletedAt),
    sinceTold: since(told.lackedAt),
  };
}

interface Slice {
  readonly metadata: { readonly name: string; readonly labels?: { readonly [name: string]: string } };
  readonly endpoints:
    | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[]
    | null;
}

const addressesOf = ({ endpoints }: Slice) =>
  (endpoints ?? []).flatMap(({ addresses, conditions }) => (conditions.ready === true ? addresses : []));

/** The addresses of each Service's endpoints, sorted, as the apiserver lists them. */
export async function endpointsOf(cluster: Cluster): Promise<ReadonlyMap<string, readonly string[]>> {
  const { items } = await cluster.api<{ items: readonly Slice[] }>('GET', slicesPath);
  return new Map(
    services.map((name) => {
      const own = items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
      return [name, own.flatMap(addressesOf).sort()];
    }),
  );
}

/** The same as an Envoy has them in its clusters. */
export async function clustersOf(envoy: Envoy): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await envoy.admin('/clusters');
  const found = new Map(services.map((name) => [name, new Set<string>()]));
  for (const [, name = '', address = ''] of text.matchAll(/^outbound\|9080\|\|([\w-]+)\.shop\.\S+?::([\d.]+):8080::/gm))
    found.get(name)?.add(address);
  return new Map([...found].map(([name, addresses]) => [name, [...addresses].sort()]));
}

/** Notes when the apiserver tells, to a watch that nothing breaks, that an address is in no EndpointSlice any more. */
async function slicesAsTold(
  cluster: Cluster,
): Promise<{ readonly lackedAt: ReadonlyMap<string, number>; stop(): Promise<void> }> {
  const lackedAt = new Map<string, number>();
  const before = new Map<string, readonly string[]>();
  const stop = new AbortController();
  const { items, metadata } = await cluster.api<{ items: readonly Slice[]; metadata: { resourceVersion: string } }>(
    'GET',
    slicesPath,
  );
  for (const slice of items) before.set(slice.metadata.name, addressesOf(slice));
  const take = (line: string) => {
    const { type, object } = JSON.parse(line) as { type: string; object: Slice };
    if (type === 'BOOKMARK') return;
    const now = type === 'DELETED' ? [] : addressesOf(object);
    for (const address of before.get(object.metadata.name) ?? [])
      if (!now.includes(address)) lackedAt.set(address, performance.now());
    before.set(object.metadata.name, now);
  };
  const client = new ApiClient({ access: readKubeconfig(cluster.kubeconfigPath), userAgent: 'churn' });
  const query = { watch: true, resourceVersion: metadata.resourceVersion };
  const ended = client.lines(
    { path: slicesPath, query, signal: stop.signal },
    { idleMs: 600_000, onOpen: () => {}, onLines: (lines) => lines.forEach(take) },
  );
  return {
    lackedAt,
    async stop() {
      stop.abort();
      // It ends because it was told to.
      await ended.catch(() => {});
      client.close();
    },
  };
}

/** The value that this share of the sorted ones does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
