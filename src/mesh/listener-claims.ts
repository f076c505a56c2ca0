/**
 * What the services of a namespace want of a sidecar's listeners: for each port a claim on the listener of a port or of an
 * address. Claims are data, so that conflicts are settled before anything is built.
 */
import { byAge } from '../config/config.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Hostname } from '../model/hostname.ts';
import { isHttp, type Protocol, parseProtocol } from '../model/protocol.ts';
import type { Client } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import type { EgressScope } from './egress.ts';
import type { EndpointQueries } from './endpoints.ts';
import { type ImportQueries, portsThrough } from './imports.ts';
import { telemetryName } from './names.ts';
import {
  type ClientHost,
  type ClientNamespace,
  clientHostKey,
  clientNamespaceKey,
  type ServiceQueries,
} from './services.ts';
import { addressesFor } from './virtual-host.ts';

export interface ListenerClaim {
  readonly host: Hostname;
  readonly namespace: string;
  readonly name: string;
  readonly createdAt: number;
  readonly port: number;
  readonly protocol: Protocol;
  readonly kind: 'http' | 'tcp' | 'auto';
  /** Addresses that are the service's alone; empty when it can only be told by the port. */
  readonly addresses: readonly string[];
  /** Blocks of addresses that it stands for. */
  readonly blocks: readonly string[];
  /** Requests name hosts that the proxy asks DNS for. */
  readonly asksDns?: true;
  /** Where a Sidecar wants it: an address, or `unix:///path`, for which the port is 0. */
  readonly bind?: string;
  /** The service's port, where the listener's is another. */
  readonly servicePort?: number;
  /** How a Sidecar wants it captured, when it says so. */
  readonly captureMode?: 'IPTABLES' | 'NONE';
}

export interface ListenerClaimQueries {
  /** The claims of a namespace's services, as a client (already narrowed) sees them; by age. */
  readonly listenerClaims: Query<ClientNamespace, readonly ListenerClaim[]>;
}

export function listenerClaimQueries(
  graph: Graph,
  { egress }: ServiceQueries,
  { imported, importedHosts }: ImportQueries,
  { endpoints }: EndpointQueries,
): ListenerClaimQueries {
  const hostClaims = graph.query<ClientHost, readonly ListenerClaim[]>('hostClaims', {
    reads: [imported, endpoints, egress],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const found = read.cell(imported, { client, host });
      if (found === undefined || found.resolution === 'alias') return [];
      const claims = claimsOf(
        found,
        client,
        needsEndpoints(found) ? read.cell(endpoints, `${found.namespace}/${host}`).endpoints : [],
      );
      return client.sidecar === '' ? claims : throughEgress(found, claims, read.cell(egress, client).listeners);
    },
  });

  const listenerClaims = graph.query<ClientNamespace, readonly ListenerClaim[]>('listenerClaims', {
    reads: [importedHosts, hostClaims],
    keyOf: clientNamespaceKey,
    compute: (read, { client, namespace }) =>
      read
        .cell(importedHosts, { client, namespace })
        .flatMap((host) => read.cellUnlessFailed(hostClaims, { client, host }) ?? [])
        .sort(byAge),
  });

  return { listenerClaims };
}

function kindOf(protocol: Protocol): ListenerClaim['kind'] {
  return isHttp(protocol) ? 'http' : protocol === 'auto' ? 'auto' : 'tcp';
}

/**
 * The claims of a service as a Sidecar's egress listeners let them through. A listener with a port says itself what is
 * spoken there, whatever the service says, and has the port alone; a service that only a rule needs has no listener.
 */
function throughEgress(
  service: Service,
  claims: readonly ListenerClaim[],
  listeners: readonly EgressScope[],
): readonly ListenerClaim[] {
  const own = new Set(listeners.flatMap(({ port, bind }) => (port === undefined || bind !== '' ? [] : [port.number])));
  return listeners.flatMap((listener) => {
    const ports = new Set(portsThrough(listener, service).map(({ number }) => number));
    return claims
      .filter(
        ({ port, addresses }) =>
          ports.has(port) && (listener.port !== undefined || addresses.length > 0 || !own.has(port)),
      )
      .map((claim) => atListener(claim, listener));
  });
}

function atListener(claim: ListenerClaim, { port, bind, captureMode }: EgressScope): ListenerClaim {
  const protocol = port === undefined ? claim.protocol : parseProtocol(port.protocol);
  const kind = kindOf(protocol);
  const isPlaced = bind !== '';
  return {
    ...claim,
    ...(port === undefined ? {} : { port: port.number, protocol, kind }),
    ...(isPlaced || kind === 'http' ? { addresses: [], blocks: [] } : {}),
    ...(port === undefined || port.number === claim.port ? {} : { servicePort: claim.port }),
    ...(isPlaced ? { bind } : {}),
    ...(captureMode === 'DEFAULT' ? {} : { captureMode }),
  };
}

/** Connections to a headless service go to its endpoints' own addresses. */
function needsEndpoints({ resolution, addresses, ports }: Service): boolean {
  return (
    resolution === 'passthrough' &&
    addresses.length === 0 &&
    ports.some(({ protocol }) => protocol !== 'UDP' && !isHttp(protocol))
  );
}

function claimsOf(service: Service, client: Client, endpoints: readonly Endpoint[]): readonly ListenerClaim[] {
  const { hostname: host, namespace, createdAt } = service;
  // Among services of one age, those that are stated are told apart by host.
  const name = telemetryName(service);
  const own = addressesFor(service, client);
  const blocks = service.addresses.filter((address) => address.includes('/'));
  return service.ports.flatMap((port): ListenerClaim[] => {
    const { number, protocol } = port;
    if (protocol === 'UDP') return [];
    const asksDns = service.resolution === 'dynamic-dns' ? { asksDns: true as const } : {};
    const claim = { host, namespace, name, createdAt, port: number, protocol, ...asksDns };
    const kind = kindOf(protocol);
    if (kind === 'http') return [{ ...claim, kind, addresses: [], blocks: [] }];
    if (!needsEndpoints(service)) return [{ ...claim, kind, addresses: own, blocks }];
    const served = [
      ...new Set(endpoints.filter((endpoint) => endpoint.ports[port.name] !== undefined).map(({ address }) => address)),
    ];
    // A stated service without endpoints may be anywhere; a Kubernetes one is nowhere yet.
    return served.length === 0 && service.isHeadless ? [] : [{ ...claim, kind, addresses: served, blocks: [] }];
  });
}
