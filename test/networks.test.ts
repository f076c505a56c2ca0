/** Which endpoints proxies of several networks get, from the objects that say where things are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { decodeMeshNetworks } from '../src/config/mesh-networks.ts';
import type { ControlPlane } from '../src/control-plane.ts';
import { catalogService, instance } from './support/catalog-services.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { changesIn } from './support/objects.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';

const host = 'a.shop.svc.cluster.local';
const service =
  'apiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: shop }\nspec: { clusterIP: 10.1.0.1, ports: [{ name: http, port: 80 }] }';
const pod = (name: string, address: string, network = '', tls = 'security.istio.io/tlsMode: istio') =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { ${[tls, ...(network === '' ? [] : [`topology.istio.io/network: ${network}`])].join(', ')} } }\nstatus: { podIP: ${address} }`;
const slice = (...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: a-1, namespace: shop, labels: { kubernetes.io/service-name: a } }\naddressType: IPv4\nports: [{ name: http, port: 8080 }]\nendpoints: [${addresses.map((address) => `{ addresses: [${address}] }`).join(', ')}]`;
const system = (network: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: istio-system, labels: { topology.istio.io/network: ${network} } }`;
const gateway = (labels: string, rest: string, status: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: eastwest, namespace: istio-system, labels: { ${labels} } }\nspec: { clusterIP: 10.1.0.9, ports: [{ name: tls, port: 15443 }], ${rest} }\nstatus: { loadBalancer: { ingress: [${status}] } }`;
const balancer = (network: string, address: string) =>
  gateway(`topology.istio.io/network: ${network}`, 'type: LoadBalancer', `{ ip: ${address} }`);
const rule = (mode: string) =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a, namespace: shop }\nspec: { host: a, trafficPolicy: { tls: { mode: ${mode} } } }`;

interface Mesh {
  readonly home?: readonly string[];
  readonly east?: readonly string[];
  readonly meshNetworks?: string;
  /** Instances that the catalog consul/dc1 has of the service, by address. */
  readonly catalog?: readonly string[];
}

function planeOf({ home = [], east = [], meshNetworks, catalog }: Mesh): ControlPlane {
  const plane = controlPlaneOf([service, ...home].join('\n---\n'), { cluster: 'home' });
  plane.addCluster('east');
  plane.apply(changesIn([service, ...east].join('\n---\n')), 'east');
  if (meshNetworks !== undefined) {
    const { networks, findings } = decodeMeshNetworks(parse(meshNetworks));
    assert.deepEqual(findings, []);
    plane.setMeshNetworks(networks ?? {});
  }
  if (catalog !== undefined) {
    const labels = { 'security.istio.io/tlsMode': 'istio' };
    const registered = catalogService(
      [host],
      'http: 80',
      catalog.map((address) => instance(`${address}:8080`, { labels })),
    );
    plane.catalogSink({ name: 'consul/dc1', kind: 'ConsulService' }).apply([{ name: 'a', service: registered }]);
  }
  plane.commit();
  return plane;
}

function proxyIn(cluster: string, metadata: ProxyText['metadata'] = {}): ProxyText {
  return { namespace: 'bank', pod: 'c-1', ip: '10.9.9.9', metadata: { CLUSTER_ID: cluster, ...metadata } };
}

/** `address:port*weight` of what a proxy gets for the host, or for its cluster by server name. */
function endpointsFor(plane: ControlPlane, text: ProxyText, cluster = `outbound|80||${host}`): readonly string[] {
  const { endpoints = [] } = configurationIn(resourcesFor(plane, proxyOf(text))).assignments.get(cluster) ?? {};
  return endpoints.flatMap(({ lbEndpoints = [] }) =>
    lbEndpoints.map(({ hostIdentifier, loadBalancingWeight }) => {
      const address = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
      if (address?.$case !== 'socketAddress') return '?';
      const port = address.value.portSpecifier?.$case === 'portValue' ? address.value.portSpecifier.value : 0;
      return `${address.value.address}:${port}*${loadBalancingWeight}`;
    }),
  );
}

