/**
 * How gateways between networks pass TLS through: clients say by server name which cluster they mean, and the gateway has
 * that cluster under that very name. Only endpoints that take the mesh's own TLS are in it, for the gateway cannot look
 * inside.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { ClusterIr, DiscoveryIr } from '../ir/cluster.ts';
import type { LoadAssignmentIr, LocalityEndpointsIr } from '../ir/endpoint.ts';
import type { FilterChainIr } from '../ir/listener.ts';
import type { Hostname } from '../model/hostname.ts';
import type { Client } from '../model/scope.ts';
import type { ClusterQueries } from './clusters.ts';
import { type DestinationPolicyQueries, type PortPolicy, policyOfSubset } from './destination-policy.ts';
import type { ImportQueries } from './imports.ts';
import { parseOutboundCluster, sniCluster } from './names.ts';
import type { NarrowQueries } from './narrow.ts';
import {
  type ClientHost,
  type ClientNamespace,
  clientHostKey,
  clientNamespaceKey,
  type ServiceQueries,
} from './services.ts';
import { handshakeTimeoutMs } from './settings.ts';
import { meshKey } from './tables.ts';
import { tcpProxy } from './tcp-route.ts';

/** A cluster that clients reach by server name. */
export interface SniRoute {
  readonly cluster: string;
  readonly statPrefix: string;
  readonly host: Hostname;
  readonly policy: PortPolicy;
}

export interface SniQueries {
  /** Those of a host, in the order of its clusters; none for a host outside the mesh. */
  readonly sniClusters: Query<ClientHost, readonly ClusterIr[]>;
  readonly sniAssignments: Query<ClientHost, readonly LoadAssignmentIr[]>;
  /** Those of all hosts that the client sees. */
  readonly sniRoutes: Query<Client, readonly SniRoute[]>;
}

export function sniQueries(
  graph: Graph,
  { clusterSettings }: ServiceQueries,
  { imported, importedHosts, namespaces }: ImportQueries,
  { narrow }: NarrowQueries,
  { destinationPolicy }: DestinationPolicyQueries,
  { clusters, assignments }: ClusterQueries,
): SniQueries {
  const sniClusters = graph.query<ClientHost, readonly ClusterIr[]>('sniClusters', {
    reads: [imported, clusters, clusterSettings],
    keyOf: clientHostKey,
    compute(read, key) {
      if (read.cell(imported, key)?.isExternal !== false) return [];
      const { outboundStatName } = read.cell(clusterSettings, meshKey);
      return read.cell(clusters, key).map((cluster) => toSniCluster(cluster, outboundStatName));
    },
  });

  const sniAssignments = graph.query<ClientHost, readonly LoadAssignmentIr[]>('sniAssignments', {
    reads: [imported, assignments],
    keyOf: clientHostKey,
    compute: (read, key) =>
      read.cell(imported, key)?.isExternal === false ? read.cell(assignments, key).map(toSniAssignment) : [],
  });

  const namespaceRoutes = graph.query<ClientNamespace, readonly SniRoute[]>('namespaceSniRoutes', {
    reads: [imported, importedHosts, destinationPolicy, sniClusters],
    keyOf: clientNamespaceKey,
    compute: (read, { client, namespace }) =>
      read.cell(importedHosts, { client, namespace }).flatMap((host) => {
        const found = read.cellUnlessFailed(sniClusters, { client, host }) ?? [];
        if (found.length === 0) return [];
        const policy = read.cell(destinationPolicy, { client, host, namespace });
        return found.map(({ name, statName }) => {
          const { port = 0, subset = '' } = parseOutboundCluster(name) ?? {};
          const { tunnel: _, ...ofPort } = policyOfSubset(policy, subset, port);
          return { cluster: name, statPrefix: statName.replace(/;$/, ''), host, policy: ofPort };
        });
      }),
  });

  const sniRoutes = graph.query<Client, readonly SniRoute[]>('sniRoutes', {
    reads: [namespaces, narrow, namespaceRoutes],
    keyOf: ({ key }) => key,
    compute: (read, client) =>
      read
        .cell(namespaces, client)
        .flatMap((namespace) =>
          read.cell(namespaceRoutes, { client: read.cell(narrow, { client, namespace }), namespace }),
        ),
  });

  return { sniClusters, sniAssignments, sniRoutes };
}

function sniName(cluster: string): string {
  const { port = 0, subset = '', host = '' } = parseOutboundCluster(cluster) ?? {};
  return sniCluster(port, subset, host);
}

/** What is said inside is nobody's business here: neither HTTP nor TLS is spoken to the endpoints. */
function toSniCluster(
  { http: _http, transport: _transport, ...cluster }: ClusterIr,
  statNamePattern: string,
): ClusterIr {
  const name = sniName(cluster.name);
  const { keepsAlpn: _, ...metadata } = cluster.metadata ?? {};
  return {
    ...cluster,
    name,
    statName: statNamePattern === '' ? `${name};` : cluster.statName,
    discovery: renamed(cluster.discovery, name),
    metadata,
  };
}

function renamed(discovery: DiscoveryIr, cluster: string): DiscoveryIr {
  if (!('endpoints' in discovery) || discovery.endpoints === undefined) return discovery;
  return { ...discovery, endpoints: { ...discovery.endpoints, cluster } };
}

function toSniAssignment(assignment: LoadAssignmentIr): LoadAssignmentIr {
  return { ...assignment, cluster: sniName(assignment.cluster), localities: assignment.localities.map(mutualTlsOnly) };
}

/** A locality without such endpoints stays, empty. */
function mutualTlsOnly(locality: LocalityEndpointsIr): LocalityEndpointsIr {
  const endpoints = locality.endpoints.filter(({ tlsMode }) => tlsMode === 'istio');
  if (endpoints.length === locality.endpoints.length) return locality;
  return { ...locality, endpoints, weight: endpoints.reduce((sum, { weight }) => sum + weight, 0) };
}

/** All the ways in which Istio's proxies say that they speak the mesh's own TLS. */
const meshProtocols = ['istio', 'istio-peer-exchange', 'istio-http/1.0', 'istio-http/1.1', 'istio-h2'];

export function sniChain({ cluster, statPrefix, policy }: SniRoute): FilterChainIr {
  return {
    match: { serverNames: [cluster], alpn: meshProtocols },
    network: { kind: 'tcp', proxy: tcpProxy(statPrefix, [{ name: cluster, weight: 0 }], false, policy, 'TCP') },
    connectTimeoutMs: handshakeTimeoutMs,
  };
}
