/** What the pages of a control plane that serves show, over HTTP. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { clusterType, endpointType, listenerType, routeType } from '../../src/resource/types.ts';
import { type AskingProxy, connectProxy } from '../support/asking-proxy.ts';
import { catalogService, instance } from '../support/catalog-services.ts';
import { type ServedMesh, serveMesh } from '../support/served-mesh.ts';

const shop = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop, labels: {app: reviews}, creationTimestamp: 2026-01-02T00:00:00Z}
spec: {clusterIP: 10.0.0.1, selector: {app: reviews}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-a, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- {addresses: [10.1.0.1], conditions: {ready: true}}
- {addresses: [10.1.0.2], conditions: {ready: false, terminating: false}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: shop}
spec: {hosts: [api.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS, location: MESH_EXTERNAL}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 1s}]}
`;

const reviews = 'outbound|80||reviews.shop.svc.cluster.local';
const sidecar = {
  id: 'sidecar~10.1.0.1~reviews-1.shop~shop.svc.cluster.local',
  metadata: { NAMESPACE: 'shop', CLUSTER_ID: 'c1', ISTIO_VERSION: '1.28.0', LABELS: { app: 'reviews' } },
  subscriptions: { [clusterType]: [], [endpointType]: [reviews], [listenerType]: [], [routeType]: ['80'] },
};

/** A mesh with the shop in it, served. */
async function serveShop(test: TestContext): Promise<ServedMesh> {
  const mesh = await serveMesh(test);
  mesh.source.apply(shop);
  mesh.source.sync();
  await mesh.started;
  return mesh;
}

/** The same with a sidecar that has been answered. */
async function serveSidecar(test: TestContext, options: Partial<AskingProxy> = {}): Promise<ServedMesh> {
  const mesh = await serveShop(test);
  await connectProxy(test, { ...sidecar, ...options, port: (await mesh.started).xdsAddress.port });
  return mesh;
}

describe('/ready', () => {
  it('says what is waited for, and then that proxies are served', async (test) => {
    const mesh = await serveMesh(test);
    const before = await mesh.get('/ready');
    assert.deepEqual([before.status, await before.text()], [503, 'waiting for memory\n']);
    mesh.source.sync();
    await mesh.started;
    const after = await mesh.get('/ready');
    assert.deepEqual([after.status, await after.text()], [200, 'ready\n']);
  });

  it('says so while it stops', async (test) => {
    const mesh = await serveSidecar(test);
    const stopping = (await mesh.started).close(5000);
    const reply = await fetch(`http://127.0.0.1:${mesh.httpPort}/ready`);
    assert.deepEqual([reply.status, await reply.text()], [503, 'stopping\n']);
    await stopping;
  });
});

it('/version names the version', async (test) => {
  assert.deepEqual(await (await serveShop(test)).json('/version'), { version: '1.2.3' });
});

it('/debug/registryz lists services in the form of Istio’s model', async (test) => {
  const mesh = await serveShop(test);
  assert.deepEqual(await mesh.json('/debug/registryz'), [
    {
      Attributes: {
        ServiceRegistry: 'External',
        Name: 'outside',
        Namespace: 'shop',
        Labels: {},
        ExportTo: null,
        LabelSelectors: null,
      },
      ports: [{ name: 'tls', port: 443, protocol: 'TLS' }],
      creationTime: null,
      hostname: 'api.example.com',
      clusterVIPs: { Addresses: null },
      defaultAddress: '0.0.0.0',
      Resolution: 1,
      MeshExternal: true,
      origin: 'ServiceEntry/shop/outside',
      file: 'test.yaml:15',
      registry: 'service-entry',
      freshness: { state: 'live' },
    },
    {
      Attributes: {
        ServiceRegistry: 'Kubernetes',
        Name: 'reviews',
        Namespace: 'shop',
        Labels: { app: 'reviews' },
        ExportTo: null,
        LabelSelectors: { app: 'reviews' },
      },
      ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
      creationTime: '2026-01-02T00:00:00.000Z',
      hostname: 'reviews.shop.svc.cluster.local',
      clusterVIPs: { Addresses: { c1: ['10.0.0.1'] } },
      defaultAddress: '10.0.0.1',
      Resolution: 0,
      MeshExternal: false,
      origin: 'Service/shop/reviews',
      file: 'test.yaml:1',
      registry: 'files',
      freshness: { state: 'live' },
    },
  ]);
});

