/** The listeners of a gateway proxy. */
import type { Destination } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { FilterChainIr, HttpManagerIr, ListenerIr } from '../ir/listener.ts';
import { covers } from '../model/hostname.ts';
import type { OriginKey } from '../model/origin.ts';
import type { Capture, Client, Serving } from '../model/scope.ts';
import { withAccessLog } from './access-log.ts';
import type { DestinationPolicyQueries } from './destination-policy.ts';
import { destinationTarget } from './destination-target.ts';
import { passedChains, type RawChain, rawChain, type SniConflict, sniMatch } from './gateway-chains.ts';
import { allHosts, type PlannedListener, type PlannedServer, passesAutomatically } from './gateway-plan.ts';
import { mayBind } from './gateway-ports.ts';
import type { GatewayQueries } from './gateway-routes.ts';
import { terminatedTls } from './gateway-tls.ts';
import { pathHandling } from './outbound-listener.ts';
import type { ServiceQueries } from './services.ts';
import { handshakeTimeoutMs, type MeshSettings } from './settings.ts';
import { type SniQueries, sniChain } from './sni-clusters.ts';
import { meshKey, type Tables } from './tables.ts';
import type { TcpTarget } from './tcp-route.ts';
import { familyOf, wildcards } from './wildcard.ts';

export interface GatewayProxy {
  readonly client: Client;
  readonly capture: Capture;
  readonly serving: Serving;
}

export const gatewayProxyKey = ({ client, capture, serving }: GatewayProxy) =>
  `${client.key}\n${capture.key}\n${serving.key}`;

export interface GatewayListeners {
  readonly listeners: readonly ListenerIr[];
  readonly conflicts: readonly SniConflict[];
}

export interface GatewayListenerQueries {
  readonly gatewayListeners: Query<GatewayProxy, GatewayListeners>;
}

export function gatewayListenerQueries(
  graph: Graph,
  { virtualServices }: Tables,
  { settings, service }: ServiceQueries,
  { destinationPolicy, policyOfHost }: DestinationPolicyQueries,
  { gatewayPlan, gatewayRules, destinationOf }: GatewayQueries,
  { sniRoutes }: SniQueries,
): GatewayListenerQueries {
  const gatewayListeners = graph.query<GatewayProxy, GatewayListeners>('gatewayListeners', {
    reads: [virtualServices, settings, service, destinationPolicy, gatewayPlan, gatewayRules, sniRoutes],
    keyOf: gatewayProxyKey,
    compute(read, proxy) {
      const mesh = read.cell(settings, meshKey);
      const listeners: ListenerIr[] = [];
      const conflicts: SniConflict[] = [];
      for (const planned of read.cell(gatewayPlan, proxy.serving).listeners) {
        if (!mayBind(planned.port, proxy.capture)) continue;
        const found = chainsOf(read, planned, proxy, mesh);
        conflicts.push(...found.conflicts);
        if (found.chains.length > 0) listeners.push(toListener(planned, found.chains, proxy, mesh));
      }
      return { listeners, conflicts };
    },
  });

  function chainsOf(read: Reader, planned: PlannedListener, proxy: GatewayProxy, mesh: MeshSettings) {
    const chains: GatewayChain[] = [];
    const conflicts: SniConflict[] = [];
    const taken = new Set(planned.servers.flatMap(({ serverNames }) => serverNames));
    for (const server of planned.servers) {
      const raw = {
        rules: rulesOf(read, server, proxy.client),
        targetOf: targetOf(read, server, proxy.client),
        tlsDefaults: mesh.tlsDefaults,
      };
      switch (server.kind) {
        case 'http':
          // All plain HTTP servers of a port share the chain of the first one.
          if (server === planned.servers[0]) chains.push({ chain: httpChain(server, planned, proxy, mesh) });
          break;
        case 'https':
          chains.push({
            chain: {
              ...httpChain(server, planned, proxy, mesh),
              ...sniMatch(server),
              tls: terminatedTls(server.server.tls ?? {}, 'http', mesh.tlsDefaults),
            },
          });
          break;
        case 'passed': {
          if (passesAutomatically(server)) {
            chains.push(...automaticChains(read, server, proxy.client));
            break;
          }
          const passed = passedChains(server, raw, taken);
          chains.push(...passed.chains);
          conflicts.push(...passed.conflicts);
          break;
        }
        default: {
          const found = rawChain(server, raw);
          if (found !== undefined) chains.push(found);
        }
      }
    }
    return { chains, conflicts };
  }

  function rulesOf(read: Reader, { gateway, kind }: PlannedServer, client: Client) {
    // Rules for requests make no chains.
    if (kind === 'http' || kind === 'https') return [];
    return read.rows(virtualServices, read.cell(gatewayRules, { client, gateway }));
  }

  function targetOf(read: Reader, planned: PlannedServer, client: Client) {
    return (destination: Destination, { namespace }: { readonly namespace: string }): TcpTarget => {
      const { host, port } = destinationOf(read, destination, namespace, client, planned.port);
      return destinationTarget(policyOfHost(read, client, host), { host, port, subset: destination.subset });
    };
  }

  /** One chain for each cluster of the mesh whose host the server is for. */
  function automaticChains(read: Reader, server: PlannedServer, client: Client): readonly GatewayChain[] {
    const hosts = allHosts(server);
    return read
      .cell(sniRoutes, client)
      .filter(({ host }) => hosts.some((one) => covers(one, host)))
      .map((route) => ({ chain: sniChain(route) }));
  }

  return { gatewayListeners };
}

