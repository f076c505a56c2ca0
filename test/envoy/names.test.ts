import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttpApplication } from './support/application.ts';
import { call, landing } from './support/call.ts';
import { checkSituations, type Situation } from './support/cases.ts';
import { serviceOf } from './support/kubernetes.ts';
import { client, intercepted, useShop, visitor } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const reviews = ['reviews-v1', 'reviews-v2', 'reviews-v3'];

describeWithEnvoy('services by their names', (envoy) => {
  const shop = useShop(envoy, [client, visitor]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'a service is known by every form of its name in its own namespace',
      objects: [],
      calls: [
        { url: 'http://reviews:9080/', lands: reviews },
        { url: 'http://reviews.shop:9080/', lands: reviews },
        { url: 'http://reviews.shop.svc:9080/', lands: reviews },
        { url: 'http://reviews.shop.svc.cluster.local:9080/', lands: reviews },
        { url: 'http://REVIEWS:9080/', lands: reviews },
        { url: 'http://details/', lands: 'details' },
        { url: 'http://details:80/', lands: 'details' },
      ],
    },
    {
      name: 'elsewhere it is known by the forms with its namespace, and the short name means another',
      objects: [
        serviceOf({
          name: 'reviews',
          namespace: 'stock',
          selector: { app: 'catalog' },
          ports: [{ name: 'http', port: 9080, targetPort: 8080 }],
          endpoints: [],
        }),
      ],
      calls: [
        { from: 'visitor', url: 'http://reviews.shop:9080/', lands: reviews },
        { from: 'visitor', url: 'http://reviews.shop.svc.cluster.local:9080/', lands: reviews },
        { from: 'visitor', url: 'http://reviews:9080/', lands: '503 no healthy upstream' },
        { from: 'visitor', url: 'http://catalog:9080/', lands: 'catalog' },
        { url: 'http://catalog.stock:9080/', lands: 'catalog' },
      ],
    },
    {
      name: 'the listener of a port tells services apart by the Host header, with a port or without',
      objects: [],
      calls: [
        { port: 9080, url: 'http://ratings:9080/', lands: 'ratings' },
        { port: 9080, url: 'http://catalog.stock/', lands: 'catalog' },
      ],
    },
    {
      name: 'an ExternalName service is another name of the service that it points at',
      objects: [
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'stars', namespace: 'shop' },
          spec: {
            type: 'ExternalName',
            externalName: 'ratings.shop.svc.cluster.local',
            ports: [{ name: 'http', port: 9080 }],
          },
        }),
      ],
      calls: [
        { url: 'http://stars:9080/', lands: 'ratings' },
        { from: 'visitor', url: 'http://stars.shop.svc.cluster.local:9080/', lands: 'ratings' },
      ],
    },
  ]);

  test('a headless service is reached through its name, at its endpoints', async () => {
    const { mesh, app } = shop();
    await mesh.apply(
      serviceOf({
        name: 'peers',
        namespace: 'shop',
        clusterIP: 'None',
        selector: { app: 'peers' },
        ports: [{ name: 'http', port: 8080, targetPort: 8080 }],
        endpoints: [{ address: app('ratings').address }],
      }),
    );
    const { httpProxy } = mesh.proxy('visitor');
    assert.equal(landing(await call(httpProxy, { url: 'http://peers.shop.svc.cluster.local:8080/' })), 'ratings');
  });
});

describeWithEnvoy('what no service claims', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);

  checkSituations(shop, [
    {
      name: 'is refused under REGISTRY_ONLY, while services are reached',
      meshConfig: 'outboundTrafficPolicy: { mode: REGISTRY_ONLY }',
      objects: [],
      calls: [
        { url: 'http://elsewhere.example.com/', lands: '502' },
        { port: 9080, url: 'http://elsewhere.example.com:9080/', lands: '502' },
        { url: 'http://ratings:9080/', lands: 'ratings' },
      ],
    },
    {
      // The address that a connection was meant for is known where it was intercepted, and nowhere else.
      name: 'has no address under ALLOW_ANY, where nothing is intercepted',
      meshConfig: 'outboundTrafficPolicy: { mode: ALLOW_ANY }',
      objects: [],
      calls: [{ url: 'http://elsewhere.example.com/', lands: '503 no healthy upstream' }],
    },
  ]);

  test('is looked up in DNS under ALLOW_ANY_DYNAMIC_DNS', async () => {
    const { mesh } = shop();
    await mesh.setMeshConfig('outboundTrafficPolicy: { mode: ALLOW_ANY_DYNAMIC_DNS }');
    const local = await startHttpApplication({ name: 'local', address: '127.0.0.1', port: 0 });
    const { httpProxy } = mesh.proxy('client');
    const ask = (host: string) => call(httpProxy, { url: `http://${host}:${local.port}/` }).then(landing);
    const landings = [await ask('localhost'), await ask('127.0.0.1')];
    await local.close();
    assert.deepEqual(landings, ['local', 'local']);
  });
});
