/** A cluster with endpoints and routes in it, a control plane that mirrors it, and a proxy between them that goes wrong. */
import assert from 'node:assert/strict';
import { until } from '../../support/until.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Asked, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Mirror, startMirror } from './mirror.ts';

export interface World {
  readonly cluster: Cluster;
  readonly proxy: FaultProxy;
  readonly mirror: Mirror;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const cluster = await startCluster();
  try {
    await prepare(cluster);
    const proxy = await startFaultProxy(cluster);
    const mirror = await startMirror({ cluster, server: proxy.url });
    return {
      cluster,
      proxy,
      mirror,
      async close() {
        await mirror.close();
        await proxy.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Kinds of objects that a test writes: what endpoints are made of, and what routes are. */
export const kinds = {
  endpointslices: {
    kind: 'EndpointSlice',
    source: 'kubernetes/Kubernetes/endpointslices.discovery.k8s.io',
    path: '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices',
    body: (name: string, mark: number) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': 'reviews' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: [`10.1.${mark >> 8}.${mark & 255}`], conditions: { ready: true } }],
    }),
  },
  virtualservices: {
    kind: 'VirtualService',
    source: 'kubernetes/Kubernetes/virtualservices.networking.istio.io',
    path: '/apis/networking.istio.io/v1/namespaces/shop/virtualservices',
    body: (name: string, mark: number) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name },
      spec: {
        hosts: [`${name}.example.com`],
        http: [{ timeout: `${mark}s`, route: [{ destination: { host: 'reviews.shop.svc.cluster.local' } }] }],
      },
    }),
  },
} as const;

export type Written = keyof typeof kinds;
export const written = Object.keys(kinds) as readonly Written[];

/** Requests for endpoints and routes. */
export const isWritten = ({ resource }: Asked): boolean => resource in kinds;

/** Makes objects of both kinds, of which nothing is there yet. */
export async function create({ cluster }: Pick<World, 'cluster'>, name: string, mark: number): Promise<void> {
  for (const { path, body } of Object.values(kinds)) await cluster.api('POST', path, body(name, mark));
}

export async function change({ cluster }: Pick<World, 'cluster'>, name: string, mark: number): Promise<void> {
  for (const { path, body } of Object.values(kinds)) await cluster.api('PATCH', `${path}/${name}`, body(name, mark));
}

export async function remove({ cluster }: Pick<World, 'cluster'>, name: string): Promise<void> {
  for (const { path } of Object.values(kinds)) await cluster.api('DELETE', `${path}/${name}`);
}

/** Names of objects of that name as `takeRemoved` tells them. */
export const both = (name: string): readonly string[] => written.map((one) => `${kinds[one].kind} shop/${name}`).sort();

let lastName = 0;

/** A name that no other test has used. */
export function newName(what: string): string {
  lastName += 1;
  return `${what}-${lastName}`;
}

/** Which objects of a name are in force: the marks of its endpoints and its route. */
export function marks({ controlPlane: { graph, mesh } }: Mirror, name: string): readonly (number | undefined)[] {
  const shards = new Map(graph.rows(mesh.tables.shards));
  const shard = [...shards.values()].find((row) => row.name === name);
  const [, , high = 0, low = 0] = shard?.endpoints[0]?.address.split('.').map(Number) ?? [];
  const rule = new Map(graph.rows(mesh.tables.virtualServices)).get(`shop/${name}`);
  const timeout = rule?.spec.http?.[0]?.timeout;
  return [shard === undefined ? undefined : high * 256 + low, timeout === undefined ? undefined : timeout / 1000];
}

/** Waits until both sources are stale for that reason, and sees that `/ready` and metrics tell. */
export async function untilStale(mirror: Mirror, reason: RegExp): Promise<void> {
  const isStale = () =>
    Object.values(kinds).every(({ source }) => {
      const freshness = mirror.freshness(source);
      return freshness.state === 'stale' && reason.test(freshness.reason);
    });
  await until(isStale, { what: `both sources to be stale: ${reason}`, mostMs: 10_000 });
  const [ready, metrics] = [await mirror.page('/ready'), await mirror.page('/metrics')];
  assert.match(ready, /^ready\n/);
  for (const { source } of Object.values(kinds)) {
    assert.match(ready, new RegExp(`^stale ${source} since \\d{4}-\\S+: .+`, 'm'));
    assert.match(metrics, new RegExp(`^fairway_source_stale\\{source="${source}"\\} 1$`, 'm'));
  }
}

/** The definition of one of Istio's kinds of traffic rules, served in some versions, without a schema. */
export function definitionOf(kind: string, served: readonly string[]): object {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.networking.istio.io` },
    spec: {
      group: 'networking.istio.io',
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: ['v1', 'v1beta1'].map((name) => ({
        name,
        served: served.includes(name),
        storage: name === 'v1',
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      })),
    },
  };
}

async function prepare({ kubectl }: Cluster): Promise<void> {
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'reviews', namespace: 'shop' },
      spec: { ports: [{ name: 'http', port: 9080, targetPort: 8080 }] },
    },
    definitionOf('VirtualService', ['v1', 'v1beta1']),
  ];
  await kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
}

/** Waits until both sources say that they see. */
export function untilLive(mirror: Mirror): Promise<void> {
  const isLive = () => Object.values(kinds).every(({ source }) => mirror.freshness(source).state === 'live');
  return until(isLive, { what: 'both sources to be live' });
}

/** Waits until what is in force of a name is what these marks say; undefined for nothing. */
export function untilMarked(mirror: Mirror, name: string, mark: number | undefined): Promise<void> {
  const holds = () => marks(mirror, name).every((one) => one === mark);
  return until(holds, { what: `${name} to be marked ${mark}` });
}

export interface Three {
  readonly stays: string;
  readonly goes: string;
  readonly comes: string;
  /** Changes something of everything: what is new, what is other, what is gone. */
  act(): Promise<void>;
  /** Nothing of that is seen, and nothing has been removed. */
  assertUnseen(): void;
  /** The state is that of a fresh list; only what is gone was removed. */
  assertSeen(): Promise<void>;
}

/** Makes an object that stays and one that goes, of both kinds, and waits until a control plane has them. */
export async function three(world: Pick<World, 'cluster'>, mirror: Mirror): Promise<Three> {
  const [stays, goes, comes] = [newName('stays'), newName('goes'), newName('comes')];
  for (const name of [stays, goes]) {
    await create(world, name, 1);
    await untilMarked(mirror, name, 1);
  }
  mirror.takeRemoved();
  return {
    stays,
    goes,
    comes,
    async act() {
      await create(world, comes, 1);
      await change(world, stays, 2);
      await remove(world, goes);
    },
    assertUnseen() {
      assert.deepEqual(
        [stays, goes, comes].map((name) => marks(mirror, name)),
        [
          [1, 1],
          [1, 1],
          [undefined, undefined],
        ],
      );
      assert.deepEqual(mirror.takeRemoved(), []);
    },
    async assertSeen() {
      await mirror.untilFresh();
      assert.deepEqual(
        [stays, goes, comes].map((name) => marks(mirror, name)),
        [
          [2, 2],
          [undefined, undefined],
          [1, 1],
        ],
      );
      assert.deepEqual(mirror.takeRemoved(), both(goes));
    },
  };
}
