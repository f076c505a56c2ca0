/** Whether it matters to what is made for a namespace in which cluster a client runs. */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { isKubernetes } from '../model/cluster.ts';
import { isHttp } from '../model/protocol.ts';
import { isCatalog } from '../model/registry-kind.ts';
import type { Service } from '../model/service.ts';
import { isClusterLocal } from './cluster-local.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';

/** By namespace. */
export type ClusterAwareQuery = Query<string, boolean>;

export function clusterAwareQuery(
  graph: Graph,
  { services, clusters }: Tables,
  { clusterSettings }: ServiceQueries,
): ClusterAwareQuery {
  /** A host has other addresses in another cluster; or who else has its addresses may be elsewhere there. */
  function differs(read: Reader, { hostname, addresses, ports }: Service): boolean {
    const keys = read.keys(services.byHost, hostname);
    if (spansClusters(keys)) return true;
    const isToldByAddress = ports.some(({ protocol }) => !isHttp(protocol)) || keys.some(isCatalog);
    return isToldByAddress && addresses.some((address) => read.keys(services.byAddress, address).length > 1);
  }

  return graph.query<string, boolean>('clusterAware', {
    reads: [services, services.byNamespace, services.byHost, services.byAddress, clusters.all, clusterSettings],
    compute(read, namespace) {
      if (read.keys(clusters.all, '').length <= 1) return false;
      const { clusterLocal } = read.cell(clusterSettings, meshKey);
      return read
        .rows(services, read.keys(services.byNamespace, namespace))
        .some((service) => isClusterLocal(service.hostname, clusterLocal) || differs(read, service));
    },
  });
}

/** Whether rows, by their keys, are of more than one cluster. */
function spansClusters(keys: readonly string[]): boolean {
  if (keys.length <= 1) return false;
  const registries = keys.filter(isKubernetes).map((key) => key.split('/').slice(0, -3).join('/'));
  return new Set(registries).size > 1;
}
