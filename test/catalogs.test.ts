/**
 * Hosts of catalogs in a mesh: alone, beside the same host in Kubernetes and in ServiceEntries, under every rule that users
 * write. What is asserted is what becomes of calls.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlPlane } from '../src/control-plane.ts';
import { evaluate } from '../src/evaluate/evaluate.ts';
import type { Share } from '../src/evaluate/outcome.ts';
import type { CatalogService } from '../src/model/catalog.ts';
import { catalogService, instance } from './support/catalog-services.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';

interface Mesh {
  readonly objects?: readonly string[];
  /** Services by `registry/name`. */
  readonly catalogs?: { readonly [name: string]: CatalogService };
}

function planeOf({ objects = [], catalogs = {} }: Mesh): ControlPlane {
  const plane = controlPlaneOf(objects.join('\n---\n'));
  for (const [key, service] of Object.entries(catalogs)) {
    const at = key.lastIndexOf('/');
    plane.catalogSink({ name: key.slice(0, at), kind: 'CatalogService' }).apply([{ name: key.slice(at + 1), service }]);
  }
  plane.commit();
  return plane;
}

const client: ProxyText = { namespace: 'shop', pod: 'c-1', ip: '10.9.9.9' };

/** Where a call of an application beside a proxy lands: `50% 10.0.0.1:8080 50% 10.0.0.2:8080`. */
function landing(plane: ControlPlane, url: string, text = client, at = '198.51.100.1'): string {
  const { protocol, host, hostname, port } = new URL(url);
  const outcome = evaluate(configurationIn(resourcesFor(plane, proxyOf(text))), {
    destination: { ip: at, port: Number(port === '' ? 80 : port) },
    interceptedAt: { ip: '127.0.0.1', port: 15001 },
    ...(protocol === 'tls:' ? { tls: { sni: hostname, alpn: [] } } : {}),
    payload:
      protocol === 'http:'
        ? { kind: 'http', version: 'http/1.1', method: 'GET', authority: host, path: '/', headers: [] }
        : { kind: 'bytes' },
  });
  return outcome.result.kind === 'forwarded'
    ? outcome.result.shares.map(landingOf).join(' | ')
    : outcome.result.because;
}

function landingOf({ cluster, percent, upstream }: Share): string {
  const subset = cluster.split('|')[2] ?? cluster;
  const head = percent === 100 && subset === '' ? [] : [`${subset} ${percent}%:`];
  if (upstream.kind !== 'endpoints') return [...head, upstream.kind].join(' ');
  const taken = upstream.endpoints.filter((one) => one.percent > 0);
  return [
    ...head,
    ...taken.map(({ address, percent: share }) => `${Math.round(share)}% ${address.ip}:${address.port}`),
  ].join(' ');
}

function check(name: string, mesh: Mesh, calls: { readonly [url: string]: string }, text = client): void {
  it(name, () => {
    const plane = planeOf(mesh);
    assert.deepEqual(Object.fromEntries(Object.keys(calls).map((url) => [url, landing(plane, url, text)])), calls);
  });
}

const object = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }`;
const service = (name: string, spec: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }`;
const slice = (name: string, port: string, ...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }\naddressType: IPv4\nports: [{ ${port} }]\nendpoints: [${addresses.map((address) => `{ addresses: [${address}], targetRef: { kind: Pod, name: p-${address}, namespace: shop } }`).join(', ')}]`;
const pod = (address: string, labels: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: p-${address}, namespace: shop, labels: { ${labels} } }\nstatus: { podIP: ${address} }`;

const reviews = 'reviews.shop.svc.cluster.local';
const v = (version: string) => ({ labels: { version } });
const subsets = (more = '') =>
  object(
    'DestinationRule',
    'reviews',
    `host: reviews, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]${more}`,
  );
const split = object(
  'VirtualService',
  'reviews',
  'hosts: [reviews], http: [{ route: [{ destination: { host: reviews, subset: v1 }, weight: 90 }, { destination: { host: reviews, subset: v2 }, weight: 10 }] }]',
);

