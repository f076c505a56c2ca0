/** Which VirtualService routes a host for a client, and the routes it gives. */
import { type Config, configKey } from '../config/config.ts';
import type { Destination, VirtualService } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { RouteIr } from '../ir/route.ts';
import { compareSpecificity, type Hostname, resolveShortName, wildcardsOver } from '../model/hostname.ts';
import { type OriginKey, originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import type { DestinationPolicyQueries } from './destination-policy.ts';
import { type DestinationTarget, destinationTarget } from './destination-target.ts';
import { importsRule } from './egress.ts';
import { type RouteContext, resolveHttpRoutes } from './http-route.ts';
import { apiPath } from './names.ts';
import type { PlacedRouteQueries } from './placed-routes.ts';
import { virtualServiceHosts } from './rules.ts';
import { type ClientHost, clientHostKey, type ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { competing } from './visibility.ts';

/** The routes of a host on one port, and the rule they come from. */
export interface HostRoutes {
  readonly rule: string;
  readonly routes: readonly RouteIr[];
  readonly origins: readonly OriginKey[];
}

export interface ClientPort {
  readonly client: Client;
  readonly host: Hostname;
  readonly port: number;
}

export interface ClientRulePort {
  readonly client: Client;
  /** `namespace/name` */
  readonly rule: string;
  readonly port: number;
}

export const clientPortKey = ({ client, host, port }: ClientPort) => `${client.key}\n${port}\n${host}`;

export interface VirtualServiceQueries {
  /** The rules that name a host, exactly or by a wildcard, in the order in which they are looked at: `namespace/name`. */
  readonly hostRules: Query<ClientHost, readonly string[]>;
  /** The routes that one rule gives a client on a port; undefined when none of them concerns it. */
  readonly ruleRoutes: Query<ClientRulePort, HostRoutes | undefined>;
  /** What a sidecar does with requests for a service's host; undefined where no rule says anything. */
  readonly hostRoutes: Query<ClientPort, HostRoutes | undefined>;
}

export function virtualServiceQueries(
  graph: Graph,
  tables: Tables,
  { visibility, routeSettings, service, egress }: ServiceQueries,
  { destinationPolicy, policyOfHost }: DestinationPolicyQueries,
  { placedRoutes }: PlacedRouteQueries,
): VirtualServiceQueries {
  const { virtualServices } = tables;

  /** The rules among `keys` that a client sees and its Sidecar imports, in the order in which they may claim a host. */
  function candidates(read: Reader, client: Client, keys: readonly string[]): readonly Config<VirtualService>[] {
    const { defaultVirtualServiceExportTo } = read.cell(visibility, meshKey);
    const listeners = client.sidecar === '' ? undefined : read.cell(egress, client).listeners;
    const seen = competing(read.rows(virtualServices, keys), client.namespace, defaultVirtualServiceExportTo);
    if (listeners === undefined) return seen;
    return seen.filter((config) => {
      const hosts = virtualServiceHosts(config);
      return listeners.some((listener) => importsRule(listener, config.namespace, hosts));
    });
  }

  const ruleRoutes = graph.query<ClientRulePort, HostRoutes | undefined>('ruleRoutes', {
    reads: [virtualServices, routeSettings, service, destinationPolicy, placedRoutes],
    keyOf: ({ client, rule, port }) => `${client.key}\n${port}\n${rule}`,
    compute(read, { client, rule, port }) {
      const config = read.row(virtualServices, rule);
      if (config === undefined) return undefined;
      const placed = read.cell(placedRoutes, rule);
      const routes = resolveHttpRoutes(placed, contextOf(read, config, client, port));
      if (routes.length === 0) return undefined;
      return { rule, routes, origins: [...new Set([originKey(config.origin), ...placed.map(({ object }) => object)])] };
    },
  });

  function contextOf(read: Reader, config: Config<VirtualService>, client: Client, port: number): RouteContext {
    return {
      namespace: config.namespace,
      name: config.name,
      config: apiPath('virtual-service', config.namespace, config.name),
      port,
      gateways: new Set(['mesh']),
      clientNamespace: client.namespace,
      clientLabels: client.labels,
      isTls: false,
      retryPolicy: read.cell(routeSettings, meshKey).retryPolicy,
      targetOf: (destination) => targetOf(read, destination, config.namespace, client, port),
    };
  }

  /** The host behind an alias that has the port; the host itself otherwise. */
  function realHost(read: Reader, host: Hostname, client: Client, port: number): Hostname {
    let real = host;
    for (let hops = 0; hops < 8; hops++) {
      const found = read.cell(service, { client, host: real });
      if (found?.aliasOf === undefined || !found.ports.some(({ number }) => number === port)) return real;
      real = found.aliasOf;
    }
    return real;
  }

  function targetOf(
    read: Reader,
    { host: name, port, subset }: Destination,
    namespace: string,
    client: Client,
    listenerPort: number,
  ): DestinationTarget {
    const host = realHost(read, resolveShortName(name, namespace), client, listenerPort);
    return destinationTarget(policyOfHost(read, client, host), { host, port: port?.number ?? listenerPort, subset });
  }

  const hostRules = graph.query<ClientHost, readonly string[]>('hostRules', {
    reads: [virtualServices, virtualServices.byHost, virtualServices.wildcards, visibility, egress],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const keys = new Set([
        ...read.keys(virtualServices.byHost, host),
        ...wildcardsOver(host).flatMap((wildcard) => read.keys(virtualServices.wildcards, wildcard)),
      ]);
      return candidates(read, client, [...keys]).map(configKey);
    },
  });

  const hostRoutes = graph.query<ClientPort, HostRoutes | undefined>('hostRoutes', {
    reads: [virtualServices, virtualServices.byHost, virtualServices.wildcards, visibility, egress, ruleRoutes],
    keyOf: clientPortKey,
    compute(read, { client, host, port }) {
      const exact = candidates(read, client, read.keys(virtualServices.byHost, host));
      for (const config of exact) {
        const routes = read.cell(ruleRoutes, { client, rule: configKey(config), port });
        if (routes !== undefined) return routes;
      }
      if (exact.length > 0) return undefined;
      for (const wildcard of [...wildcardsOver(host)].sort(compareSpecificity)) {
        const [first] = candidates(read, client, read.keys(virtualServices.wildcards, wildcard));
        if (first !== undefined) return read.cell(ruleRoutes, { client, rule: configKey(first), port });
      }
      return undefined;
    },
  });

  return { hostRules, ruleRoutes, hostRoutes };
}
