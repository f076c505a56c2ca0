/**
 * The queries of the mesh, from rows to IR. Each line may read what the lines above it yield; see docs/ARCHITECTURE.md.
 *
 *      rows ─► services ─► narrow, imports ─► policies, rules ─► clusters, assignments, routes, listeners (IR)
 */
import type { Graph } from '../incremental/graph.ts';
import { type ClusterQueries, clusterQueries } from './clusters.ts';
import { type DestinationPolicyQueries, destinationPolicyQueries } from './destination-policy.ts';
import { type EndpointQueries, endpointQueries } from './endpoints.ts';
import { type EnvoyFilterQueries, envoyFilterQueries } from './envoy-filters.ts';
import { type GatewayListenerQueries, gatewayListenerQueries } from './gateway-listeners.ts';
import { type GatewayProblemQueries, gatewayProblemQueries } from './gateway-problems.ts';
import { type GatewayQueries, gatewayQueries } from './gateway-routes.ts';
import { type HostNameQueries, hostNameQueries } from './host-names.ts';
import { type ImportQueries, importQueries } from './imports.ts';
import { type InboundQueries, inboundQueries } from './inbound-ports.ts';
import { listenerClaimQueries } from './listener-claims.ts';
import { type NarrowQueries, narrowQueries } from './narrow.ts';
import { type NetworkQueries, networkQueries } from './networks.ts';
import { type OutboundListenerQueries, outboundListenerQueries } from './outbound-listeners.ts';
import { type PlacedRouteQueries, placedRouteQueries } from './placed-routes.ts';
import { type RouteLayoutQueries, routeLayoutQueries } from './route-layout.ts';
import { type ScopeQueries, scopeQueries } from './scope-of.ts';
import { type SecretQueries, secretQueries } from './secrets.ts';
import { type ServiceQueries, serviceQueries } from './services.ts';
import { type SniQueries, sniQueries } from './sni-clusters.ts';
import { type StrayQueries, strayQueries } from './stray-hosts.ts';
import { createTables, type Tables } from './tables.ts';
import { type VirtualHostQueries, virtualHostQueries } from './virtual-host.ts';
import { type VirtualServiceQueries, virtualServiceQueries } from './virtual-services.ts';

export interface Mesh
  extends ServiceQueries,
    NarrowQueries,
    PlacedRouteQueries,
    ImportQueries,
    DestinationPolicyQueries,
    EndpointQueries,
    NetworkQueries,
    VirtualServiceQueries,
    VirtualHostQueries,
    StrayQueries,
    RouteLayoutQueries,
    ClusterQueries,
    HostNameQueries,
    OutboundListenerQueries,
    InboundQueries,
    GatewayQueries,
    SniQueries,
    GatewayListenerQueries,
    EnvoyFilterQueries,
    SecretQueries,
    GatewayProblemQueries,
    ScopeQueries {
  readonly tables: Tables;
}

export interface MeshOptions {
  /** Clients are not narrowed: slower, and the same bytes. Only the oracle wants that. */
  readonly narrows?: boolean;
}

export function createMesh(graph: Graph, { narrows = true }: MeshOptions = {}): Mesh {
  const tables = createTables(graph);
  const services = serviceQueries(graph, tables);
  const narrow = narrowQueries(graph, tables, services, narrows);
  const placed = placedRouteQueries(graph, tables, services);
  const imports = importQueries(graph, tables, services, placed);
  const policies = destinationPolicyQueries(graph, tables, services);
  const endpoints = endpointQueries(graph, tables);
  const rules = virtualServiceQueries(graph, tables, services, policies, placed);
  const virtualHosts = virtualHostQueries(graph, tables, services, policies, rules);
  const strays = strayQueries(graph, tables, services, rules);
  const layouts = routeLayoutQueries(graph, tables, services, imports, narrow, strays, virtualHosts);
  const networks = networkQueries(graph, tables, endpoints);
  const clusters = clusterQueries(graph, services, imports, policies, endpoints, networks);
  const hostNames = hostNameQueries(graph, services, endpoints);
  const claims = listenerClaimQueries(graph, services, imports, endpoints);
  const outbound = outboundListenerQueries(graph, tables, services, imports, narrow, policies, rules, claims);
  const inbound = inboundQueries(graph, tables, services, policies);
  const gateways = gatewayQueries(graph, tables, services, policies, placed);
  const sni = sniQueries(graph, services, imports, narrow, policies, clusters);
  const gatewayListeners = gatewayListenerQueries(graph, tables, services, policies, gateways, sni);
  const secrets = secretQueries(graph, tables, services);
  const gatewayProblems = gatewayProblemQueries(graph, tables, gateways, gatewayListeners, secrets);
  const envoyFilters = envoyFilterQueries(graph, tables, services);
  const scopes = scopeQueries(graph, tables, services, narrow, envoyFilters);
  return {
    tables,
    ...services,
    ...narrow,
    ...placed,
    ...imports,
    ...policies,
    ...endpoints,
    ...networks,
    ...rules,
    ...virtualHosts,
    ...strays,
    ...layouts,
    ...clusters,
    ...hostNames,
    ...outbound,
    ...inbound,
    ...gateways,
    ...sni,
    ...gatewayListeners,
    ...envoyFilters,
    ...secrets,
    ...gatewayProblems,
    ...scopes,
  };
}
