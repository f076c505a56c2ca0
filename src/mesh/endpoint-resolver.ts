/** Which endpoints a client gets for a cluster, and in which order of preference. */

import { isIP } from 'node:net';
import type { EndpointIr, LoadAssignmentIr } from '../ir/endpoint.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { type Labels, selects } from '../model/labels.ts';
import { originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import type { Service, ServicePort } from '../model/service.ts';
import type { HostEndpoints } from './endpoints.ts';
import { groupByLocality, type LocalitySetting, type Placed } from './locality.ts';
import type { Networks } from './networks.ts';
import { type CrossingEndpoints, throughGateways } from './split-horizon.ts';

export interface AssignmentRequest {
  readonly cluster: string;
  readonly client: Client;
  readonly service: Service;
  readonly port: ServicePort;
  /** Labels that endpoints must have; none for the service as a whole. */
  readonly subset: Labels;
  readonly endpoints: HostEndpoints;
  /** The host is another service in each cluster: only endpoints of the client's own cluster count. */
  readonly isClusterLocal: boolean;
  /** The networks that endpoints may be in; absent where none of them is entered by gateways. */
  readonly networks?: Networks;
  readonly crossing: CrossingEndpoints;
  readonly locality: LocalitySetting | undefined;
  readonly hasOutlierDetection: boolean;
  /** With a threshold for panic, endpoints that are not ready would be counted; they are left out then. */
  readonly sendsUnhealthy: boolean;
  /** The proxy asks DNS for the endpoints' names; otherwise they must be addresses. */
  readonly resolvesNames: boolean;
}

export function resolveAssignment(request: AssignmentRequest): LoadAssignmentIr {
  const { cluster, client, service, port, subset, endpoints, locality, hasOutlierDetection, networks, crossing } =
    request;
  const keepsDraining = service.labels['istio.io/persistent-session'] !== undefined;
  const placed = endpoints.endpoints.flatMap((endpoint) => {
    const number = endpoint.ports[port.name];
    if (number === undefined || !selects(subset, endpoint.labels)) return [];
    // Envoy knows no weight of 0.
    if (endpoint.weight === 0) return [];
    // Only the gateway of its network may know where an endpoint is.
    const isBehindGateway = networks !== undefined && endpoint.address === '' && endpoint.network !== '';
    if (!request.resolvesNames && !isAddress(endpoint.address) && !isBehindGateway) return [];
    if (request.isClusterLocal && client.cluster !== '' && endpoint.cluster !== client.cluster) return [];
    if (service.isNodeLocal === true && endpoint.nodeName !== client.nodeName) return [];
    if (endpoint.health === 'draining' && !keepsDraining) return [];
    if (endpoint.health === 'unhealthy' && !request.sendsUnhealthy) return [];
    return [{ endpoint, ir: toIr(endpoint, number, service) }];
  });
  const seen = (networks === undefined ? placed : throughGateways(placed, { client, networks, crossing })).filter(
    ({ ir }) => hasFamily(client, ir.address),
  );
  return {
    cluster,
    localities: groupByLocality(withinBounds(seen), client, locality, hasOutlierDetection),
    origins: [originKey(service.origin), ...endpoints.origins],
  };
}

/** A proxy without addresses of a family has no way to others of it. Names and sockets have none. */
function hasFamily({ family }: Client, address: string): boolean {
  const version = isIP(address);
  return version === 0 || family === 'dual' || family === `v${version}`;
}

/** The largest sum of weights that Envoy counts. */
const largestSum = 0xffffffff;

/** Weights that add up to more than Envoy counts become smaller, in proportion. */
function withinBounds(placed: readonly Placed[]): readonly Placed[] {
  const sum = placed.reduce((total, { ir }) => total + ir.weight, 0);
  if (sum <= largestSum) return placed;
  const factor = (largestSum - placed.length) / sum;
  return placed.map((one) => ({ ...one, ir: { ...one.ir, weight: Math.max(1, Math.floor(one.ir.weight * factor)) } }));
}

/** An IP address, or the path of a Unix socket. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 || text.startsWith('/') || text.startsWith('@');
}

const healths = { healthy: 'HEALTHY', unhealthy: 'UNHEALTHY', draining: 'DRAINING', unknown: 'unknown' } as const;

function toIr(endpoint: Endpoint, port: number, service: Service): EndpointIr {
  const { address, weight, health, labels } = endpoint;
  return {
    address,
    port,
    weight,
    health: healths[health],
    workload: workloadText(endpoint, service),
    ...(labels['security.istio.io/tlsMode'] === 'istio' ? { tlsMode: 'istio' as const } : {}),
  };
}

/** `workload;namespace;canonical name;canonical revision;cluster`: who answered, for telemetry. */
function workloadText({ workload, namespace, labels, cluster }: Endpoint, service: Service): string {
  const name = workload === '' ? service.name : workload;
  const canonicalName =
    labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels.app ?? name;
  const revision =
    labels['service.istio.io/canonical-revision'] ?? labels['app.kubernetes.io/version'] ?? labels.version ?? '';
  return [name, namespace, canonicalName, revision, cluster].join(';');
}
