/** Tables of situations: what the mesh is told, what is called, and where it must land. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indent } from '../../support/indent.ts';
import { type Answer, type Call, call, type Entry, landing } from './call.ts';
import type { Shop } from './shop.ts';

export interface Situation {
  /** A sentence. */
  readonly name: string;
  /** Beside what the shop has. */
  readonly objects: readonly string[] | ((shop: Shop) => readonly string[]);
  readonly meshConfig?: string;
  /** Made one after the other. */
  readonly calls: readonly ExpectedCall[];
}

export interface ExpectedCall extends Call {
  /** The proxy that takes the call; `client` when absent. A sidecar is called as an HTTP proxy, a gateway on port 8080. */
  readonly from?: string;
  /** The proxy is called on this port instead. */
  readonly port?: number;
  /** The application that answers, or what comes instead, such as `503 no healthy upstream`; one of several. */
  readonly lands: string | readonly string[];
  /** What else of the answer matters. */
  readonly look?: (answer: Answer, shop: Shop) => unknown;
  readonly sees?: unknown;
}

/** One test per situation. */
export function checkSituations(shop: () => Shop, situations: readonly Situation[]): void {
  for (const { name, objects, meshConfig, calls } of situations)
    test(name, async () => {
      const { mesh } = shop();
      if (meshConfig !== undefined) await mesh.setMeshConfig(meshConfig);
      try {
        await mesh.apply((typeof objects === 'function' ? objects(shop()) : objects).join('\n---\n'));
        for (const expected of calls) await checkCall(shop(), expected);
      } finally {
        if (meshConfig !== undefined) await mesh.setMeshConfig('');
      }
    });
}

async function checkCall(
  shop: Shop,
  { from = 'client', port, lands, look, sees, ...what }: ExpectedCall,
): Promise<void> {
  const answer = await call(entryOf(shop, from, port), what);
  const headers = Object.entries(what.headers ?? {}).map(([name, value]) => ` ${name}: ${value}`);
  const title = `${from}: ${what.method ?? 'GET'} ${what.url}${headers.join('')}`;
  const landed = landing(answer);
  if (typeof lands === 'string') assert.equal(landed, lands, title);
  else assert.ok(lands.includes(landed), `${title}: expected one of ${lands.join(', ')}, found ${landed}`);
  assert.deepEqual(look?.(answer, shop), sees, title);
}

/** Where a caller of a proxy goes first. */
export function entryOf({ mesh }: Shop, name: string, port?: number): Entry {
  const proxy = mesh.proxy(name);
  if (port !== undefined) return proxy.port(port);
  return proxy.envoy.options.type === 'router' ? proxy.port(8080) : proxy.httpProxy;
}

const apiVersions: { readonly [kind: string]: string } = { ProxyConfig: 'networking.istio.io/v1beta1' };

/** An object of Istio's: `object('VirtualService shop/reviews', spec)`; `createdAt` such as `2024-05-01`. */
export function object(name: string, spec: string, createdAt?: string): string {
  const match = /^(\w+) ([^/]+)\/(.+)$/.exec(name);
  assert.ok(match !== null, `expected KIND NAMESPACE/NAME, found ${name}`);
  const [, kind = '', namespace, own] = match;
  return `apiVersion: ${apiVersions[kind] ?? 'networking.istio.io/v1'}
kind: ${kind}
metadata:
  name: ${own}
  namespace: ${namespace}
${createdAt === undefined ? '' : `  creationTimestamp: "${createdAt}T00:00:00Z"\n`}spec:
${indent(spec, 2)}`;
}
