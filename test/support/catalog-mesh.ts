/** Meshes of objects and of services of catalogs, and what becomes of calls in them. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ControlPlane } from '../../src/control-plane.ts';
import { evaluate } from '../../src/evaluate/evaluate.ts';
import type { Share } from '../../src/evaluate/outcome.ts';
import type { CatalogService } from '../../src/model/catalog.ts';
import { controlPlaneOf } from './control-plane.ts';
import { type ProxyText, proxyOf } from './proxy.ts';
import { configurationIn, resourcesFor } from './proxy-configuration.ts';

export interface CatalogMesh {
  readonly objects?: readonly string[];
  /** Services by `registry/name`. */
  readonly catalogs?: { readonly [name: string]: CatalogService };
}

export function planeOf({ objects = [], catalogs = {} }: CatalogMesh): ControlPlane {
  const plane = controlPlaneOf(objects.join('\n---\n'));
  for (const [key, service] of Object.entries(catalogs)) {
    const at = key.lastIndexOf('/');
    plane.catalogSink({ name: key.slice(0, at), kind: 'CatalogService' }).apply([{ name: key.slice(at + 1), service }]);
  }
  plane.commit();
  return plane;
}

/** A sidecar from which calls are made. */
export const client: ProxyText = { namespace: 'shop', pod: 'c-1', ip: '10.9.9.9' };

/** Where a call of an application beside a proxy lands: `50% 10.0.0.1:8080 50% 10.0.0.2:8080`. */
export function landing(plane: ControlPlane, url: string, text = client, at = '198.51.100.1'): string {
  const { protocol, host, port } = new URL(url);
  const outcome = evaluate(configurationIn(resourcesFor(plane, proxyOf(text))), {
    destination: { ip: at, port: Number(port === '' ? 80 : port) },
    interceptedAt: { ip: '127.0.0.1', port: 15001 },
    payload:
      protocol === 'http:'
        ? { kind: 'http', version: 'http/1.1', method: 'GET', authority: host, path: '/', headers: [] }
        : { kind: 'bytes' },
  });
  return outcome.result.kind === 'forwarded'
    ? outcome.result.shares.map(landingOf).join(' | ')
    : outcome.result.because;
}

/** A test of where calls land, by their URLs. */
export function checkCalls(
  name: string,
  mesh: CatalogMesh,
  calls: { readonly [url: string]: string },
  text = client,
): void {
  it(name, () => {
    const plane = planeOf(mesh);
    assert.deepEqual(Object.fromEntries(Object.keys(calls).map((url) => [url, landing(plane, url, text)])), calls);
  });
}

/** `v1 90%: 100% 10.0.0.1:8080`: the subset unless it is all of them, and the endpoints that take part. */
export function landingOf({ cluster, percent, upstream }: Share): string {
  const subset = cluster.split('|')[2] ?? cluster;
  const head = percent === 100 && subset === '' ? [] : [`${subset} ${percent}%:`];
  if (upstream.kind !== 'endpoints') return [...head, upstream.kind].join(' ');
  const taken = upstream.endpoints.filter((one) => one.percent > 0);
  return [
    ...head,
    ...taken.map(({ address, percent: share }) => `${Math.round(share)}% ${address.ip}:${address.port}`),
  ].join(' ');
}

/** An object of Istio's networking API in the namespace `shop`. */
export const object = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }`;
/** A Service, its EndpointSlice and a pod there, in the same namespace. */
export const service = (name: string, spec: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }`;
export const slice = (name: string, port: string, ...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }\naddressType: IPv4\nports: [{ ${port} }]\nendpoints: [${addresses.map((address) => `{ addresses: [${address}], targetRef: { kind: Pod, name: p-${address}, namespace: shop } }`).join(', ')}]`;
export const pod = (address: string, labels: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: p-${address}, namespace: shop, labels: { ${labels} } }\nstatus: { podIP: ${address} }`;

export const reviews = 'reviews.shop.svc.cluster.local';
/** What instances of a version say. */
export const v = (version: string) => ({ labels: { version } });
/** Rules for reviews: its versions, and a canary between them. */
export const subsets = object(
  'DestinationRule',
  'reviews',
  'host: reviews, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]',
);
export const split = object(
  'VirtualService',
  'reviews',
  'hosts: [reviews], http: [{ route: [{ destination: { host: reviews, subset: v1 }, weight: 90 }, { destination: { host: reviews, subset: v2 }, weight: 10 }] }]',
);
