/** The clusters of each scope, and the endpoints of each client, as encoded resources. */
import { cluster } from '../envoy/cluster/cluster.ts';
import { loadAssignment } from '../envoy/endpoint/endpoint.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { ClusterIr } from '../ir/cluster.ts';
import type { LoadAssignmentIr } from '../ir/endpoint.ts';
import {
  blackHoleCluster,
  inboundClusters,
  inboundPassthroughCluster,
  passthroughCluster,
} from '../mesh/inbound-clusters.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { byDnsCluster } from '../mesh/outbound-policy.ts';
import { type ClientHost, type ClientNamespace, clientHostKey, clientNamespaceKey } from '../mesh/services.ts';
import { meshKey } from '../mesh/tables.ts';
import type { Client, Scope } from '../model/scope.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import { encodeResource } from './encode.ts';
import type { Interner } from './intern.ts';
import { ofHosts } from './of-hosts.ts';
import { type Overlay, overlay } from './overlay.ts';
import { type Part, partOf, samePartIds, sameResources, sorted } from './part.ts';
import type { Patcher } from './patcher.ts';
import type { Resource } from './resource.ts';
import { clusterType, endpointType } from './types.ts';

export interface ClusterCatalog {
  readonly clusterParts: Query<Scope, readonly Part[]>;
  readonly endpointParts: Query<Scope, readonly Part[]>;
  readonly clusterOverlay: Overlay;
}

/** Endpoints depend on a proxy as a client alone, and on a gateway as what it serves too. */
export function endpointKey({ client, serving }: Scope): string {
  return client.type === 'router' ? `${client.key}\n${serving.key}` : client.key;
}

export function clusterCatalog(graph: Graph, mesh: Mesh, { intern }: Interner, patcher: Patcher): ClusterCatalog {
  const toResource = (ir: ClusterIr) => intern(clusterType, encodeResource(Cluster, ir.name, cluster(ir), ir.origins));
  const toAssignment = (ir: LoadAssignmentIr) =>
    intern(endpointType, encodeResource(ClusterLoadAssignment, ir.cluster, loadAssignment(ir), ir.origins));

  function ofHost<T>(
    name: string,
    query: Query<ClientHost, readonly T[]>,
    encode: (ir: T) => Resource,
  ): Query<ClientHost, readonly Resource[]> {
    return graph.query<ClientHost, readonly Resource[]>(name, {
      reads: [query],
      keyOf: clientHostKey,
      equal: sameResources,
      compute: (read, key) => read.cell(query, key).map(encode),
    });
  }
  const hostClusters = ofHost('hostClusters', mesh.clusters, toResource);
  const hostAssignments = ofHost('hostAssignments', mesh.assignments, toAssignment);
  // For those who choose a cluster by server name.
  const hostSniClusters = ofHost('hostSniClusters', mesh.sniClusters, toResource);
  const hostSniAssignments = ofHost('hostSniAssignments', mesh.sniAssignments, toAssignment);

  const namespaceClusters = ofHosts(graph, mesh, 'namespaceClusters', hostClusters);
  const namespaceAssignments = ofHosts(graph, mesh, 'namespaceAssignments', hostAssignments);
  const namespaceSniClusters = ofHosts(graph, mesh, 'namespaceSniClusters', hostSniClusters);
  const namespaceSniAssignments = ofHosts(graph, mesh, 'namespaceSniAssignments', hostSniAssignments);

  /** The parts of a scope's namespaces, each as the scope sees it. */
  function namespaceParts(
    read: Reader,
    client: Client,
    query: Query<ClientNamespace, readonly Resource[]>,
  ): readonly Part[] {
    return read.cell(mesh.namespaces, client).map((namespace) => {
      const key = { client: read.cell(mesh.narrow, { client, namespace }), namespace };
      return partOf(query, key, clientNamespaceKey(key));
    });
  }

  /** Where traffic goes that no service takes. */
  const ownClusters = graph.query<Scope, readonly Resource[]>('ownClusters', {
    reads: [mesh.settings],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { client, capture }) {
      const settings = read.cell(mesh.settings, meshKey);
      if (client.type === 'router') return [toResource(blackHoleCluster(settings))];
      return sorted(
        [
          blackHoleCluster(settings),
          passthroughCluster(settings),
          ...(capture.family === undefined ? [] : [byDnsCluster(capture.family, settings)]),
        ].map(toResource),
      );
    },
  });

  /** Towards a sidecar's own workload. */
  const workloadClusters = graph.query<Scope, readonly Resource[]>('workloadClusters', {
    reads: [mesh.settings, mesh.inboundPorts],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { capture, serving }) {
      const context = { settings: read.cell(mesh.settings, meshKey), capture, serving };
      const ports = read.cell(mesh.inboundPorts, serving);
      return sorted([inboundPassthroughCluster(context), ...inboundClusters(ports, context)].map(toResource));
    },
  });

  const queries = [namespaceClusters, namespaceSniClusters, ownClusters, workloadClusters];
  const clusterOverlay = overlay(graph, mesh, patcher, 'CLUSTER', queries);
  const { over } = clusterOverlay;

  const clusterParts = graph.query<Scope, readonly Part[]>('clusterParts', {
    reads: [mesh.namespaces, mesh.narrow, mesh.passesBySni, ...queries, ...clusterOverlay.queries],
    keyOf: ({ key }) => key,
    equal: samePartIds,
    compute(read, scope) {
      const { client, serving, patching } = scope;
      const out = [
        ...namespaceParts(read, client, namespaceClusters),
        ...(read.cell(mesh.passesBySni, serving) ? namespaceParts(read, client, namespaceSniClusters) : []),
        partOf(ownClusters, scope, scope.key),
      ];
      const back = client.type === 'router' ? [] : [partOf(workloadClusters, scope, scope.key)];
      return [...over(out, patching.clusters), ...over(back, patching.inboundClusters)];
    },
  });

  const endpointParts = graph.query<Scope, readonly Part[]>('endpointParts', {
    reads: [mesh.namespaces, mesh.narrow, mesh.passesBySni, namespaceAssignments, namespaceSniAssignments],
    keyOf: endpointKey,
    equal: samePartIds,
    compute: (read, { client, serving }) => [
      ...namespaceParts(read, client, namespaceAssignments),
      ...(read.cell(mesh.passesBySni, serving) ? namespaceParts(read, client, namespaceSniAssignments) : []),
    ],
  });

  return { clusterParts, endpointParts, clusterOverlay };
}
