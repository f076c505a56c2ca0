/** The endpoints of a host: those that platforms report, and the workloads that its services select. */
import type { MeshNetworks } from '../config/mesh-networks.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { isAbout, isKubernetes } from '../model/cluster.ts';
import { type Endpoint, type EndpointShard, shardKey } from '../model/endpoint.ts';
import { selects } from '../model/labels.ts';
import { type Origin, type OriginKey, originKey } from '../model/origin.ts';
import { isCatalog, isStated } from '../model/registry-kind.ts';
import { type Service, serviceKey } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import { type MergedEndpoints, mergedEndpoints } from './merged-endpoints.ts';
import { configCluster } from './merged-services.ts';
import { statedNetwork } from './stated-network.ts';
import { meshKey, selectableKey, type Tables } from './tables.ts';

/**
 * All endpoints of a host in a namespace: in order of shards, then of selected workloads. Of one place that several state
 * proxies take the first statement, so that shards of clusters stand before others where a catalog states the host too.
 */
export interface HostEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** The objects that state them, sorted. */
  readonly origins: readonly OriginKey[];
}

export interface EndpointQueries {
  /** Keyed `namespace/host`. */
  readonly endpoints: Query<string, HostEndpoints>;
}

export function endpointQueries(graph: Graph, tables: Tables): EndpointQueries {
  const { meshNetworks, services, clusters, shards, workloads } = tables;
  const endpoints = graph.query<string, HostEndpoints>('endpoints', {
    reads: [
      meshNetworks,
      services,
      services.byHost,
      clusters,
      clusters.all,
      shards,
      shards.byHost,
      workloads,
      workloads.selectable,
    ],
    compute(read, key) {
      const at = key.indexOf('/');
      const namespace = key.slice(0, at);
      const reporting = read.rows(shards, read.keys(shards.byHost, key));
      const networks = read.row(meshNetworks, meshKey);
      const located = (shard: EndpointShard) =>
        networks === undefined ? shard.endpoints : inNetworks(shard, networks);
      const keys = read.keys(services.byHost, key.slice(at + 1));
      const stating = read.rows(services, keys).filter((service) => service.namespace === namespace);
      const selecting = stating.filter((service) => service.selector !== undefined);
      const merged = keys.some(isCatalog) ? mergedOf(read, stating, reporting) : undefined;
      const reported =
        merged === undefined
          ? reporting.flatMap(located)
          : byKind(reporting).flatMap((shard) => merged.of({ key: shardKey(shard), endpoints: located(shard) }));
      if (selecting.length === 0) return { endpoints: reported, origins: originsOf(reporting) };
      // What is stated beside a cluster is selected by the Services of its own cluster, not once by each.
      const found = selecting.flatMap((service) =>
        selected(read, service)
          .filter(({ cluster }) => isAbout(service.registry, cluster))
          .map((workload) => ({ service, workload })),
      );
      const more = found.flatMap(({ service, workload }) => {
        const endpoints = toEndpoints(workload, service);
        return merged === undefined ? endpoints : merged.of({ key: serviceKey(service), endpoints });
      });
      return {
        endpoints: [...reported, ...more],
        origins: originsOf([...reporting, ...found.map(({ workload }) => workload)]),
      };
    },
  });

  /** Undefined where one catalog alone has the host and its endpoints, so that there is nothing to merge. */
  function mergedOf(
    read: Reader,
    stating: readonly Service[],
    reporting: readonly EndpointShard[],
  ): MergedEndpoints | undefined {
    const [first, ...others] = stating;
    const isAlone =
      first !== undefined && others.length === 0 && reporting.every((shard) => shardKey(shard) === serviceKey(first));
    return isAlone ? undefined : mergedEndpoints(stating, configCluster(read, clusters));
  }

  /** The workloads that a service selects: candidates share one label with its selector, so that others are not looked at. */
  function selected(read: Reader, { namespace, selector = {}, selects: kinds }: Service): readonly Workload[] {
    const [label] = Object.entries(selector).sort();
    return (kinds === 'all-workloads' ? (['pod', 'workload-entry'] as const) : (['workload-entry'] as const))
      .flatMap((kind) =>
        read.rows(workloads, read.keys(workloads.selectable, selectableKey({ kind, namespace, label }))),
      )
      .filter(({ labels }) => selects(selector, labels))
      .filter(({ kind, health }) => (kind === 'pod' ? health === 'healthy' : health !== 'unhealthy'));
  }

  return { endpoints };
}

/** Shards of clusters, then of catalogs, then those that are stated; each in their order. */
function byKind(reporting: readonly EndpointShard[]): readonly EndpointShard[] {
  const rank = ({ registry }: EndpointShard) => (isKubernetes(registry) ? 0 : isStated(registry) ? 2 : 1);
  return [...reporting].sort((a, b) => rank(a) - rank(b));
}

/** The endpoints of a platform with the networks that MeshNetworks name, where the platform itself names none. */
function inNetworks({ registry, endpoints }: EndpointShard, networks: MeshNetworks): readonly Endpoint[] {
  if (isStated(registry)) return endpoints;
  return endpoints.map((endpoint) => {
    if (endpoint.network !== '') return endpoint;
    const place = isKubernetes(registry) ? endpoint.cluster : registry;
    return { ...endpoint, network: statedNetwork(networks, place, endpoint.address) };
  });
}

function originsOf(rows: readonly { readonly origin: Origin }[]): readonly OriginKey[] {
  return [...new Set(rows.map(({ origin }) => originKey(origin)))].sort();
}

function toEndpoints(workload: Workload, service: Service): readonly Endpoint[] {
  const [address] = workload.addresses;
  if (address === undefined) return [];
  const { labels, locality, weight, network, serviceAccount, nodeName, namespace, cluster } = workload;
  return [
    {
      address,
      ports: portsAt(workload, service),
      labels,
      locality,
      weight,
      health: workload.kind === 'pod' ? workload.health : 'unknown',
      network,
      serviceAccount,
      nodeName,
      workload: workload.name,
      namespace,
      cluster,
    },
  ];
}

/** The workload's own number for a port's name wins; then the port's target, by number or by the workload's name for it. */
function portsAt({ ports, addresses }: Workload, service: Service): { readonly [name: string]: number } {
  const isSocket = addresses[0]?.startsWith('/') === true || addresses[0]?.startsWith('@') === true;
  const numbers: { [name: string]: number } = {};
  for (const { name, number, targetPort } of service.ports) {
    const target = typeof targetPort === 'string' ? ports[targetPort] : (targetPort ?? number);
    const port = isSocket ? 0 : (ports[name] ?? target);
    if (port !== undefined) numbers[name] = port;
  }
  return numbers;
}
