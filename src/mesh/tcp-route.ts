/** What a sidecar does with connections to a TCP or TLS port of a service: one filter chain for each destination it can tell apart. */
import type { Config } from '../config/config.ts';
import type { Destination, VirtualService, WeightedDestination } from '../config/virtual-service.ts';
import type { FilterChainIr, FilterChainMatchIr, TcpProxyIr } from '../ir/listener.ts';
import { formatAddress } from '../lib/address.ts';
import type { Hostname } from '../model/hostname.ts';
import { selects } from '../model/labels.ts';
import { originKey } from '../model/origin.ts';
import { isTls, type Protocol } from '../model/protocol.ts';
import type { Client } from '../model/scope.ts';
import type { PortPolicy } from './destination-policy.ts';
import { apiPath } from './names.ts';
import { gatewayName } from './rules.ts';
import { handshakeTimeoutMs } from './settings.ts';

/** Where a TCP connection is sent: a cluster, and what the policy of its service says of connections. */
export interface TcpTarget {
  readonly cluster: string;
  readonly policy: PortPolicy;
  /** The SNI names the host to connect to. */
  readonly forwardSni?: NonNullable<TcpProxyIr['forwardSni']>;
}

export interface TcpContext {
  readonly client: Client;
  readonly port: number;
  readonly protocol: Protocol;
  /** `mesh`, or the Gateways that are served. */
  readonly gateways: ReadonlySet<string>;
  /** The block that the service stands for, when it is no single address. */
  readonly block: string | undefined;
  /** The listener cannot tell the service by its address: TLS is told apart by SNI then. */
  readonly needsSni: boolean;
  readonly host: Hostname;
  /** The rules that name the host, in order. */
  readonly rules: readonly Config<VirtualService>[];
  /** The service itself. */
  readonly self: TcpTarget;
  readonly targetOf: (destination: Destination, rule: Config<VirtualService>) => TcpTarget;
}

/** Filter chains without names; the one that takes everything, if any, comes last. */
export function resolveTcpChains(context: TcpContext): readonly FilterChainIr[] {
  return isTls(context.protocol) ? tlsChains(context) : plainChains(context);
}

interface L4Match {
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sourceLabels?: { readonly [key: string]: string };
  readonly sourceNamespace?: string;
}

/** Whether a match is about this client and port; unlike for HTTP, gateways and labels must both fit. */
function concernsClient(
  { port = 0, gateways = [], sourceLabels = {}, sourceNamespace = '' }: L4Match,
  rule: Config<VirtualService>,
  context: TcpContext,
): boolean {
  if (port !== 0 && port !== context.port) return false;
  if (gateways.length > 0 && !gateways.some((gateway) => context.gateways.has(gatewayName(gateway, rule.namespace))))
    return false;
  return (
    selects(sourceLabels, context.client.labels) &&
    (sourceNamespace === '' || sourceNamespace === context.client.namespace)
  );
}

function tlsChains(context: TcpContext): readonly FilterChainIr[] {
  const chains: FilterChainIr[] = [];
  const handled = new Set<string>();
  for (const rule of context.rules) {
    for (const { match = [], route = [] } of rule.spec.tls ?? []) {
      for (const one of match) {
        if (!concernsClient(one, rule, context)) continue;
        const { sniHosts = [], destinationSubnets = [] } = one;
        const runtime = JSON.stringify([[...sniHosts].sort(), [...destinationSubnets].sort()]);
        if (handled.has(runtime)) continue;
        handled.add(runtime);
        const blocks =
          destinationSubnets.length > 0 ? destinationSubnets : context.block === undefined ? [] : [context.block];
        chains.push(chain({ ...prefixes(blocks), serverNames: sniHosts }, proxyTo(route, rule, context), rule));
      }
    }
  }
  if (chains.length > 0) return chains;
  const match = {
    ...prefixes(context.block === undefined ? [] : [context.block]),
    ...(context.needsSni ? { serverNames: [context.host] } : {}),
  };
  return [chain(match, proxyToSelf(context))];
}

