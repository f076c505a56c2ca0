/** A mesh of any size in which everything occurs in proportion: services, endpoints, pods, rules, entries, Sidecars. */
import type { CatalogService } from '../../src/model/catalog.ts';
import type { Draft } from '../support/draft.ts';
import type { Change, ProxyDraft } from '../support/plane.ts';
import { connect } from '../support/steps.ts';

export interface Size {
  readonly namespaces: number;
  readonly servicesEach: number;
}

/** A service by the number of its namespace and its own number there. */
export type Place = readonly [namespace: number, service: number];

const nameOf = ([namespace, service]: Place) => `s-${namespace}-${service}`;
const namespaceOf = ([namespace]: Place) => `ns-${namespace}`;
export const host = (place: Place) => `${nameOf(place)}.${namespaceOf(place)}.svc.cluster.local`;
const address = ([namespace, service]: Place, net: number) =>
  `10.${net}.${namespace * 4 + (service >> 8)}.${service & 255}`;

/** An object with a spec, or with fields of its own beside it. */
export function draft(
  kind: string,
  namespace: string,
  name: string,
  body: Draft['body'],
  more: Partial<Draft> = {},
): Draft {
  return { group: 'networking.istio.io', kind, namespace, name, createdAt: 0, line: 1, body, ...more };
}

export const servicePorts = [
  { name: 'http', port: 80, targetPort: 8000 },
  { name: 'tcp', port: 9000, targetPort: 9000 },
];

export function service(place: Place, more: Partial<Draft> = {}): Draft {
  const spec = { clusterIP: address(place, 96), ports: servicePorts, selector: { app: nameOf(place) } };
  return draft('Service', namespaceOf(place), nameOf(place), { spec }, { group: '', ...more });
}

/** A service that is its endpoints. */
export function headless(place: Place): Draft {
  const spec = { clusterIP: 'None', ports: servicePorts, selector: { app: nameOf(place) } };
  return draft('Service', namespaceOf(place), nameOf(place), { spec }, { group: '' });
}

/** The endpoints of a service; those of `unready` are not ready. */
export function endpoints(place: Place, replicas: readonly number[] = [1, 2], unready: readonly number[] = []): Draft {
  return draft(
    'EndpointSlice',
    namespaceOf(place),
    nameOf(place),
    {
      addressType: 'IPv4',
      ports: [
        { name: 'http', port: 8000 },
        { name: 'tcp', port: 9000 },
      ],
      endpoints: replicas.map((replica) => ({
        addresses: [address(place, replica)],
        conditions: { ready: !unready.includes(replica), terminating: false },
        targetRef: { kind: 'Pod', name: `${nameOf(place)}-${replica}`, namespace: namespaceOf(place) },
      })),
    },
    { group: 'discovery.k8s.io', labels: { 'kubernetes.io/service-name': nameOf(place) } },
  );
}

export function pod(place: Place, replica: number, labels: Draft['labels'] = {}): Draft {
  return draft(
    'Pod',
    namespaceOf(place),
    `${nameOf(place)}-${replica}`,
    { status: { podIP: address(place, replica), conditions: [{ type: 'Ready', status: 'True' }] } },
    { group: '', labels: { app: nameOf(place), version: `v${replica}`, ...labels } },
  );
}

/** Splits the traffic of a service between its two subsets. */
export function virtualService(place: Place, weight = 90): Draft {
  const to = (subset: string) => ({ host: host(place), subset });
  const route = [
    { destination: to('v1'), weight },
    { destination: to('v2'), weight: 100 - weight },
  ];
  const spec = { hosts: [host(place)], http: [{ route }] };
  return draft('VirtualService', namespaceOf(place), nameOf(place), { spec });
}

export function destinationRule(place: Place, versions: readonly string[] = ['v1', 'v2'], maxConnections = 100): Draft {
  const subsets = versions.map((version) => ({ name: version, labels: { version } }));
  const trafficPolicy = { connectionPool: { tcp: { maxConnections } } };
  return draft('DestinationRule', namespaceOf(place), nameOf(place), {
    spec: { host: host(place), trafficPolicy, subsets },
  });
}

export function serviceEntry(place: Place, endpoint = 'one.test'): Draft {
  return draft('ServiceEntry', namespaceOf(place), nameOf(place), {
    spec: {
      hosts: [`${nameOf(place)}.example`],
      resolution: 'DNS',
      ports: [
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 443, name: 'tls', protocol: 'TLS' },
      ],
      endpoints: [{ address: endpoint }],
    },
  });
}

export function sidecar(namespace: number): Draft {
  return draft('Sidecar', `ns-${namespace}`, 'default', { spec: { egress: [{ hosts: ['./*', 'istio-system/*'] }] } });
}

export function gateway(hosts: readonly string[]): Draft {
  const servers = [{ port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts }];
  return draft('Gateway', 'istio-system', 'ingress', { spec: { selector: { istio: 'ingress' }, servers } });
}

/** The first service of a namespace, seen from outside. */
function publicRoute(namespace: number): Draft {
  return draft('VirtualService', `ns-${namespace}`, 'public', {
    spec: {
      hosts: [`app-${namespace}.example.com`],
      gateways: ['istio-system/ingress'],
      http: [{ route: [{ destination: { host: host([namespace, 0]) } }] }],
    },
  });
}

