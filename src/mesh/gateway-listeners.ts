/** The listeners of a gateway proxy. */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { FilterChainIr, HttpManagerIr, ListenerIr } from '../ir/listener.ts';
import { covers } from '../model/hostname.ts';
import type { Capture, Client, Serving } from '../model/scope.ts';
import { type DestinationPolicyQueries, policyOfPort } from './destination-policy.ts';
import { allHosts, hostsFor, type PlannedListener, type PlannedServer } from './gateway-plan.ts';
import { type GatewayQueries, intersection } from './gateway-routes.ts';
import { terminatedTls } from './gateway-tls.ts';
import { outboundCluster } from './names.ts';
import { pathHandling } from './outbound-listener.ts';
import { virtualServiceHosts } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import type { MeshSettings } from './settings.ts';
import { meshKey, type Tables } from './tables.ts';
import { resolveTcpChains, type TcpTarget } from './tcp-route.ts';

export interface GatewayListenerQueries {
  readonly gatewayListeners: Query<
    { readonly client: Client; readonly capture: Capture; readonly serving: Serving },
    readonly ListenerIr[]
  >;
}

export function gatewayListenerQueries(
  graph: Graph,
  { virtualServices }: Tables,
  { settings, service }: ServiceQueries,
  { destinationPolicy }: DestinationPolicyQueries,
  { gatewayPlan, gatewayRules, destinationOf }: GatewayQueries,
): GatewayListenerQueries {
  const gatewayListeners = graph.query<{ client: Client; capture: Capture; serving: Serving }, readonly ListenerIr[]>(
    'gatewayListeners',
    {
      reads: [virtualServices, settings, service, destinationPolicy, gatewayPlan, gatewayRules],
      keyOf: ({ client, capture, serving }) => `${client.key}\n${capture.key}\n${serving.key}`,
      compute(read, { client, capture, serving }) {
        const mesh = read.cell(settings, meshKey);
        return read.cell(gatewayPlan, serving).listeners.flatMap((planned) => {
          if (capture.isUnprivileged && planned.port < 1024) return [];
          const chains = planned.servers.flatMap((server) => chainsOf(read, server, planned, client, serving, mesh));
          return chains.length === 0 ? [] : [toListener(planned, chains, capture, serving, mesh)];
        });
      },
    },
  );

  function chainsOf(
    read: Reader,
    planned: PlannedServer,
    listener: PlannedListener,
    client: Client,
    serving: Serving,
    mesh: MeshSettings,
  ): readonly FilterChainIr[] {
    switch (planned.kind) {
      case 'http':
        // All plain HTTP servers of a port share the chain of the first one.
        return listener.servers[0] === planned ? [httpChain(planned, listener, serving, mesh)] : [];
      case 'https':
        return [
          {
            ...httpChain(planned, listener, serving, mesh),
            ...serverNames(planned),
            tls: terminatedTls(planned.server.tls ?? {}, 'http'),
          },
        ];
      case 'tls':
      case 'tcp':
        return rawChains(read, planned, client);
    }
  }

  /** Chains for connections that are passed on, with or without the TLS around them. */
  function rawChains(read: Reader, planned: PlannedServer, client: Client): readonly FilterChainIr[] {
    const rules = read.rows(virtualServices, read.cell(gatewayRules, { client, gateway: planned.gateway }));
    const passes =
      planned.kind === 'tls' && ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(planned.server.tls?.mode ?? 'PASSTHROUGH');
    const target = (host: string, port: number, subset: string): TcpTarget => {
      const found = read.cell(service, { client, host });
      const policy =
        found === undefined ? undefined : read.cell(destinationPolicy, { client, host, namespace: found.namespace });
      const ofSubset = policy?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
      return {
        cluster: outboundCluster(port, subset, host),
        policy: policyOfPort(policy?.trafficPolicy, ofSubset, port),
      };
    };
    const fitting = rules.filter(
      (rule) => intersection(hostsFor(planned, rule.namespace), virtualServiceHosts(rule)).length > 0,
    );
    const nowhere: TcpTarget = { cluster: '', policy: {} };
    const chains = resolveTcpChains({
      client,
      port: planned.port,
      protocol: passes ? 'TLS' : 'TCP',
      gateways: new Set([planned.gateway]),
      block: undefined,
      needsSni: false,
      host: '',
      rules: fitting,
      self: nowhere,
      targetOf: (destination, rule) => {
        const to = destinationOf(read, destination, rule.namespace, client, planned.port);
        return target(to.host, to.port, destination.subset ?? '');
      },
    });
    const wanted = chains.filter(
      ({ network }) => network.kind === 'tcp' && (network.proxy.isWeighted || network.proxy.clusters[0]?.name !== ''),
    );
    const served = passes
      ? wanted.filter(({ match }) =>
          (match?.serverNames ?? []).some((name) => allHosts(planned).some((host) => covers(host, name))),
        )
      : wanted;
    if (planned.kind === 'tcp' || passes) return served;
    const tls = terminatedTls(planned.server.tls ?? {}, 'tcp');
    return served.map((chain) => ({ ...chain, ...serverNames(planned), tls }));
  }

  return { gatewayListeners };
}

function toListener(
  planned: PlannedListener,
  chains: readonly FilterChainIr[],
  capture: Capture,
  serving: Serving,
  mesh: MeshSettings,
): ListenerIr {
  const ip = planned.bind === '' ? '0.0.0.0' : planned.bind;
  // Where several workloads share one machine, a gateway keeps to its own address instead of taking all of them.
  const address = planned.bind === '' && capture.sharesMachine ? capture.loopback : ip;
  const inspects = chains.some(({ match, tls }) => tls !== undefined || (match?.serverNames?.length ?? 0) > 0);
  return {
    name: `${ip}_${planned.port}`,
    address: { ip: address, port: planned.port },
    direction: 'OUTBOUND',
    bindsToPort: true,
    filters: [
      ...(serving.gateway.acceptsProxyProtocol === true ? [{ kind: 'proxy-protocol' as const }] : []),
      ...(inspects ? [{ kind: 'tls-inspector' as const }] : []),
    ],
    acceptsOneByOne: true,
    chains,
    ...(mesh.accessLog === undefined ? {} : { accessLog: mesh.accessLog }),
    origins: [...new Set(planned.servers.map(({ gateway }) => `Gateway/${gateway}`))],
  };
}

function httpChain(
  planned: PlannedServer,
  { bind, port }: PlannedListener,
  { gateway }: Serving,
  mesh: MeshSettings,
): FilterChainIr {
  const manager: HttpManagerIr = {
    statPrefix: `outbound_${bind === '' ? '0.0.0.0' : bind}_${port};`,
    routes: { kind: 'rds', name: planned.routeName },
    direction: 'gateway',
    ...pathHandling(mesh),
    ...(gateway.trustedHops === undefined ? {} : { trustedHops: gateway.trustedHops }),
    ...(gateway.forwardClientCertificate === undefined
      ? {}
      : { forwardClientCertificate: gateway.forwardClientCertificate }),
    ...(mesh.accessLog === undefined ? {} : { accessLog: mesh.accessLog }),
  };
  return { network: { kind: 'http', manager }, connectTimeoutMs: 15_000 };
}

/** Chains of one port are told apart by SNI; a server for every host takes what no other names. */
function serverNames(planned: PlannedServer): Pick<FilterChainIr, 'match'> {
  const hosts = [...new Set(allHosts(planned))].sort();
  return hosts.includes('*') ? {} : { match: { serverNames: hosts } };
}