/** Whatever the order. */
function check(
  name: string,
  mesh: Mesh,
  by: { readonly [who: string]: readonly string[] },
  who: (name: string) => ProxyText,
): void {
  it(name, () => {
    const plane = planeOf(mesh);
    const seen = Object.keys(by).map((one) => [one, new Set(endpointsFor(plane, who(one)))]);
    const expected = Object.entries(by).map(([one, endpoints]) => [one, new Set(endpoints)]);
    assert.deepEqual(seen, expected);
  });
}

const inNetwork = (network: string) => proxyIn('home', { NETWORK: network });
const local = { home: [system('near'), pod('a-1', '10.0.0.1'), slice('10.0.0.1')] };
const remote = [pod('a-1', '10.0.1.1'), pod('a-2', '10.0.1.2'), slice('10.0.1.1', '10.0.1.2')];
const apart = { ...local, east: [system('far'), ...remote, balancer('far', '1.1.1.1')] };

describe('a client', () => {
  check(
    'reaches its own network directly, another one by the gateway',
    apart,
    {
      near: ['10.0.0.1:8080*1', '1.1.1.1:15443*2'],
      far: ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
      '': ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
    },
    inNetwork,
  );
  check(
    'wants to know of some networks alone',
    apart,
    { near: ['10.0.0.1:8080*1'], 'near, far': ['10.0.0.1:8080*1', '1.1.1.1:15443*2'] },
    (view) => proxyIn('home', { NETWORK: 'near', REQUESTED_NETWORK_VIEW: view }),
  );
  check(
    'is where its cluster is when it says nothing itself',
    {
      home: [
        ...apart.home,
        'apiVersion: v1\nkind: Pod\nmetadata: { name: c-1, namespace: bank }\nstatus: { podIP: 10.9.9.9 }',
      ],
      east: apart.east,
    },
    {
      home: ['10.0.0.1:8080*1', '1.1.1.1:15443*2'],
    },
    proxyIn,
  );
  check(
    'reaches everything directly where no network has a gateway',
    { ...local, east: [system('far'), ...remote] },
    {
      near: ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
    },
    inNetwork,
  );
  check(
    'reaches nothing without mutual TLS',
    { ...local, east: [system('far'), pod('a-1', '10.0.1.1', '', ''), slice('10.0.1.1'), balancer('far', '1.1.1.1')] },
    {
      near: ['10.0.0.1:8080*1'],
    },
    inNetwork,
  );
  check(
    'reaches nothing for which a rule wants other TLS',
    { home: [...apart.home, rule('SIMPLE')], east: apart.east },
    { near: ['10.0.0.1:8080*1'] },
    inNetwork,
  );
  check(
    'reaches what a rule says is in the mesh',
    {
      home: [...local.home, rule('ISTIO_MUTUAL')],
      east: [system('far'), pod('a-1', '10.0.1.1', '', ''), slice('10.0.1.1'), balancer('far', '1.1.1.1')],
    },
    {
      near: ['10.0.0.1:8080*1', '1.1.1.1:15443*1'],
    },
    inNetwork,
  );
});

describe('the network of a pod', () => {
  check(
    'is that of its own label before that of its cluster',
    {
      ...local,
      east: [
        system('near'),
        pod('a-1', '10.0.1.1', 'far'),
        pod('a-2', '10.0.1.2'),
        slice('10.0.1.1', '10.0.1.2'),
        balancer('far', '1.1.1.1'),
      ],
    },
    {
      near: ['10.0.0.1:8080*1', '10.0.1.2:8080*1', '1.1.1.1:15443*1'],
    },
    inNetwork,
  );
  const networks =
    'networks: { near: { endpoints: [{ fromRegistry: home }] }, far: { endpoints: [{ fromCidr: 10.0.1.0/24 }], gateways: [{ address: 2.2.2.2, port: 443 }] } }';
  check(
    'is that of the cluster or of the block of addresses that MeshNetworks name',
    { home: [pod('a-1', '10.0.0.1'), slice('10.0.0.1')], east: remote, meshNetworks: networks },
    {
      near: ['10.0.0.1:8080*1', '2.2.2.2:443*2'],
      far: ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
    },
    inNetwork,
  );
  const ofCatalog = networks.replace('fromCidr: 10.0.1.0/24', 'fromRegistry: consul/dc1');
  const local1 = { home: [pod('a-1', '10.0.0.1'), slice('10.0.0.1')] };
  check(
    'is that of the catalog that MeshNetworks name',
    { ...local1, catalog: ['10.0.1.1'], meshNetworks: ofCatalog },
    { near: ['10.0.0.1:8080*1', '2.2.2.2:443*1'], far: ['10.0.0.1:8080*1', '10.0.1.1:8080*1'] },
    inNetwork,
  );
  check(
    'is that of the block of addresses for an instance of a catalog',
    { ...local1, catalog: ['10.0.1.1'], meshNetworks: networks },
    { near: ['10.0.0.1:8080*1', '2.2.2.2:443*1'], far: ['10.0.0.1:8080*1', '10.0.1.1:8080*1'] },
    inNetwork,
  );
  check(
    'is that of a label before that of MeshNetworks',
    { ...local, east: [system('near'), ...remote], meshNetworks: networks },
    {
      near: ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
    },
    inNetwork,
  );
});