describe('endpoints', () => {
  const endpoint = (address: string, health: string) => ({
    Addresses: [address],
    EndpointPort: 8080,
    ServicePortName: 'http',
    Labels: {},
    Locality: { Label: '' },
    HealthStatus: health,
    LbWeight: 1,
    Network: '',
    ServiceAccount: '',
    WorkloadName: '',
    Namespace: 'shop',
    NodeName: '',
    Cluster: 'c1',
    Shard: 'reviews-a',
  });
  const both = [endpoint('10.1.0.1', 'healthy'), endpoint('10.1.0.2', 'unhealthy')];

  it('are listed by port of each service at /debug/endpointz', async (test) => {
    const mesh = await serveShop(test);
    const all = (await mesh.json('/debug/endpointz')) as readonly { readonly svc: string }[];
    assert.deepEqual(
      all.map(({ svc }) => svc),
      ['api.example.com:tls', 'reviews.shop.svc.cluster.local:http'],
    );
    assert.deepEqual(all[1], { svc: 'reviews.shop.svc.cluster.local:http', ep: both });
  });

  it('are listed by host and source at /debug/endpointShardz', async (test) => {
    const mesh = await serveShop(test);
    const all = (await mesh.json('/debug/endpointShardz')) as { readonly [host: string]: unknown };
    assert.deepEqual(Object.keys(all), ['reviews.shop.svc.cluster.local', 'api.example.com']);
    assert.deepEqual(all['reviews.shop.svc.cluster.local'], { shop: { Shards: { 'Kubernetes/c1': both } } });
  });
});

describe('a service of a catalog', () => {
  async function serveCatalog(test: TestContext): Promise<ServedMesh> {
    const mesh = await serveShop(test);
    const { controlPlane } = await mesh.started;
    const service = catalogService(['reviews.shop.svc.cluster.local', 'api.example.com'], 'web: 80', [
      instance('10.1.0.3:9090', {}, 'web'),
      instance('vm.internal:9090', {}, 'web'),
    ]);
    controlPlane.catalogSink({ name: 'consul/dc1', kind: 'ConsulService' }).apply([{ name: 'reviews', service }]);
    return mesh;
  }

  it('is listed under its registry, with its endpoints', async (test) => {
    const mesh = await serveCatalog(test);
    const services = (await mesh.json('/debug/registryz')) as readonly {
      readonly Attributes: { readonly ServiceRegistry: string };
      readonly hostname: string;
    }[];
    assert.deepEqual(
      services.map(({ Attributes: { ServiceRegistry }, hostname }) => `${ServiceRegistry} ${hostname}`),
      [
        'Consul api.example.com',
        'External api.example.com',
        'Consul reviews.shop.svc.cluster.local',
        'Kubernetes reviews.shop.svc.cluster.local',
      ],
    );
    const endpoints = (await mesh.json('/debug/endpointz')) as readonly {
      readonly svc: string;
      readonly ep: object[];
    }[];
    assert.deepEqual(
      endpoints.map(({ svc, ep }) => `${svc} ${ep.length}`),
      [
        'api.example.com:tls 1',
        'api.example.com:web 2',
        'reviews.shop.svc.cluster.local:http 2',
        'reviews.shop.svc.cluster.local:web 2',
      ],
    );
    const shards = (await mesh.json('/debug/endpointShardz')) as {
      readonly [host: string]: { readonly shop: { readonly Shards: object } };
    };
    const known = shards['reviews.shop.svc.cluster.local']?.shop.Shards ?? {};
    assert.deepEqual(Object.keys(known), ['Consul/dc1', 'Kubernetes/c1']);
  });

  it('is told of where it and others state one host', async (test) => {
    const mesh = await serveCatalog(test);
    const problems = (await mesh.json('/debug/problems')) as readonly {
      readonly code: string;
      readonly object: object;
    }[];
    assert.deepEqual(
      problems.map(({ code, object }) => ({ code, object })),
      [
        {
          code: 'FW1208',
          object: { kind: 'ConsulService', namespace: 'default', name: 'reviews' },
        },
        { code: 'FW1201', object: { kind: 'ServiceEntry', namespace: 'shop', name: 'outside' } },
      ],
    );
  });
});

