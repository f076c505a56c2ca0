/**
 * The mesh that most suites use. Every service has one HTTP port, and every application an address of its own.
 *
 *      namespace shop    reviews:9080 (v1, v2, v3)   ratings:9080   details:80     client (sidecar)
 *      namespace stock   catalog:9080                                              visitor (sidecar)
 *      namespace edge    ingress:80 ─► 8080                                        ingress (gateway)
 *      outside           legacy, in no registry
 */
import { after, afterEach, before } from 'node:test';
import type { EnvoyProgram } from '../../../src/agent/envoy-program.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { type Application, startHttpApplication } from './application.ts';
import { podOf, serviceOf } from './kubernetes.ts';
import { takeTestBlock } from './test-blocks.ts';
import { startTestMesh, type TestMesh } from './test-mesh.ts';
import type { ProxySpec } from './test-proxy.ts';

/** Where every application listens. */
export const applicationPort = 8080;

export interface Shop {
  readonly mesh: TestMesh;
  readonly block: AddressBlock;
  /** By name, such as `reviews-v1`. */
  app(name: string): Application;
}

const backends = [
  { service: 'reviews', namespace: 'shop', name: 'reviews-v1', labels: { version: 'v1' } },
  { service: 'reviews', namespace: 'shop', name: 'reviews-v2', labels: { version: 'v2' } },
  { service: 'reviews', namespace: 'shop', name: 'reviews-v3', labels: { version: 'v3' } },
  { service: 'ratings', namespace: 'shop', name: 'ratings', labels: {} },
  { service: 'details', namespace: 'shop', name: 'details', labels: {} },
  { service: 'catalog', namespace: 'stock', name: 'catalog', labels: {} },
] as const;

const services = [
  { name: 'reviews', namespace: 'shop', port: 9080 },
  { name: 'ratings', namespace: 'shop', port: 9080 },
  { name: 'details', namespace: 'shop', port: 80 },
  { name: 'catalog', namespace: 'stock', port: 9080 },
] as const;

export const client: ProxySpec = {
  name: 'client',
  namespace: 'shop',
  labels: { app: 'client', version: 'v7' },
  locality: { region: 'north', zone: 'north-a', subzone: 'rack-1' },
};

export const visitor: ProxySpec = { name: 'visitor', namespace: 'stock', labels: { app: 'visitor' } };

/**
 * A sidecar as most are: its application's connections would be intercepted. Nothing does that on a machine where tests
 * run; it proves that what such a sidecar gets, in the older dialect, is accepted, and test/envoy/interception.test.ts what
 * it does.
 */
export const intercepted: ProxySpec = {
  name: 'intercepted',
  namespace: 'shop',
  labels: { app: 'intercepted' },
  dialect: 'sotw',
  metadata: { INTERCEPTION_MODE: 'REDIRECT' },
};

export const ingress: ProxySpec = {
  name: 'ingress',
  namespace: 'edge',
  type: 'router',
  labels: { istio: 'ingressgateway' },
};

const ingressService = serviceOf({
  name: 'ingress',
  namespace: 'edge',
  selector: { istio: 'ingressgateway' },
  ports: [{ name: 'http', port: 80, targetPort: 8080 }],
});

/** Starts the shop before a suite's tests and stops it after them; yields what is there while tests run. */
export function useShop({ path }: EnvoyProgram, proxies: readonly ProxySpec[], meshConfig = ''): () => Shop {
  let shop: (Shop & { close(): Promise<void> }) | undefined;
  before(async () => {
    shop = await startShop(path, proxies, meshConfig);
  });
  afterEach(() => {
    for (const { name } of [...backends, { name: 'legacy' }]) shop?.app(name).reset();
  });
  after(() => shop?.close());
  return () => {
    if (shop === undefined) throw new Error('expected the shop to have started');
    return shop;
  };
}

async function startShop(
  envoy: string,
  proxies: readonly ProxySpec[],
  meshConfig: string,
): Promise<Shop & { close(): Promise<void> }> {
  const block = await takeTestBlock();
  const names = [...backends.map(({ name }) => name), 'legacy'];
  const apps = new Map<string, Application>();
  for (const [i, name] of names.entries())
    apps.set(name, await startHttpApplication({ name, address: block.at(10, i + 1), port: applicationPort }));
  const app = (name: string) => {
    const found = apps.get(name);
    if (found === undefined) throw new Error(`expected one of ${names.join(', ')}, found ${name}`);
    return found;
  };
  const base = [
    ...services.map(({ name, namespace, port }) =>
      serviceOf({
        name,
        namespace,
        selector: { app: name },
        ports: [{ name: 'http', port, targetPort: applicationPort }],
        endpoints: backends
          .filter(({ service }) => service === name)
          .map((backend) => ({ pod: backend.name, address: app(backend.name).address })),
      }),
    ),
    ...backends.map(({ name, namespace, service, labels }) =>
      podOf({ name, namespace, address: app(name).address, labels: { app: service, ...labels } }),
    ),
    ...(proxies.includes(ingress) ? [ingressService] : []),
  ].join('\n---\n');
  const stopApps = async () => {
    await Promise.all([...apps.values()].map((one) => one.close()));
    block.release();
  };
  try {
    const mesh = await startTestMesh({ envoy, block, proxies, base, meshConfig });
    const close = async () => {
      try {
        await mesh.close();
      } finally {
        await stopApps();
      }
    };
    return { mesh, block, app, close };
  } catch (error) {
    await stopApps();
    throw error;
  }
}