/** What a bind address that is the path of a Unix socket starts with. */
const socketScheme = 'unix://';

type GatewayChain = Pick<RawChain, 'chain'> & Partial<RawChain>;

function toListener(
  planned: PlannedListener,
  chains: readonly GatewayChain[],
  { capture, serving }: GatewayProxy,
  mesh: MeshSettings,
): ListenerIr {
  const ip = addressOf(planned, serving);
  // Where several workloads share one machine, a gateway keeps to its own address instead of taking all of them.
  const address = planned.bind === '' && capture.sharesMachine ? capture.loopback : ip;
  const inspects = chains.some(({ chain: { match, tls } }) => tls !== undefined || match?.serverNames !== undefined);
  const origins = new Set<OriginKey>([
    ...planned.servers.map(({ gateway }) => `Gateway/${gateway}`),
    ...chains.flatMap(({ origin }) => origin ?? []),
  ]);
  return {
    name: `${ip}_${planned.port}`,
    address: ip.startsWith(socketScheme)
      ? { path: ip.slice(socketScheme.length) }
      : { ip: address, port: planned.port },
    direction: 'OUTBOUND',
    bindsToPort: true,
    filters: [
      ...(serving.gateway.acceptsProxyProtocol === true ? [{ kind: 'proxy-protocol' as const }] : []),
      ...(inspects ? [{ kind: 'tls-inspector' as const }] : []),
    ],
    acceptsOneByOne: true,
    chains: chains.map(({ chain }) => withAccessLog(chain, mesh)),
    ...(mesh.accessLog === undefined ? {} : { accessLog: mesh.accessLog }),
    origins: [...origins],
  };
}

function addressOf({ bind }: PlannedListener, { families }: Serving): string {
  if (bind !== '') return bind;
  return wildcards(familyOf(families)).ip;
}

function httpChain(
  { kind, server, routeName }: PlannedServer,
  planned: PlannedListener,
  { capture, serving }: GatewayProxy,
  mesh: MeshSettings,
): FilterChainIr {
  const { trustedHops, forwardClientCertificate } = serving.gateway;
  const ownStatPrefix = kind === 'https' ? (server.name ?? '') : '';
  const manager: HttpManagerIr = {
    statPrefix: ownStatPrefix || `outbound_${addressOf(planned, serving)}_${planned.port};`,
    routes: { kind: 'rds', name: routeName },
    direction: 'gateway',
    ...pathHandling(mesh),
    ...(capture.speaksHttp10 ? { speaksHttp10: true } : {}),
    ...(trustedHops === undefined ? {} : { trustedHops }),
    ...(forwardClientCertificate === undefined ? {} : { forwardClientCertificate }),
    ...(mesh.accessLog === undefined ? {} : { accessLog: mesh.accessLog }),
  };
  return { network: { kind: 'http', manager }, connectTimeoutMs: handshakeTimeoutMs };
}