/** The same in another cluster. */
export function inEast(object: Draft): Draft {
  return { ...object, cluster: 'east' };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function placesOf({ namespaces, servicesEach }: Size): readonly Place[] {
  return numbers(namespaces).flatMap((n) => numbers(servicesEach).map((s): Place => [n, s]));
}

function objects(size: Size): readonly Draft[] {
  const { namespaces } = size;
  const places = placesOf(size);
  const every = (period: number, rest: number) => places.filter(([, s]) => s % period === rest);
  return [
    ...places.flatMap((place) => [service(place), endpoints(place), pod(place, 1), pod(place, 2)]),
    ...every(4, 0).flatMap((place) => [virtualService(place), destinationRule(place)]),
    ...every(4, 1).map((place) => destinationRule(place)),
    ...every(10, 3).map((place) => serviceEntry(place)),
    ...numbers(namespaces).map(publicRoute),
    ...numbers(namespaces)
      .filter((n) => n % 5 === 3)
      .map(sidecar),
    gateway(['*.example.com']),
  ];
}

/** A sidecar of the first pod of a service. */
export function workload(place: Place, zone: string, more: Partial<ProxyDraft> = {}): Partial<ProxyDraft> {
  return {
    name: `${nameOf(place)}-1.${namespaceOf(place)}`,
    addresses: [address(place, 1)],
    labels: { app: nameOf(place), version: 'v1' },
    locality: { region: 'r', zone, subzone: '' },
    ...more,
  };
}

/** The same proxies whatever the size: sidecars of several namespaces, places and modes, one with a Sidecar, and a gateway. */
function proxies(): readonly Change[] {
  const router = { type: 'router', name: 'ingress.istio-system', labels: { istio: 'ingress' } } as const;
  return [
    ...connect('ns-0', workload([0, 0], 'one'), 'a'),
    ...connect('ns-0', workload([0, 1], 'two'), 'b'),
    ...connect('ns-1', workload([1, 0], 'one'), 'c'),
    ...connect('ns-2', workload([2, 0], 'one', { interception: 'NONE', httpProxyPort: 15080 }), 'd'),
    ...connect('ns-3', workload([3, 0], 'two'), 'e'),
    ...connect('istio-system', router, 'gateway'),
  ];
}

/** The same mesh, in which agents of three more sidecars answer DNS: of two namespaces, and of one that has a Sidecar. */
export function meshWithDns(size: Size): readonly Change[] {
  const capturesDns = true;
  return [
    ...meshOf(size),
    ...connect('ns-0', workload([0, 2], 'one', { capturesDns }), 'dns a'),
    ...connect('ns-1', workload([1, 2], 'two', { capturesDns }), 'dns b'),
    ...connect('ns-3', workload([3, 2], 'one', { capturesDns }), 'dns c'),
  ];
}

export function meshOf(size: Size): readonly Change[] {
  return [...objects(size).map((object) => ({ do: 'put', object }) as const), ...proxies()];
}

/** A service as a catalog has it, under a name of its own and under that of the Service; its port has another name there. */
export function catalogService(place: Place, replicas: readonly number[] = [1, 2], version = 'v1'): Change {
  const service: CatalogService = {
    hostnames: [`${nameOf(place)}.service.consul`, host(place)],
    namespace: namespaceOf(place),
    ports: [{ name: 'web', number: 80, protocol: 'HTTP' }],
    instances: replicas.map((replica) => ({
      id: String(replica),
      address: address(place, 50 + replica),
      ports: { web: 8000 },
      labels: { version },
    })),
  };
  return { do: 'register', change: { catalog: 'consul/dc1', name: nameOf(place), service } };
}

/** The same mesh, with a catalog that has every tenth service too. */
export function meshWithCatalog(size: Size): readonly Change[] {
  const places = placesOf(size).filter(([, s]) => s % 10 === 6);
  return [...places.map((place) => catalogService(place)), ...meshOf(size)];
}

/** The endpoints that a service has in the other cluster: the same replicas at other addresses. */
export function remoteEndpoints(place: Place, unready: readonly number[] = []): Draft {
  return inEast(endpoints(place, [101, 102], unready));
}

/** The same mesh in two clusters, each a network of its own with a gateway. */
export function meshOfTwoClusters(size: Size): readonly Change[] {
  const labels = (network: string) => ({ labels: { 'topology.istio.io/network': network } });
  const system = (network: string) => draft('Namespace', '', 'istio-system', {}, { group: '', ...labels(network) });
  const gatewayOf = (network: string, externalIP: string) =>
    draft(
      'Service',
      'istio-system',
      'eastwest',
      { spec: { clusterIP: externalIP, externalIPs: [externalIP], ports: [{ name: 'tls', port: 15443 }] } },
      { group: '', ...labels(network) },
    );
  const remote = placesOf(size).flatMap((place) => [
    service(place),
    endpoints(place, [101, 102]),
    pod(place, 101, { 'security.istio.io/tlsMode': 'istio' }),
    pod(place, 102, { 'security.istio.io/tlsMode': 'istio' }),
  ]);
  return [
    { do: 'join', cluster: 'east' },
    ...[system('near'), gatewayOf('near', '1.1.1.1')].map((object) => ({ do: 'put', object }) as const),
    ...[system('far'), gatewayOf('far', '2.2.2.2'), ...remote].map(
      (object) => ({ do: 'put', object: inEast(object) }) as const,
    ),
    ...meshOf(size),
    ...connect('ns-0', workload([0, 2], 'one', { network: 'near' }), 'near'),
    ...connect('ns-0', workload([0, 2], 'one', { network: 'far', cluster: 'east' }), 'far'),
  ];
}
