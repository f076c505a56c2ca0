/**
 * Networks and how they are entered. Endpoints of another network are reached through its gateways, where it has some; a
 * network without gateway counts as one that can be reached directly.
 *
 *      labels of pods and namespaces, MeshNetworks ─► the network of an endpoint
 *      Services with a network's label, MeshNetworks ─► the gateways of a network
 */
import type { MeshNetworks } from '../config/mesh-networks.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { compareTexts } from '../lib/compare.ts';
import { distinctBy } from '../lib/distinct.ts';
import { parseIp } from '../lib/ip.ts';
import { isKubernetes, kubernetesCluster } from '../model/cluster.ts';
import type { Service } from '../model/service.ts';
import type { EndpointQueries } from './endpoints.ts';
import { meshKey, type Tables } from './tables.ts';

/** Where a network is entered from outside. */
export interface NetworkGateway {
  readonly network: string;
  /** The cluster whose Service it is; empty when only an address is known. */
  readonly cluster: string;
  readonly address: string;
  readonly port: number;
}

export interface Networks {
  /** In order of network, cluster, address and port. */
  readonly gateways: readonly NetworkGateway[];
  /** By what all weights are multiplied, so that each divides by the number of gateways that may share it. */
  readonly scale: number;
}

export interface NetworkQueries {
  /** Keyed by `meshKey`. */
  readonly networks: Query<string, Networks>;
  /** The names by which gateways are stated that are no addresses, sorted; keyed by `meshKey`. */
  readonly gatewayNames: Query<string, readonly string[]>;
  /** The networks with gateways that endpoints of a host are in, sorted; keyed `namespace/host`. */
  readonly enteredNetworks: Query<string, readonly string[]>;
}

/** The label of a pod, a namespace or a gateway's Service that names its network. */
export const networkLabel = 'topology.istio.io/network';

/** Where gateways between networks listen unless their Service says otherwise. */
const defaultGatewayPort = 15443;

export function networkQueries(graph: Graph, tables: Tables, { endpoints }: EndpointQueries): NetworkQueries {
  const { services, meshNetworks, hostAddresses } = tables;

  /** Gateways whose address is a name are as good as none until it is known what the name stands for. */
  function located(read: Reader, gateways: readonly NetworkGateway[]): readonly NetworkGateway[] {
    return gateways.flatMap((gateway) =>
      parseIp(gateway.address) !== undefined
        ? [gateway]
        : (read.row(hostAddresses, gateway.address) ?? []).map((address) => ({ ...gateway, address })),
    );
  }

  const statedGateways = graph.query<string, readonly NetworkGateway[]>('statedGateways', {
    reads: [services, services.networkGateways, services.byHost, meshNetworks],
    compute(read, key) {
      const stated = read.row(meshNetworks, key) ?? {};
      const labelled = read.rows(services, read.keys(services.networkGateways, ''));
      const servicesAt = (host: string) => read.rows(services, read.keys(services.byHost, host));
      const all = [...labelled.flatMap(labelledGateways), ...networkGateways(stated, servicesAt)];
      return [...distinctBy(all, placeKey)].sort(byPlace);
    },
  });

  const gatewayNames = graph.query<string, readonly string[]>('gatewayNames', {
    reads: [statedGateways],
    compute: (read, key) =>
      [...new Set(read.cell(statedGateways, key).map(({ address }) => address))]
        .filter((address) => parseIp(address) === undefined)
        .sort(),
  });

  const networks = graph.query<string, Networks>('networks', {
    reads: [statedGateways, hostAddresses],
    compute: (read, key) => {
      const gateways = [...distinctBy(located(read, read.cell(statedGateways, key)), placeKey)].sort(byPlace);
      return { gateways, scale: scaleOf(gateways) };
    },
  });

  const enteredNetworks = graph.query<string, readonly string[]>('enteredNetworks', {
    reads: [networks, endpoints],
    compute(read, host) {
      const { gateways } = read.cell(networks, meshKey);
      if (gateways.length === 0) return [];
      const entered = new Set(gateways.map(({ network }) => network));
      const found = read.cell(endpoints, host).endpoints.map(({ network }) => network);
      return [...new Set(found)].filter((network) => entered.has(network)).sort();
    },
  });

  return { networks, gatewayNames, enteredNetworks };
}

function placeKey({ network, cluster, address, port }: NetworkGateway): string {
  return [network, cluster, address, port].join('\n');
}

function byPlace(a: NetworkGateway, b: NetworkGateway): number {
  return (
    compareTexts(a.network, b.network) ||
    compareTexts(a.cluster, b.cluster) ||
    compareTexts(a.address, b.address) ||
    a.port - b.port
  );
}

function labelledGateways(service: Service): readonly NetworkGateway[] {
  const { labels } = service;
  const network = labels[networkLabel] ?? '';
  const stated = Number(labels['networking.istio.io/gatewayPort'] ?? '');
  return gatewaysAt(service, network, Number.isInteger(stated) && stated > 0 ? stated : defaultGatewayPort);
}

/** A Service that is reached by ports of its nodes is so by another port. */
function gatewaysAt({ registry, external }: Service, network: string, port: number): readonly NetworkGateway[] {
  if (external === undefined || !isKubernetes(registry)) return [];
  const cluster = kubernetesCluster(registry);
  return external.addresses.map((address) => ({ network, cluster, address, port: external.ports?.[port] ?? port }));
}

/** The gateways that MeshNetworks state: by address, or as Services of the clusters that are in the network. */
export function networkGateways(
  { networks = {} }: MeshNetworks,
  servicesAt: (host: string) => readonly Service[],
): readonly NetworkGateway[] {
  return Object.entries(networks).flatMap(([network, { endpoints = [], gateways = [] }]) => {
    const clusters = new Set(endpoints.flatMap(({ fromRegistry = '' }) => (fromRegistry === '' ? [] : [fromRegistry])));
    return gateways.flatMap(({ address, registryServiceName: host = '', port }) => {
      if (address !== undefined) return [{ network, cluster: '', address: address.toLowerCase(), port }];
      return servicesAt(host.toLowerCase())
        .filter(({ registry, labels }) => clusters.has(kubernetesCluster(registry)) && !(networkLabel in labels))
        .flatMap((service) => gatewaysAt(service, network, port));
    });
  });
}

/** The least number that the gateways of each network, and those of each of its clusters, divide. */
export function scaleOf(gateways: readonly NetworkGateway[]): number {
  const counts = [
    ...Map.groupBy(gateways, ({ network }) => network).values(),
    ...Map.groupBy(gateways, ({ network, cluster }) => `${network}\n${cluster}`).values(),
  ].map(({ length }) => length);
  return counts.reduce((all, count) => (all * count) / greatestDivisor(all, count), 1);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