describe('a gateway of a network', () => {
  const labels = 'topology.istio.io/network: far';
  const with_ = (one: string): Mesh => ({ ...local, east: [system('far'), ...remote, one] });
  check(
    'listens where its label says',
    with_(gateway(`${labels}, networking.istio.io/gatewayPort: "443"`, 'type: LoadBalancer', '{ ip: 1.1.1.1 }')),
    {
      near: ['10.0.0.1:8080*1', '1.1.1.1:443*2'],
    },
    inNetwork,
  );
  check(
    'has all the addresses of its load balancer, and those that were given to nodes',
    with_(gateway(labels, 'type: LoadBalancer, externalIPs: [3.3.3.3]', '{ ip: 1.1.1.1 }, { ip: 2.2.2.2 }')),
    {
      near: ['10.0.0.1:8080*3', '1.1.1.1:15443*2', '2.2.2.2:15443*2', '3.3.3.3:15443*2'],
    },
    inNetwork,
  );
  check(
    'without an address is none',
    with_(gateway(labels, 'type: LoadBalancer', '')),
    {
      near: ['10.0.0.1:8080*1', '10.0.1.1:8080*1', '10.0.1.2:8080*1'],
    },
    inNetwork,
  );
  check(
    'may be a Service that MeshNetworks name, in the clusters of the network',
    {
      home: [...local.home, gateway('', 'type: LoadBalancer', '{ ip: 4.4.4.4 }')],
      east: [system('far'), ...remote, gateway('', 'type: LoadBalancer', '{ ip: 5.5.5.5 }')],
      meshNetworks:
        'networks: { far: { endpoints: [{ fromRegistry: east }], gateways: [{ registryServiceName: eastwest.istio-system.svc.cluster.local, port: 15443 }] } }',
    },
    { near: ['10.0.0.1:8080*1', '5.5.5.5:15443*2'] },
    inNetwork,
  );

  it('passes on to the endpoints of its own network alone, by server name', () => {
    const front =
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: eastwest, namespace: istio-system }\nspec: { selector: { istio: eastwest }, servers: [{ port: { number: 15443, name: tls, protocol: TLS }, hosts: ["*.local"], tls: { mode: AUTO_PASSTHROUGH } }] }';
    const plane = planeOf({ ...apart, home: [...apart.home, front] });
    const router = {
      ...proxyIn('east', { NETWORK: 'far', REQUESTED_NETWORK_VIEW: 'far' }),
      type: 'router' as const,
      namespace: 'istio-system',
      labels: { istio: 'eastwest' },
    };
    assert.deepEqual(endpointsFor(plane, router, `outbound_.80_._.${host}`), ['10.0.1.1:8080*1', '10.0.1.2:8080*1']);
  });

  it("counts from when it has an address, and its network's label from when it is set", () => {
    const plane = planeOf({ ...local, east: remote });
    const steps = [gateway(labels, 'type: LoadBalancer', ''), balancer('far', '1.1.1.1'), system('far')].map(
      (object) => {
        plane.apply(changesIn(object), 'east');
        plane.commit();
        return endpointsFor(plane, inNetwork('near')).length;
      },
    );
    assert.deepEqual(steps, [3, 3, 2]);
  });
});