function plainChains(context: TcpContext): readonly FilterChainIr[] {
  const own = context.block === undefined ? [] : [context.block];
  const chains: FilterChainIr[] = [];
  for (const rule of context.rules) {
    for (const { match = [], route = [] } of rule.spec.tcp ?? []) {
      const fitting = match.filter((one) => concernsClient(one, rule, context));
      const takesAll =
        match.length === 0 || fitting.some(({ destinationSubnets = [] }) => destinationSubnets.length === 0);
      if (takesAll) return [...chains, chain(prefixes(own), proxyTo(route, rule, context), rule)];
      const subnets = fitting.flatMap(({ destinationSubnets = [] }) => destinationSubnets);
      if (subnets.length === 0) continue;
      chains.push({ ...chain(prefixes(subnets), proxyTo(route, rule, context)), origin: originKey(rule.origin) });
      // Envoy refuses two chains with one match; the rule's is the one that was asked for.
      if (JSON.stringify([...subnets].sort()) === JSON.stringify(own)) return chains;
    }
  }
  return [...chains, chain(prefixes(own), proxyToSelf(context))];
}

function chain(match: FilterChainMatchIr, proxy: TcpProxyIr, rule?: Config<VirtualService>): FilterChainIr {
  return {
    ...(Object.keys(match).length === 0 ? {} : { match }),
    network: { kind: 'tcp', proxy },
    ...(rule === undefined
      ? {}
      : { config: apiPath('virtual-service', rule.namespace, rule.name), origin: originKey(rule.origin) }),
    connectTimeoutMs: handshakeTimeoutMs,
  };
}

function prefixes(blocks: readonly string[]): FilterChainMatchIr {
  if (blocks.length === 0) return {};
  return {
    prefixes: blocks.map((block) => {
      const [address = '', bits] = block.split('/');
      return { address, length: bits === undefined ? (address.includes(':') ? 128 : 32) : Number(bits) };
    }),
  };
}

function proxyToSelf({ self, protocol }: TcpContext): TcpProxyIr {
  return proxyToTarget(self, protocol);
}

function proxyToTarget({ cluster, policy, forwardSni }: TcpTarget, protocol: Protocol): TcpProxyIr {
  const proxy = tcpProxy(cluster, [{ name: cluster, weight: 0 }], false, policy, protocol);
  return forwardSni === undefined || !isTls(protocol) ? proxy : { ...proxy, forwardSni };
}

/** A proxy to the destinations of a rule's route. */
export function proxyTo(
  route: readonly WeightedDestination[],
  rule: Config<VirtualService>,
  context: Pick<TcpContext, 'targetOf' | 'protocol'>,
): TcpProxyIr {
  const [only] = route;
  if (route.length === 1 && only !== undefined) {
    return proxyToTarget(context.targetOf(only.destination, rule), context.protocol);
  }
  const weighted = route.filter(({ weight = 0 }) => weight > 0);
  const targets = weighted.map(({ destination, weight = 0 }) => ({ ...context.targetOf(destination, rule), weight }));
  const clusters = targets.map(({ cluster, weight }) => ({ name: cluster, weight }));
  const { tunnel: _, ...policy } = targets[0]?.policy ?? {};
  return tcpProxy(`${rule.name}.${rule.namespace}`, clusters, true, policy, context.protocol);
}

/** A proxy to some clusters, with what a policy says of its connections. */
export function tcpProxy(
  statPrefix: string,
  clusters: TcpProxyIr['clusters'],
  isWeighted: boolean,
  { connectionPool, loadBalancer, tunnel }: PortPolicy,
  protocol: Protocol,
): TcpProxyIr {
  const { idleTimeout, maxConnectionDuration } = connectionPool?.tcp ?? {};
  return {
    statPrefix,
    clusters,
    isWeighted,
    ...(idleTimeout === undefined ? {} : { idleTimeoutMs: idleTimeout }),
    ...(maxConnectionDuration === undefined ? {} : { maxDownstreamConnectionDurationMs: maxConnectionDuration }),
    ...(loadBalancer?.consistentHash?.useSourceIp === true ? { hashesSourceIp: true } : {}),
    ...(tunnel === undefined
      ? {}
      : {
          tunnel: {
            target: formatAddress({ host: tunnel.targetHost, port: tunnel.targetPort }),
            usesPost: tunnel.protocol === 'POST',
          },
        }),
    ...(protocol === 'Mongo' ? { sniffer: { kind: 'mongo', statPrefix } } : {}),
  };
}
