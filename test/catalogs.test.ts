/** Hosts that only a catalog has, under every rule that users write. What is asserted is what becomes of calls. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluate } from '../src/evaluate/evaluate.ts';
import {
  type CatalogMesh,
  checkCalls,
  client,
  landing,
  landingOf,
  object,
  planeOf,
  reviews,
  split,
  subsets,
  v,
} from './support/catalog-mesh.ts';
import { catalogService, instance } from './support/catalog-services.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';

describe('a host that only a catalog has', () => {
  const web = catalogService(['web.service.consul'], 'http: 80', [
    instance('10.0.0.1:8080'),
    instance('10.0.0.2:8080'),
  ]);
  checkCalls(
    'is called by its name',
    { catalogs: { 'consul/dc1/web': web } },
    {
      'http://web.service.consul/': '50% 10.0.0.1:8080 50% 10.0.0.2:8080',
    },
  );
  checkCalls(
    'is called by an alias as a service of Kubernetes is, short names included',
    { catalogs: { 'consul/dc1/reviews': { ...web, hostnames: ['reviews.service.consul', reviews] } } },
    Object.fromEntries(
      ['reviews', 'reviews.shop', 'reviews.shop.svc', reviews, 'reviews.service.consul'].map((host) => [
        `http://${host}/`,
        '50% 10.0.0.1:8080 50% 10.0.0.2:8080',
      ]),
    ),
  );
  checkCalls(
    'has routes and subsets by the rules for its short name',
    {
      objects: [subsets, split],
      catalogs: {
        'consul/dc1/reviews': catalogService([reviews], 'http: 80', [
          instance('10.0.0.1:8080', v('v1')),
          instance('10.0.0.2:8080', v('v2')),
        ]),
      },
    },
    { 'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.0.2:8080' },
  );
  checkCalls(
    'is one service where several of its services have it',
    {
      objects: [subsets, split],
      catalogs: {
        'consul/dc1/reviews-v1': catalogService([reviews], 'http: 80', [instance('10.0.0.1:8080', v('v1'))]),
        'consul/dc1/reviews-v2': catalogService([reviews], 'web: 80', [instance('10.0.0.2:8080', v('v2'), 'web')]),
      },
    },
    { 'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.0.2:8080' },
  );
  checkCalls(
    'is routed and imported by its own name',
    {
      objects: [
        object(
          'VirtualService',
          'web',
          'hosts: [web.service.consul], http: [{ route: [{ destination: { host: web.service.consul, subset: v2 } }] }]',
        ),
        object('DestinationRule', 'web', 'host: web.service.consul, subsets: [{ name: v2, labels: { version: v2 } }]'),
        object('Sidecar', 'default', 'egress: [{ hosts: ["default/web.service.consul", "./*"] }]'),
      ],
      catalogs: {
        'consul/dc1/web': { ...web, instances: [...web.instances, instance('10.0.0.3:8080', v('v2'))] },
        'consul/dc1/other': { ...web, hostnames: ['other.service.consul'] },
      },
    },
    {
      'http://web.service.consul/': 'v2 100%: 100% 10.0.0.3:8080',
      'http://other.service.consul/': 'PassthroughCluster 100%: original destination',
    },
  );
  checkCalls(
    'is served from where its locality is near',
    {
      objects: [
        object(
          'DestinationRule',
          'web',
          'host: web.service.consul, trafficPolicy: { outlierDetection: { interval: 1s }, loadBalancer: { localityLbSetting: { failover: [{ from: north, to: south }] } } }',
        ),
      ],
      catalogs: {
        'consul/dc1/web': catalogService(['web.service.consul'], 'http: 80', [
          instance('10.0.0.1:8080', { locality: { region: 'south', zone: '', subzone: '' } }),
          instance('10.0.0.2:8080', { locality: { region: 'north', zone: 'a', subzone: '' } }),
        ]),
        'nomad/global/web': catalogService(['web.service.consul'], 'http: 80', [
          instance('10.0.0.3:8080', { locality: { region: 'north', zone: 'a', subzone: '' }, health: 'unhealthy' }),
        ]),
      },
    },
    { 'http://web.service.consul/': '70% 10.0.0.2:8080 30% 10.0.0.1:8080' },
    { ...client, locality: { region: 'north', zone: 'a', subzone: '' } },
  );
  checkCalls(
    'sends nothing to an instance that weighs nothing, and more to one that weighs more',
    {
      catalogs: {
        'consul/dc1/web': catalogService(['web.service.consul'], 'http: 80', [
          instance('10.0.0.1:8080', { weight: 0 }),
          instance('10.0.0.2:8080', { weight: 3 }),
          instance('10.0.0.3:8080'),
        ]),
      },
    },
    { 'http://web.service.consul/': '75% 10.0.0.2:8080 25% 10.0.0.3:8080' },
  );
  checkCalls(
    'asks DNS for all where one instance has a name',
    {
      catalogs: {
        'consul/dc1/web': web,
        'nomad/global/web': catalogService(['web.service.consul'], 'web: 80', [
          instance('vm.internal:8080', {}, 'web'),
        ]),
      },
    },
    { 'http://web.service.consul/': '33% 10.0.0.1:8080 33% 10.0.0.2:8080 33% vm.internal:8080' },
  );
});

describe('rules for a host of a catalog', () => {
  const web = catalogService(['web.service.consul', reviews], 'http: 80', [instance('10.0.0.1:8080', v('v1'))]);
  const catalogs = { 'consul/dc1/web': web };
  const clusterFor = (mesh: CatalogMesh, name: string) =>
    configurationIn(resourcesFor(planeOf(mesh), proxyOf(client))).clusters.get(name);

  for (const host of ['web.service.consul', 'reviews'])
    it(`may be a policy for ${host}`, () => {
      const policy = object(
        'DestinationRule',
        'policy',
        `host: ${host}, trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } }, outlierDetection: { consecutive5xxErrors: 3 }, tls: { mode: SIMPLE, sni: sni.test } }`,
      );
      const name = `outbound|80||${host === 'reviews' ? reviews : host}`;
      const cluster = clusterFor({ objects: [policy], catalogs }, name);
      assert.deepEqual(
        [
          cluster?.circuitBreakers?.thresholds?.[0]?.maxConnections,
          cluster?.outlierDetection?.consecutive5xx,
          cluster?.transportSocket?.name,
        ],
        [7, 3, 'envoy.transport_sockets.tls'],
      );
    });

  it('may be a route of a gateway', () => {
    const objects = [
      object(
        'Gateway',
        'web',
        'selector: { app: ingress }, servers: [{ port: { number: 8080, name: http, protocol: HTTP }, hosts: [shop.test] }]',
      ),
      object(
        'VirtualService',
        'web',
        'hosts: [shop.test], gateways: [web], http: [{ retries: { attempts: 5, retryOn: 5xx }, route: [{ destination: { host: reviews, subset: v1 } }] }]',
      ),
      subsets,
    ];
    const router: ProxyText = { type: 'router', namespace: 'edge', ip: '10.9.9.9', labels: { app: 'ingress' } };
    const outcome = evaluate(configurationIn(resourcesFor(planeOf({ objects, catalogs }), proxyOf(router))), {
      destination: { ip: '10.9.9.9', port: 8080 },
      payload: { kind: 'http', version: 'http/1.1', method: 'GET', authority: 'shop.test', path: '/', headers: [] },
    });
    assert.ok(outcome.result.kind === 'forwarded');
    assert.deepEqual(outcome.result.shares.map(landingOf), ['v1 100%: 100% 10.0.0.1:8080']);
    assert.equal(outcome.result.effects?.retries?.attempts, 5);
  });

  checkCalls(
    'may hide it: a Service that is shown to nobody else hides what a catalog adds to it',
    {
      objects: [
        'apiVersion: v1\nkind: Service\nmetadata: { name: reviews, namespace: shop, annotations: { networking.istio.io/exportTo: "." } }\nspec: { clusterIP: 10.1.0.1, ports: [{ name: http, port: 80 }] }',
      ],
      catalogs,
    },
    {
      [`http://${reviews}/`]: 'PassthroughCluster 100%: original destination',
      'http://web.service.consul/': '100% 10.0.0.1:8080',
    },
    { ...client, namespace: 'bank' },
  );
});

describe('a TCP host that only a catalog has', () => {
  checkCalls(
    'takes no port from a host that was there before it',
    {
      objects: [
        object(
          'ServiceEntry',
          'store',
          'hosts: [z.test], resolution: STATIC, ports: [{ number: 90, name: tcp, protocol: TCP }], endpoints: [{ address: 10.0.2.2 }]',
        ),
      ],
      catalogs: {
        'consul/dc1/a': catalogService(['a.service.consul'], 'tcp: 90', [instance('10.0.0.1:9000', {}, 'tcp')]),
      },
    },
    { 'tcp://z.test:90': '100% 10.0.2.2:90' },
  );
  const store = (host: string, place: string) => catalogService([host], 'tcp: 90', [instance(place, {}, 'tcp')]);
  const catalogs = {
    'consul/dc1/a': store('a.service.consul', '10.0.0.1:9000'),
    'consul/dc1/b': store('b.service.consul', '10.0.0.2:9000'),
  };
  it('is told from others by an address of its own, for whom DNS is answered by the proxy', () => {
    const plane = planeOf({ catalogs });
    const capturing = { ...client, metadata: { DNS_CAPTURE: 'true' } };
    const made = new Map(plane.graph.rows(plane.mesh.tables.autoAddresses));
    const addressOf = (host: string) => made.get(`default/${host}`)?.[0] ?? '';
    assert.deepEqual(
      Object.keys(catalogs).map((key) => {
        const host = `${key.at(-1)}.service.consul`;
        return landing(plane, `tcp://${host}:90`, capturing, addressOf(host));
      }),
      ['100% 10.0.0.1:9000', '100% 10.0.0.2:9000'],
    );
  });
});
