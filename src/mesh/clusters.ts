/** The clusters and load assignments of a host, as a client (already narrowed) gets them. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { ClusterIr } from '../ir/cluster.ts';
import type { LoadAssignmentIr } from '../ir/endpoint.ts';
import { anywhere, clientOf } from '../model/scope.ts';
import { isClusterLocal } from './cluster-local.ts';
import { clusterName, resolveClusters, type Target, targetsOf, usesEds } from './cluster-resolver.ts';
import type { DestinationPolicyQueries } from './destination-policy.ts';
import { resolveAssignment } from './endpoint-resolver.ts';
import type { EndpointQueries } from './endpoints.ts';
import type { ImportQueries } from './imports.ts';
import { isLocalityWeighted } from './locality.ts';
import type { NetworkQueries } from './networks.ts';
import { type ClientHost, clientHostKey, type ServiceQueries } from './services.ts';
import type { CrossingEndpoints } from './split-horizon.ts';
import { meshKey } from './tables.ts';

export interface ClusterQueries {
  readonly clusters: Query<ClientHost, readonly ClusterIr[]>;
  /** One for each cluster whose endpoints the proxy asks for, in the order of the clusters. */
  readonly assignments: Query<ClientHost, readonly LoadAssignmentIr[]>;
}

export function clusterQueries(
  graph: Graph,
  { clusterSettings }: ServiceQueries,
  { imported }: ImportQueries,
  { destinationPolicy }: DestinationPolicyQueries,
  { endpoints }: EndpointQueries,
  { networks: meshNetworks, enteredNetworks }: NetworkQueries,
): ClusterQueries {
  const clusters = graph.query<ClientHost, readonly ClusterIr[]>('clusters', {
    reads: [imported, destinationPolicy, endpoints, clusterSettings],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const service = read.cell(imported, { client, host });
      if (service === undefined) return [];
      const { namespace, resolution } = service;
      const policy = read.cell(destinationPolicy, { client, host, namespace });
      const carries = resolution === 'dns' || resolution === 'dns-round-robin';
      return resolveClusters({
        client,
        service,
        policy,
        settings: read.cell(clusterSettings, meshKey),
        endpoints: carries ? read.cell(endpoints, `${namespace}/${host}`) : { endpoints: [], origins: [] },
      });
    },
  });

  /** Assignments for a client that is reduced to what these depend on. */
  const placed = graph.query<ClientHost, readonly LoadAssignmentIr[]>('placedAssignments', {
    reads: [imported, destinationPolicy, endpoints, clusterSettings, meshNetworks, enteredNetworks],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const service = read.cell(imported, { client, host });
      if (service === undefined) return [];
      const policy = read.cell(destinationPolicy, { client, host, namespace: service.namespace });
      const all = read.cell(endpoints, `${service.namespace}/${host}`);
      const settings = read.cell(clusterSettings, meshKey);
      const { clusterLocal } = settings;
      const key = `${service.namespace}/${host}`;
      const networks = read.cell(enteredNetworks, key).length === 0 ? undefined : read.cell(meshNetworks, meshKey);
      return targetsOf({ service, policy, settings })
        .filter((target) => usesEds(client, service, target))
        .map((target) => {
          const { outlierDetection } = target.policy;
          return resolveAssignment({
            cluster: clusterName(service, target),
            client,
            service,
            port: target.port,
            subset: target.subset?.labels ?? {},
            endpoints: all,
            isClusterLocal: isClusterLocal(host, clusterLocal),
            ...(networks === undefined ? {} : { networks }),
            crossing: crossingOf(target),
            locality: target.locality,
            hasOutlierDetection: outlierDetection !== undefined,
            sendsUnhealthy: (outlierDetection?.minHealthPercent ?? 0) === 0,
            resolvesNames: false,
          });
        });
    },
  });

  const assignments = graph.query<ClientHost, readonly LoadAssignmentIr[]>('assignments', {
    reads: [imported, destinationPolicy, clusterSettings, enteredNetworks, placed],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      // Where a client runs only matters to hosts whose policy asks for it: others share one result over all places.
      const elsewhere = anywhere(client);
      const service = read.cell(imported, { client: elsewhere, host });
      if (service === undefined) return [];
      const policy = read.cell(destinationPolicy, { client: elsewhere, host, namespace: service.namespace });
      const settings = read.cell(clusterSettings, meshKey);
      const isPlaced = targetsOf({ service, policy, settings }).some(
        ({ locality, policy: { outlierDetection } }) =>
          locality !== undefined &&
          (locality.isForced || outlierDetection !== undefined || isLocalityWeighted(locality)),
      );
      const isDivided = read.cell(enteredNetworks, `${service.namespace}/${host}`).length > 0;
      const { key: _, locality, network, networkView, nodeName, cluster, ...rest } = client;
      const reduced = clientOf({
        ...rest,
        ...(networkView !== undefined && isDivided ? { networkView } : {}),
        locality: isPlaced ? locality : '',
        network: isPlaced || isDivided ? network : '',
        nodeName: isPlaced || service.isNodeLocal === true ? nodeName : '',
        cluster: isPlaced || isClusterLocal(host, settings.clusterLocal) ? cluster : '',
      });
      return read.cell(placed, { client: reduced, host });
    },
  });

  return { clusters, assignments };
}

/** A rule that asks for other TLS than the mesh's own, or for none, keeps connections out of other networks. */
function crossingOf({ policy: { tls } }: Target): CrossingEndpoints {
  return tls === undefined ? 'with-mesh-tls' : tls.mode === 'ISTIO_MUTUAL' ? 'all' : 'none';
}