it('/debug/configz lists the rules in force as Kubernetes objects', async (test) => {
  const mesh = await serveShop(test);
  const metadata = (name: string) => ({
    name,
    namespace: 'shop',
    labels: {},
    annotations: {},
    creationTimestamp: null,
  });
  assert.deepEqual(await mesh.json('/debug/configz'), [
    {
      kind: 'ServiceEntry',
      apiVersion: 'networking.istio.io/v1',
      metadata: metadata('outside'),
      spec: {
        hosts: ['api.example.com'],
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
        resolution: 'DNS',
        location: 'MESH_EXTERNAL',
      },
      file: 'test.yaml:15',
    },
    {
      kind: 'VirtualService',
      apiVersion: 'networking.istio.io/v1',
      metadata: metadata('reviews'),
      spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }], timeout: '1s' }] },
      file: 'test.yaml:20',
    },
  ]);
});

describe('/debug/problems', () => {
  const problem = {
    code: 'FW0003',
    severity: 'error',
    message: 'expected a known field such as hosts, found the unknown field host',
    path: 'spec.host',
    object: { kind: 'VirtualService', namespace: 'shop', name: 'reviews' },
    file: 'test.yaml',
    line: 4,
    text: 'test.yaml:4: VirtualService shop/reviews: spec.host: expected a known field such as hosts, found the unknown field host [FW0003]',
  };
  const wrong = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {host: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`;

  it('says what is wrong, where, and that it is over', async (test) => {
    const mesh = await serveShop(test);
    assert.deepEqual(await mesh.json('/debug/problems'), []);
    mesh.source.apply(wrong);
    assert.deepEqual(await mesh.json('/debug/problems'), [problem]);
    mesh.source.apply(wrong.replace('host:', 'hosts:'));
    assert.deepEqual(await mesh.json('/debug/problems'), []);
    assert.deepEqual(
      mesh.logged.filter((line) => line.includes('VirtualService')),
      [`error ${problem.text}`, 'info VirtualService shop/reviews: all problems are solved'],
    );
  });

  it('says what is wrong with a file as a whole', async (test) => {
    const mesh = await serveShop(test);
    mesh.source.sink.problems('a.yaml', [
      {
        code: 'FW0010',
        severity: 'warning',
        message: 'expected objects, found an empty file',
        path: '',
        file: 'a.yaml',
      },
    ]);
    assert.deepEqual(await mesh.json('/debug/problems'), [
      {
        code: 'FW0010',
        severity: 'warning',
        message: 'expected objects, found an empty file',
        path: '',
        object: null,
        file: 'a.yaml',
        line: null,
        text: 'a.yaml: expected objects, found an empty file [FW0010]',
      },
    ]);
  });
});

it('/debug/sources says where objects come from, and whether that can be seen', async (test) => {
  const mesh = await serveShop(test);
  assert.deepEqual(await mesh.json('/debug/sources'), [
    { name: 'memory', registry: 'kubernetes/c1', isSynced: true, state: 'live' },
  ]);
  const shown = (state: string, since: number) => ({
    ...{ name: 'memory', registry: 'kubernetes/c1', isSynced: true, state },
    since: new Date(since).toISOString(),
    reason: 'mesh cannot be read',
  });
  for (const [state, sinceMs] of [
    ['stale', Date.now() - 60_000],
    ['lost', Date.UTC(2026, 0, 2)],
  ] as const) {
    mesh.source.sink.freshness({ state: 'stale', sinceMs, reason: 'mesh cannot be read' });
    assert.deepEqual(await mesh.json('/debug/sources'), [shown(state, sinceMs)]);
    const ready = await mesh.get('/ready');
    const line = `${state} memory since ${new Date(sinceMs).toISOString()}: mesh cannot be read\n`;
    assert.deepEqual([ready.status, await ready.text()], [200, `ready\n${line}`]);
  }
});

describe('/debug/syncz', () => {
  it('is empty while nobody is connected', async (test) => {
    assert.deepEqual(await (await serveShop(test)).json('/debug/syncz'), []);
  });

  it('says for a proxy and its types what was sent and confirmed, under Istio’s names', async (test) => {
    const mesh = await serveSidecar(test);
    const [status] = (await mesh.json('/debug/syncz')) as readonly SyncStatus[];
    const { cluster_id, proxy, proxy_type, proxy_version, istio_version, connection, dialect } = status as SyncStatus;
    assert.deepEqual(
      { cluster_id, proxy, proxy_type, proxy_version, istio_version, connection, dialect },
      {
        cluster_id: 'c1',
        proxy: 'reviews-1.shop',
        proxy_type: 'sidecar',
        proxy_version: '',
        istio_version: '1.28.0',
        connection: 'reviews-1.shop-1',
        dialect: 'sotw',
      },
    );
    for (const [name, type] of [
      ['cluster', clusterType],
      ['endpoint', endpointType],
      ['listener', listenerType],
      ['route', routeType],
    ] as const) {
      const { sent, acked, lastError, lastRejection, sentTime, subscribed } = (status as SyncStatus).resources[
        type
      ] as TypeSync;
      assert.equal(status?.[`${name}_sent`], sent);
      assert.equal(status?.[`${name}_acked`], acked);
      assert.match(sent, /^\d+\/v?/);
      assert.equal(sent, acked);
      assert.match(sentTime, /^\d{4}-\d\d-\d\dT.*Z$/);
      assert.deepEqual(
        [lastError, lastRejection, subscribed],
        ['', null, name === 'cluster' || name === 'listener' ? 'all' : 1],
      );
    }
  });

  it('shows the proxies of one namespace when it is asked to', async (test) => {
    const mesh = await serveSidecar(test);
    const inNamespace = async (name: string) =>
      ((await mesh.json(`/debug/syncz?namespace=${name}`)) as readonly SyncStatus[]).map(({ proxy }) => proxy);
    assert.deepEqual([await inNamespace('shop'), await inNamespace('sho')], [['reviews-1.shop'], []]);
  });

  it('says what a proxy has rejected, and why', async (test) => {
    const mesh = await serveSidecar(test, { rejects: { type: listenerType, message: 'no such filter' } });
    const [status] = (await mesh.json('/debug/syncz')) as readonly SyncStatus[];
    const {
      status: state,
      acked,
      sent,
      lastError,
      lastRejection,
    } = (status as SyncStatus).resources[listenerType] as TypeSync;
    assert.deepEqual(
      [state, acked, lastError, { ...lastRejection, time: '' }],
      ['ERROR', '', 'no such filter', { code: 3, message: 'no such filter', nonce: sent, time: '' }],
    );
  });

  interface TypeSync {
    readonly status: string;
    readonly subscribed: number | 'all';
    readonly sent: string;
    readonly acked: string;
    readonly sentTime: string;
    readonly lastError: string;
    readonly lastRejection: { readonly time: string } | null;
  }
  type SyncStatus = { readonly [field: string]: string } & {
    readonly resources: { readonly [type: string]: TypeSync };
  };
});

it('/debug/connections says who is connected, and what each asks for', async (test) => {
  const mesh = await serveSidecar(test);
  const { totalClients, clients } = (await mesh.json('/debug/connections')) as {
    readonly totalClients: number;
    readonly clients: readonly { readonly [field: string]: unknown }[];
  };
  const { connectedAt, address, ...client } = clients[0] ?? {};
  assert.match(String(connectedAt), /^\d{4}-\d\d-\d\dT/);
  assert.match(String(address), /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(
    [totalClients, client],
    [
      1,
      {
        connectionId: 'reviews-1.shop-1',
        labels: { app: 'reviews' },
        locality: { region: '', zone: '', subzone: '' },
        metadata: {
          CLUSTER_ID: 'c1',
          ISTIO_VERSION: '1.28.0',
          NAMESPACE: 'shop',
          NETWORK: '',
          NODE_NAME: '',
          SERVICE_ACCOUNT: '',
          INTERCEPTION_MODE: 'REDIRECT',
        },
        // The last one is how the client of this test knows that it has been heard.
        watches: {
          [clusterType]: 'all',
          [endpointType]: 1,
          [listenerType]: 'all',
          [routeType]: 1,
          'type.googleapis.com/test.Marker': 1,
        },
      },
    ],
  );
});

describe('/debug/config_dump', () => {
  type Dump = {
    readonly configs: readonly ({ readonly '@type': string } & { readonly [list: string]: readonly unknown[] })[];
  };
  const sections = ({ configs }: Dump) => configs.map((section) => section['@type'].split('.').at(-1));
  const clusterNames = (dump: Dump) =>
    ((dump.configs[0]?.dynamicActiveClusters ?? []) as readonly { readonly cluster: { readonly name: string } }[]).map(
      ({ cluster }) => cluster.name,
    );

  it('shows what a proxy is to hold, in the form of Envoy’s own dump', async (test) => {
    const mesh = await serveSidecar(test);
    const dump = (await mesh.json('/debug/config_dump?proxyID=reviews-1.shop')) as Dump;
    assert.deepEqual(sections(dump), [
      'ClustersConfigDump',
      'ListenersConfigDump',
      'RoutesConfigDump',
      'SecretsConfigDump',
      'EcdsConfigDump',
    ]);
    assert.ok(clusterNames(dump).includes(reviews));
    assert.ok(JSON.stringify(dump.configs[2]).includes('"timeout":"1s"'));
  });

  it('finds a proxy by a part of its name', async (test) => {
    const mesh = await serveSidecar(test);
    assert.equal((await mesh.get('/debug/config_dump?proxyID=views-1')).status, 200);
  });

  it('shows endpoints when it is asked to', async (test) => {
    const mesh = await serveSidecar(test);
    const dump = (await mesh.json('/debug/config_dump?proxyID=reviews-1&include_eds')) as Dump;
    assert.deepEqual(sections(dump).at(-1), 'EndpointsConfigDump');
    assert.ok(JSON.stringify(dump.configs.at(-1)).includes('"address":"10.1.0.1"'));
  });

  it('shows only the types that it is asked for', async (test) => {
    const mesh = await serveSidecar(test);
    const dump = (await mesh.json(`/debug/config_dump?proxyID=reviews-1&types=RDS,${endpointType}`)) as {
      readonly [type: string]: readonly {
        readonly name: string;
        readonly version: string;
        readonly resource: { readonly '@type': string };
      }[];
    };
    assert.deepEqual(
      Object.entries(dump).map(([type, resources]) => [
        type,
        resources.map(({ name, resource }) => [name, resource['@type']]),
      ]),
      [
        [routeType, [['80', routeType]]],
        [endpointType, [[reviews, endpointType]]],
      ],
    );
  });

  it('says which types there are', async (test) => {
    const mesh = await serveSidecar(test);
    const reply = await mesh.get('/debug/config_dump?proxyID=reviews-1&types=xyz');
    assert.deepEqual(
      [reply.status, await reply.text()],
      [400, 'expected ?types= with some of cds, eds, lds, rds, sds, ecds, nds, names, found xyz\n'],
    );
  });

  it('says who is connected when it is not said whose', async (test) => {
    const mesh = await serveSidecar(test);
    const reply = await mesh.get('/debug/config_dump');
    assert.deepEqual([reply.status, await reply.text()], [400, 'expected ?proxyID= with one of:\nreviews-1.shop-1\n']);
  });

  it('says in Istio’s words that a proxy is not connected', async (test) => {
    const mesh = await serveSidecar(test);
    const reply = await mesh.get('/debug/config_dump?proxyID=ratings-1.shop');
    assert.equal(reply.status, 404);
    assert.equal(
      await reply.text(),
      'Proxy not connected to this Pilot instance. It may be connected to another instance.\nConnected are:\nreviews-1.shop-1\n',
    );
  });
});

it('/debug/originz names the objects behind a route, with file and line', async (test) => {
  const mesh = await serveSidecar(test);
  const { rds } = (await mesh.json('/debug/originz?proxyID=reviews-1&type=rds&name=80')) as {
    readonly rds: readonly {
      readonly virtualHosts: readonly { readonly name: string; readonly routes: readonly unknown[] }[];
    }[];
  };
  assert.deepEqual(
    rds[0]?.virtualHosts.filter(({ name }) => name.startsWith('reviews')).map(({ routes }) => routes),
    [['VirtualService/shop/reviews spec.http[0] (test.yaml:23)']],
  );
});
