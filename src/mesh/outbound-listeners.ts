/** The outbound listeners of a sidecar, namespace by namespace where one has them alone, port by port where they are shared. */
import { byAge } from '../config/config.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { FilterChainIr, ListenerIr } from '../ir/listener.ts';
import { ensure } from '../lib/ensure.ts';
import { type Hostname, resolveShortName } from '../model/hostname.ts';
import { originKey } from '../model/origin.ts';
import { isHttp, type Protocol } from '../model/protocol.ts';
import type { Capture, Client } from '../model/scope.ts';
import { withAccessLog } from './access-log.ts';
import type { DestinationPolicyQueries } from './destination-policy.ts';
import { destinationTarget } from './destination-target.ts';
import { dnsCacheOf } from './dns.ts';
import type { ImportQueries } from './imports.ts';
import type { ListenerClaim, ListenerClaimQueries } from './listener-claims.ts';
import { distinctPlaces, type ListenerPlace, placeKey, sharedPlace } from './listener-place.ts';
import { servicesOf } from './merged-services.ts';
import { telemetryName } from './names.ts';
import type { NarrowQueries } from './narrow.ts';
import { addressedListener, type OutboundContext, placedListener } from './outbound-listener.ts';
import { clientNamespaceKey, type ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { resolveTcpChains, type TcpTarget } from './tcp-route.ts';
import type { VirtualServiceQueries } from './virtual-services.ts';
import { exportToOr, isVisible } from './visibility.ts';

export interface CapturedNamespace {
  readonly client: Client;
  readonly capture: Capture;
  readonly namespace: string;
}

export interface CapturedClient {
  readonly client: Client;
  readonly capture: Capture;
}

export interface CapturedPlace extends CapturedClient {
  readonly place: ListenerPlace;
}

export const capturedClientKey = ({ client, capture }: CapturedClient) => `${client.key}\n${capture.key}`;
export const capturedNamespaceKey = (key: CapturedNamespace) => `${capturedClientKey(key)}\n${key.namespace}`;
export const capturedPlaceKey = (key: CapturedPlace) => `${capturedClientKey(key)}\n${placeKey(key.place)}`;

export interface OutboundListenerQueries {
  /** Listeners for the addresses of a namespace's services; the client is already narrowed. */
  readonly addressedListeners: Query<CapturedNamespace, readonly ListenerIr[]>;
  /** The listeners that are for more than one address, or where a Sidecar wants them; each once, sorted. */
  readonly sharedPlaces: Query<CapturedClient, readonly ListenerPlace[]>;
  readonly sharedListener: Query<CapturedPlace, ListenerIr | undefined>;
}

interface Claimants {
  readonly place: ListenerPlace;
  readonly namespaces: readonly string[];
}

interface ChainsKey {
  readonly client: Client;
  readonly host: Hostname;
  readonly port: number;
  readonly protocol: Protocol;
  readonly block: string;
  readonly needsSni: boolean;
}

export function outboundListenerQueries(
  graph: Graph,
  tables: Tables,
  { visibility, listenerSettings, service }: ServiceQueries,
  { namespaces }: ImportQueries,
  { narrow }: NarrowQueries,
  { destinationPolicy, policyOfHost }: DestinationPolicyQueries,
  { hostRules }: VirtualServiceQueries,
  { listenerClaims }: ListenerClaimQueries,
): OutboundListenerQueries {
  const { services, clusters, virtualServices } = tables;
  function targetOf(read: Reader, client: Client, host: Hostname, port: number, subset: string): TcpTarget {
    const found = read.cell(service, { client, host });
    return {
      ...destinationTarget(policyOfHost(read, client, host), { host, port, subset }),
      ...(found?.resolution === 'dynamic-dns' ? { forwardSni: { cache: dnsCacheOf(client.family), port } } : {}),
    };
  }

  const chains = graph.query<ChainsKey, readonly FilterChainIr[]>('tcpChains', {
    reads: [virtualServices, listenerSettings, service, destinationPolicy, hostRules],
    keyOf: ({ client, host, port, protocol, block, needsSni }) =>
      `${client.key}\n${port}/${protocol}/${block}/${needsSni}\n${host}`,
    compute(read, { client, host, port, protocol, block, needsSni }) {
      const logging = read.cell(listenerSettings, meshKey);
      const resolved = resolveTcpChains({
        client,
        port,
        protocol,
        gateways: new Set(['mesh']),
        block: block === '' ? undefined : block,
        needsSni,
        host,
        rules: read.rows(virtualServices, read.cell(hostRules, { client, host })),
        self: targetOf(read, client, host, port, ''),
        targetOf: ({ host: name, port: asked, subset = '' }, rule) => {
          const target = resolveShortName(name, rule.namespace);
          const ports = read.cell(service, { client, host: target })?.ports ?? [];
          const number = asked?.number ?? (ports.length === 1 ? ports[0]?.number : undefined) ?? port;
          return targetOf(read, client, target, number, subset);
        },
      });
      return resolved.map((chain) => withAccessLog(chain, logging));
    },
  });

  /** The claims of several clients' views of namespaces lose their client; this finds it again. */
  function contextOf(
    read: Reader,
    { capture, client }: CapturedClient,
    clientOfNamespace: (namespace: string) => Client,
  ): OutboundContext {
    const mesh = read.cell(listenerSettings, meshKey);
    return {
      capture,
      settings: mesh,
      family: client.family,
      chainsOf: ({ host, port: listened, servicePort: port = listened, protocol, namespace }, block = '', needsSni) =>
        read.cell(chains, { client: clientOfNamespace(namespace), host, port, protocol, block, needsSni }),
      originOf: ({ host, namespace, name }) => {
        const found = read.cell(service, { client: clientOfNamespace(namespace), host });
        return found === undefined ? `Service/${namespace}/${name}` : originKey(found.origin);
      },
    };
  }

  /** Whether an older service that the client sees has the same address and port. */
  function isOutranked(read: Reader, client: Client, address: string, claim: ListenerClaim): boolean {
    const keys = read.keys(services.byAddress, address);
    if (keys.length <= 1) return false;
    const { defaultServiceExportTo } = read.cell(visibility, meshKey);
    const others = new Set(read.rows(services, keys).map(({ hostname }) => hostname));
    others.delete(claim.host);
    // What is at the address in another cluster may be elsewhere in the client's own.
    return [...others]
      .flatMap((host) => servicesOf(read, tables, host, client.cluster))
      .filter(
        ({ addresses, ports, exportTo, namespace }) =>
          addresses.includes(address) &&
          ports.some(({ number, protocol }) => number === claim.port && !isHttp(protocol)) &&
          isVisible(exportToOr(exportTo, defaultServiceExportTo), namespace, client.namespace),
      )
      .some((other) => byAge({ ...other, name: telemetryName(other) }, claim) < 0);
  }

  const addressedListeners = graph.query<CapturedNamespace, readonly ListenerIr[]>('addressedListeners', {
    reads: [
      services,
      services.byAddress,
      services.byHost,
      clusters,
      clusters.all,
      visibility,
      listenerSettings,
      service,
      chains,
      listenerClaims,
    ],
    keyOf: capturedNamespaceKey,
    compute(read, { client, capture, namespace }) {
      const context = contextOf(read, { capture, client }, () => client);
      const listeners = new Map<string, ListenerIr>();
      for (const claim of read.cell(listenerClaims, { client, namespace })) {
        const place = sharedPlace(claim, capture);
        if (place !== undefined && (place.bindsToPort || place.bind !== '')) continue;
        for (const address of claim.addresses) {
          if (isOutranked(read, client, address, claim)) continue;
          const listener = addressedListener(address, claim, context);
          if (!listeners.has(listener.name)) listeners.set(listener.name, listener);
        }
      }
      return [...listeners.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  });

  const sharedPlacesOf = graph.query<CapturedNamespace, readonly ListenerPlace[]>('sharedPlacesOf', {
    reads: [listenerClaims],
    keyOf: capturedNamespaceKey,
    compute: (read, { client, capture, namespace }) =>
      distinctPlaces(
        read.cell(listenerClaims, { client, namespace }).flatMap((claim) => sharedPlace(claim, capture) ?? []),
      ),
  });

  /** The claims of a namespace on one shared listener. */
  const claimsOnPlace = graph.query<CapturedPlace & { readonly namespace: string }, readonly ListenerClaim[]>(
    'claimsOnPlace',
    {
      reads: [listenerClaims],
      keyOf: ({ client, capture, namespace, place }) =>
        `${clientNamespaceKey({ client, namespace })}\n${capture.key}\n${placeKey(place)}`,
      compute: (read, { client, capture, namespace, place }) => {
        const wanted = placeKey(place);
        return read.cell(listenerClaims, { client, namespace }).filter((claim) => {
          const own = sharedPlace(claim, capture);
          return own !== undefined && placeKey(own) === wanted;
        });
      },
    },
  );

  /** For each place the namespaces with claims on it, by the place's key. */
  const claimants = graph.query<CapturedClient, ReadonlyMap<string, Claimants>>('claimants', {
    reads: [namespaces, narrow, sharedPlacesOf],
    keyOf: capturedClientKey,
    compute(read, { client, capture }) {
      const byPlace = new Map<string, { place: ListenerPlace; namespaces: string[] }>();
      for (const namespace of read.cell(namespaces, client)) {
        const as = read.cell(narrow, { client, namespace });
        for (const place of read.cell(sharedPlacesOf, { client: as, capture, namespace }))
          ensure(byPlace, placeKey(place), () => ({ place, namespaces: [] })).namespaces.push(namespace);
      }
      return byPlace;
    },
  });

  const sharedPlaces = graph.query<CapturedClient, readonly ListenerPlace[]>('sharedPlaces', {
    reads: [claimants, listenerSettings],
    keyOf: capturedClientKey,
    compute(read, { client, capture }) {
      const { listenPort, inboundListenPort } = read.cell(listenerSettings, meshKey);
      const reserved = new Set([...capture.reservedPorts, listenPort, inboundListenPort]);
      const isFree = ({ bind, port, bindsToPort }: ListenerPlace) => {
        if (!bindsToPort) return bind !== '' || !reserved.has(port);
        return !(capture.isUnprivileged && port > 0 && port < 1024) && !(port === capture.httpProxyPort && bind === '');
      };
      return distinctPlaces([...read.cell(claimants, { client, capture }).values()].map(({ place }) => place)).filter(
        isFree,
      );
    },
  });

  const claimantsOfPlace = graph.query<CapturedPlace, readonly string[]>('claimantsOfPlace', {
    reads: [claimants],
    keyOf: capturedPlaceKey,
    compute: (read, { client, capture, place }) =>
      read.cell(claimants, { client, capture }).get(placeKey(place))?.namespaces ?? [],
  });

  const sharedListener = graph.query<CapturedPlace, ListenerIr | undefined>('sharedListener', {
    reads: [narrow, claimantsOfPlace, claimsOnPlace, chains, service, listenerSettings],
    keyOf: capturedPlaceKey,
    compute(read, { client, capture, place }) {
      const clients = new Map<string, Client>();
      const claims = read.cell(claimantsOfPlace, { client, capture, place }).flatMap((namespace) => {
        const as = read.cell(narrow, { client, namespace });
        clients.set(namespace, as);
        return read.cell(claimsOnPlace, { client: as, capture, namespace, place });
      });
      return placedListener(
        place,
        claims,
        contextOf(read, { capture, client }, (namespace) => clients.get(namespace) ?? client),
      );
    },
  });

  return { addressedListeners, sharedPlaces, sharedListener };
}
