/** What a gateway does with connections whose bytes it passes on, with or without the TLS around them. */
import type { Config } from '../config/config.ts';
import type { VirtualService } from '../config/virtual-service.ts';
import type { FilterChainIr, FilterChainMatchIr } from '../ir/listener.ts';
import type { TlsParametersIr } from '../ir/tls.ts';
import { type OriginKey, originKey } from '../model/origin.ts';
import { hostsFor, type PlannedServer } from './gateway-plan.ts';
import { terminatedTls } from './gateway-tls.ts';
import { apiPath } from './names.ts';
import { gatewayName, intersection, virtualServiceHosts } from './rules.ts';
import { handshakeTimeoutMs } from './settings.ts';
import { proxyTo, type TcpContext } from './tcp-route.ts';

export interface RawContext {
  /** The rules that name the server's Gateway, in order. */
  readonly rules: readonly Config<VirtualService>[];
  readonly targetOf: TcpContext['targetOf'];
  readonly tlsDefaults: TlsParametersIr;
}

/** A chain and the rule that asked for it. */
export interface RawChain {
  readonly chain: FilterChainIr;
  readonly origin: OriginKey;
}

/** A match of a rule that cannot be served, because its server names are taken. */
export interface SniConflict {
  readonly rule: Config<VirtualService>;
  /** `spec.tls[0].match[1]` */
  readonly path: string;
  readonly message: string;
}

/** All connections of a server take the first route that fits; undefined when no rule has any. */
export function rawChain(planned: PlannedServer, context: RawContext): RawChain | undefined {
  for (const rule of fitting(planned, context.rules))
    for (const { match = [], route = [] } of rule.spec.tcp ?? [])
      if (route.length > 0 && (match.length === 0 || match.some((one) => concerns(one, planned, rule))))
        return toChain({ planned, rule, route, context });
  return undefined;
}

/**
 * One chain for each match of the rules' tls routes. `taken` are server names that chains of the listener have already: a
 * match that names one of them again is left out as a whole, since Envoy would refuse the listener.
 */
export function passedChains(
  planned: PlannedServer,
  context: RawContext,
  taken: Set<string>,
): { readonly chains: readonly RawChain[]; readonly conflicts: readonly SniConflict[] } {
  const chains: RawChain[] = [];
  const conflicts: SniConflict[] = [];
  for (const rule of fitting(planned, context.rules))
    for (const [i, { match = [], route = [] }] of (rule.spec.tls ?? []).entries())
      for (const [j, one] of match.entries()) {
        if (route.length === 0 || !concerns(one, planned, rule)) continue;
        const serverNames = one.sniHosts ?? [];
        const again = serverNames.filter((name) => taken.has(name));
        if (again.length > 0) {
          const found = `${again.join(', ')} again`;
          const message = `expected server names that nothing else has on port ${planned.port} of Gateway ${planned.gateway}, found ${found}`;
          conflicts.push({ rule, path: `spec.tls[${i}].match[${j}]`, message });
          continue;
        }
        for (const name of serverNames) taken.add(name);
        chains.push(toChain({ planned, rule, route, context, match: { serverNames } }));
      }
  return { chains, conflicts };
}

interface L4Match {
  readonly port?: number;
  readonly gateways?: readonly string[];
}

/** Where connections come from and go to means nothing here: all of them arrive from outside at one address. */
function concerns(
  { port = 0, gateways = [] }: L4Match,
  planned: PlannedServer,
  { namespace }: Config<VirtualService>,
): boolean {
  if (port !== 0 && port !== planned.port) return false;
  return gateways.length === 0 || gateways.some((name) => gatewayName(name, namespace) === planned.gateway);
}

function fitting(planned: PlannedServer, rules: readonly Config<VirtualService>[]): readonly Config<VirtualService>[] {
  return rules.filter((rule) => intersection(hostsFor(planned, rule.namespace), virtualServiceHosts(rule)).length > 0);
}

function toChain({
  planned,
  rule,
  route,
  context: { targetOf, tlsDefaults },
  match,
}: {
  readonly planned: PlannedServer;
  readonly rule: Config<VirtualService>;
  readonly route: Parameters<typeof proxyTo>[0];
  readonly context: RawContext;
  readonly match?: FilterChainMatchIr;
}): RawChain {
  const { protocol, kind, server } = planned;
  return {
    chain: {
      ...(match === undefined ? {} : { match }),
      ...(kind === 'terminated'
        ? { ...sniMatch(planned), tls: terminatedTls(server.tls ?? {}, 'tcp', tlsDefaults) }
        : {}),
      network: { kind: 'tcp', proxy: proxyTo(route, rule, { targetOf, protocol }) },
      config: apiPath('virtual-service', rule.namespace, rule.name),
      connectTimeoutMs: handshakeTimeoutMs,
    },
    origin: originKey(rule.origin),
  };
}

/** Chains of one port are told apart by SNI; a server for every host takes what no other names. */
export function sniMatch({ serverNames }: PlannedServer): Pick<FilterChainIr, 'match'> {
  return serverNames.includes('*') ? {} : { match: { serverNames } };
}