describe('a host that only a catalog has', () => {
  const web = catalogService(['web.service.consul'], 'http: 80', [
    instance('10.0.0.1:8080'),
    instance('10.0.0.2:8080'),
  ]);
  check(
    'is called by its name',
    { catalogs: { 'consul/dc1/web': web } },
    {
      'http://web.service.consul/': '50% 10.0.0.1:8080 50% 10.0.0.2:8080',
    },
  );
  check(
    'is called by an alias as a service of Kubernetes is, short names included',
    { catalogs: { 'consul/dc1/reviews': { ...web, hostnames: ['reviews.service.consul', reviews] } } },
    Object.fromEntries(
      ['reviews', 'reviews.shop', 'reviews.shop.svc', reviews, 'reviews.service.consul'].map((host) => [
        `http://${host}/`,
        '50% 10.0.0.1:8080 50% 10.0.0.2:8080',
      ]),
    ),
  );
  check(
    'has routes and subsets by the rules for its short name',
    {
      objects: [subsets(), split],
      catalogs: {
        'consul/dc1/reviews': catalogService([reviews], 'http: 80', [
          instance('10.0.0.1:8080', v('v1')),
          instance('10.0.0.2:8080', v('v2')),
        ]),
      },
    },
    { 'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.0.2:8080' },
  );
  check(
    'is one service where several of its services have it',
    {
      objects: [subsets(), split],
      catalogs: {
        'consul/dc1/reviews-v1': catalogService([reviews], 'http: 80', [instance('10.0.0.1:8080', v('v1'))]),
        'consul/dc1/reviews-v2': catalogService([reviews], 'web: 80', [instance('10.0.0.2:8080', v('v2'), 'web')]),
      },
    },
    { 'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.0.2:8080' },
  );
  check(
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
  check(
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
  check(
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
  check(
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

describe('a TCP host that only a catalog has', () => {
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

describe('a host of Kubernetes and of a catalog', () => {
  const cluster = [
    service('reviews', 'clusterIP: 10.1.0.1, ports: [{ name: http, port: 80 }]'),
    slice('reviews', 'name: http, port: 8080', '10.0.0.1'),
    pod('10.0.0.1', 'version: v1'),
  ];
  const consul = catalogService([reviews], 'web: 80', [instance('10.0.1.1:9090', v('v2'), 'web')]);
  const catalogs = { 'consul/dc1/reviews': consul };
  check(
    'has the endpoints of both',
    { objects: cluster, catalogs },
    {
      'http://reviews/': '50% 10.0.0.1:8080 50% 10.0.1.1:9090',
    },
  );
  check(
    'is split between them by subsets',
    { objects: [...cluster, subsets(), split], catalogs },
    {
      'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.1.1:9090',
    },
  );
  check(
    'is that of the catalog without the cluster',
    { objects: [subsets(), split], catalogs },
    {
      'http://reviews/': 'v1 90%: | v2 10%: 100% 10.0.1.1:9090',
    },
  );
  check(
    'has what the catalog has where the cluster has the Service and no endpoints',
    { objects: cluster.slice(0, 1), catalogs },
    { 'http://reviews/': '100% 10.0.1.1:9090' },
  );
  check(
    'has no endpoints of a cluster whose Service is gone',
    { objects: [slice('reviews', 'name: web, port: 8080', '10.0.0.1')], catalogs },
    { 'http://reviews/': '100% 10.0.1.1:9090' },
  );
  check(
    'matches ports by number, and has the ports of both',
    {
      objects: cluster,
      catalogs: {
        'consul/dc1/reviews': catalogService([reviews], 'http: 81, web: 80', [
          { id: 'a', address: '10.0.1.1', ports: { http: 9091, web: 9090 } },
        ]),
      },
    },
    { 'http://reviews/': '50% 10.0.0.1:8080 50% 10.0.1.1:9090', 'http://reviews:81/': '100% 10.0.1.1:9091' },
  );
  check(
    'has no endpoint that is to be asked of DNS',
    {
      objects: cluster,
      catalogs: { 'consul/dc1/reviews': { ...consul, instances: [instance('vm.internal:80', {}, 'web')] } },
    },
    { 'http://reviews/': '100% 10.0.0.1:8080' },
  );
  it('has a listener at the address in the cluster for a port that the catalog adds', () => {
    const plane = planeOf({
      objects: cluster,
      catalogs: { 'consul/dc1/store': catalogService([reviews], 'tcp: 90', [instance('10.0.1.1:9000', {}, 'tcp')]) },
    });
    assert.equal(landing(plane, 'tcp://reviews:90', client, '10.1.0.1'), '100% 10.0.1.1:9000');
  });
});

describe('a host of a catalog and of a ServiceEntry', () => {
  const entry = object(
    'ServiceEntry',
    'web',
    'hosts: [web.service.consul], resolution: STATIC, ports: [{ number: 80, name: web, protocol: HTTP }, { number: 81, name: more, protocol: HTTP }], endpoints: [{ address: 10.0.2.2, ports: { web: 7070 } }]',
  );
  const web = (namespace: string) => ({
    'consul/dc1/web': catalogService(['web.service.consul'], 'http: 80', [instance('10.0.0.1:8080')], { namespace }),
  });
  check(
    'is that of the catalog',
    { objects: [entry], catalogs: web('default') },
    {
      'http://web.service.consul/': '100% 10.0.0.1:8080',
      'http://web.service.consul:81/': 'PassthroughCluster 100%: original destination',
    },
  );
  check(
    'has the endpoints of both in one namespace, as with a Service',
    { objects: [entry], catalogs: web('shop') },
    {
      'http://web.service.consul/': '50% 10.0.0.1:8080 50% 10.0.2.2:7070',
      'http://web.service.consul:81/': 'PassthroughCluster 100%: original destination',
    },
  );
  check(
    'is that of the ServiceEntry without the catalog',
    { objects: [entry] },
    {
      'http://web.service.consul/': '100% 10.0.2.2:7070',
    },
  );
});

describe('a host that catalogs have in two namespaces', () => {
  const at = (namespace: string, place: string) =>
    catalogService(['ext.test'], 'http: 80', [instance(place)], { namespace });
  const catalogs = { 'consul/dc1/ext': at('shop', '10.0.0.1:8080'), 'nomad/global/ext': at('bank', '10.0.0.2:8080') };
  check('is to each of them its own', { catalogs }, { 'http://ext.test/': '100% 10.0.0.1:8080' });
  check(
    'is to each of them its own, to the other too',
    { catalogs },
    { 'http://ext.test/': '100% 10.0.0.2:8080' },
    {
      ...client,
      namespace: 'bank',
    },
  );
});

/** The ports that a proxy at 10.0.0.1 serves, each with the host whose it is. */
function served(plane: ControlPlane, more: ProxyText = {}): readonly string[] {
  const { clusters } = configurationIn(resourcesFor(plane, proxyOf({ namespace: 'default', pod: 'web', ...more })));
  return [...clusters.values()].flatMap(({ name = '', metadata }) => {
    if (!/^inbound\|/.test(name)) return [];
    const services = metadata?.filterMetadata?.istio?.services as readonly { readonly host: string }[] | undefined;
    return [`${name.split('|')[1]} ${(services ?? []).map(({ host }) => host).join(' ')}`];
  });
}

function serves(name: string, mesh: Mesh, ports: readonly string[], text: ProxyText = {}): void {
  it(name, () => assert.deepEqual(served(planeOf(mesh), text), ports));
}

describe('a proxy beside an instance of a catalog', () => {
  const [web, store] = ['web.service.consul', 'store.service.consul'];
  const two = {
    'consul/dc1/web': catalogService([web], 'http: 80', [instance('10.0.0.1:8080', { id: 'web-1' })]),
    'consul/dc1/store': catalogService([store], 'tcp: 90', [instance('10.0.0.1:9000', { id: 'store-1' }, 'tcp')]),
  };
  serves('serves its ports', { catalogs: { 'consul/dc1/web': two['consul/dc1/web'] } }, [`8080 ${web}`]);
  serves('serves those of every instance at its address', { catalogs: two }, [`8080 ${web}`, `9000 ${store}`]);
  serves('serves those of the one whose name it has', { catalogs: two }, [`9000 ${store}`], { pod: 'store-1' });
  serves('serves those that it says its workload has', { catalogs: two }, [`8080 ${web}`], {
    metadata: { POD_PORTS: '[{"name":"http","containerPort":8080,"protocol":"TCP"}]' },
  });
  serves('serves nothing of an instance elsewhere', { catalogs: two }, [], { ip: '10.0.0.2' });
  serves(
    'serves a port once under all names that the service has',
    { catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], hostnames: [web, reviews] } } },
    [`8080 ${reviews} ${web}`],
  );
  serves(
    'serves what the host is in Kubernetes, where that has it',
    {
      objects: [service('reviews', 'ports: [{ name: http, port: 80 }]')],
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], hostnames: [reviews] } },
    },
    [`8080 ${reviews}`],
  );

  const near = { labels: { version: 'v1', app: 'web' }, locality: { region: 'north', zone: 'a', subzone: '' } };
  it('is where the instance is, and what it is', () => {
    const plane = planeOf({
      objects: [
        object('Sidecar', 'own', 'workloadSelector: { labels: { version: v1 } }, egress: [{ hosts: ["~/*"] }]'),
      ],
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], instances: [instance('10.0.0.1:8080', near)] } },
    });
    const { scope, close } = plane.connect(proxyOf({ namespace: 'shop' }), () => {});
    assert.deepEqual([scope.client.locality, scope.client.sidecar], ['north/a', 'shop/own']);
    close();
  });
  it('is what it says itself, where it says so', () => {
    const plane = planeOf({
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], instances: [instance('10.0.0.1:8080', near)] } },
    });
    const { scope, close } = plane.connect(proxyOf({ locality: { region: 'south', zone: '', subzone: '' } }), () => {});
    assert.equal(scope.client.locality, 'south');
    close();
  });
  it('is nowhere in particular where instances at its address do not agree', () => {
    const apart = { ...near, locality: { region: 'south', zone: '', subzone: '' } };
    const plane = planeOf({
      catalogs: {
        'consul/dc1/web': catalogService([web], 'http: 80', [instance('10.0.0.1:8080', near)]),
        'consul/dc1/store': catalogService([store], 'tcp: 90', [instance('10.0.0.1:9000', apart, 'tcp')]),
      },
    });
    const { scope, close } = plane.connect(proxyOf(), () => {});
    assert.equal(scope.client.locality, '');
    close();
  });
});
