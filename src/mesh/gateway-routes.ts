/** The virtual hosts of a gateway's route names: rules meet the servers of Gateways that they name. */

import { configKey } from '../config/config.ts';
import type { Destination } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { RouteIr, VirtualHostIr } from '../ir/route.ts';
import { ensure } from '../lib/ensure.ts';
import { type Hostname, resolveShortName } from '../model/hostname.ts';
import { originKey } from '../model/origin.ts';
import type { Client, Serving } from '../model/scope.ts';
import type { DestinationPolicyQueries } from './destination-policy.ts';
import { destinationTarget } from './destination-target.ts';
import {
  allHosts,
  type GatewayPlan,
  hostsFor,
  type PlannedServer,
  passesAutomatically,
  planGateways,
} from './gateway-plan.ts';
import { listenPorts } from './gateway-ports.ts';
import { isCatchAll } from './http-match.ts';
import { resolveHttpRoutes } from './http-route.ts';
import { apiPath } from './names.ts';
import type { PlacedRouteQueries } from './placed-routes.ts';
import { intersection, virtualServiceHosts } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { competing } from './visibility.ts';

export interface GatewayClient {
  readonly client: Client;
  readonly serving: Serving;
}

export interface GatewayRouteName extends GatewayClient {
  readonly name: string;
}

export interface GatewayQueries {
  readonly gatewayPlan: Query<Serving, GatewayPlan>;
  /** Whether a proxy lets clients choose any cluster by server name. */
  readonly passesBySni: Query<Serving, boolean>;
  /** The rules that name a Gateway and are seen from the proxy's namespace, in the order in which their routes count. */
  readonly gatewayRules: Query<{ readonly client: Client; readonly gateway: string }, readonly string[]>;
  /** The virtual hosts of a route name, by name; undefined for a name that no server has. */
  readonly gatewayHosts: Query<GatewayRouteName, readonly VirtualHostIr[] | undefined>;
  readonly destinationOf: (
    read: Reader,
    destination: Destination,
    namespace: string,
    client: Client,
    port: number,
  ) => { readonly host: Hostname; readonly port: number };
}

export function gatewayQueries(
  graph: Graph,
  { gateways, services, virtualServices }: Tables,
  { visibility, routeSettings, service }: ServiceQueries,
  { destinationPolicy, policyOfHost }: DestinationPolicyQueries,
  { placedRoutes }: PlacedRouteQueries,
): GatewayQueries {
  const gatewayPlan = graph.query<Serving, GatewayPlan>('gatewayPlan', {
    reads: [gateways, services],
    keyOf: ({ key }) => key,
    compute(read, serving) {
      const targets = serving.targets.flatMap((target) => {
        const service = read.row(services, target.service);
        return service === undefined ? [] : [{ ...target, service }];
      });
      return planGateways(read.rows(gateways, serving.gateways), (gateway, port) =>
        listenPorts(gateway, port, targets),
      );
    },
  });

  const passesBySni = graph.query<Serving, boolean>('passesBySni', {
    reads: [gatewayPlan],
    keyOf: ({ key }) => key,
    compute: (read, serving) =>
      serving.gateways.length > 0 &&
      read.cell(gatewayPlan, serving).listeners.some(({ servers }) => servers.some(passesAutomatically)),
  });

  const gatewayRules = graph.query<{ client: Client; gateway: string }, readonly string[]>('gatewayRules', {
    reads: [virtualServices, virtualServices.byGateway, visibility],
    keyOf: ({ client, gateway }) => `${client.key}\n${gateway}`,
    compute(read, { client, gateway }) {
      const { defaultVirtualServiceExportTo } = read.cell(visibility, meshKey);
      const rules = read.rows(virtualServices, read.keys(virtualServices.byGateway, gateway));
      return competing(rules, client.namespace, defaultVirtualServiceExportTo).map(configKey);
    },
  });

  /** A gateway knows all ports of a service: one that has a single port needs no number in the rule. */
  function destinationOf(
    read: Reader,
    { host: name, port }: Destination,
    namespace: string,
    client: Client,
    listenerPort: number,
  ) {
    let host = resolveShortName(name, namespace);
    let found = read.cell(service, { client, host });
    for (let hops = 0; hops < 8 && found?.aliasOf !== undefined; hops++) {
      host = found.aliasOf;
      found = read.cell(service, { client, host });
    }
    const only = found?.ports.length === 1 ? found.ports[0]?.number : undefined;
    return { host, port: port?.number ?? only ?? listenerPort };
  }

  const routes = graph.query<
    { client: Client; rule: string; gateway: string; port: number; isTls: boolean },
    readonly RouteIr[]
  >('gatewayRuleRoutes', {
    reads: [virtualServices, routeSettings, service, destinationPolicy, placedRoutes],
    keyOf: ({ client, rule, gateway, port, isTls }) => `${client.key}\n${gateway}\n${port}/${isTls}\n${rule}`,
    compute(read, { client, rule, gateway, port, isTls }) {
      const config = read.row(virtualServices, rule);
      if (config === undefined) return [];
      return resolveHttpRoutes(read.cell(placedRoutes, rule), {
        namespace: config.namespace,
        name: config.name,
        config: apiPath('virtual-service', config.namespace, config.name),
        port,
        gateways: new Set([gateway]),
        clientNamespace: client.namespace,
        clientLabels: client.labels,
        isTls,
        retryPolicy: read.cell(routeSettings, meshKey).retryPolicy,
        targetOf(destination) {
          const { host, port: number } = destinationOf(read, destination, config.namespace, client, port);
          return destinationTarget(policyOfHost(read, client, host), {
            host,
            port: number,
            subset: destination.subset,
          });
        },
      });
    },
  });

  const gatewayHosts = graph.query<GatewayRouteName, readonly VirtualHostIr[] | undefined>('gatewayHosts', {
    reads: [virtualServices, gatewayPlan, gatewayRules, routes],
    keyOf: ({ client, serving, name }) => `${client.key}\n${serving.key}\n${name}`,
    compute(read, { client, serving, name }) {
      const servers = serversOf(read.cell(gatewayPlan, serving), name);
      if (servers.length === 0) return undefined;
      const hosts = new Map<string, Draft>();
      for (const planned of servers) {
        for (const rule of read.cell(gatewayRules, { client, gateway: planned.gateway }))
          addRule(read, hosts, planned, rule, client);
        if (planned.server.tls?.httpsRedirect !== true) continue;
        for (const host of allHosts(planned)) draft(hosts, host, planned).requiresTls = true;
      }
      const port = servers[0]?.port ?? 0;
      if (hosts.size === 0)
        return [{ name: `blackhole:${port}`, domains: ['*'], routes: [], countsAttempts: false, origins: [] }];
      return collapse([...hosts.values()].map(finish)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  });

  function addRule(
    read: Reader,
    hosts: Map<string, Draft>,
    planned: PlannedServer,
    rule: string,
    client: Client,
  ): void {
    const config = read.row(virtualServices, rule);
    if (config === undefined) return;
    const names = intersection(hostsFor(planned, config.namespace), virtualServiceHosts(config));
    if (names.length === 0) return;
    const found = read.cell(routes, {
      client,
      rule,
      gateway: planned.gateway,
      port: planned.port,
      isTls: planned.kind === 'https',
    });
    if (found.length === 0) return;
    for (const host of names) {
      const one = draft(hosts, host, planned);
      one.routes.push(...found);
      one.origins.add(originKey(config.origin));
      if (planned.server.tls?.httpsRedirect === true) one.requiresTls = true;
    }
  }

  return { gatewayPlan, passesBySni, gatewayRules, gatewayHosts, destinationOf };
}

/** The servers with a route name; one that listens on several ports counts once. */
function serversOf({ listeners }: GatewayPlan, name: string): readonly PlannedServer[] {
  const servers = listeners.flatMap((listener) => listener.servers.filter(({ routeName }) => routeName === name));
  return [...new Map(servers.map((server) => [`${server.gateway} ${server.index}`, server])).values()];
}

interface Draft {
  readonly host: string;
  readonly port: number;
  readonly routes: RouteIr[];
  readonly origins: Set<string>;
  requiresTls: boolean;
}

function draft(hosts: Map<string, Draft>, host: string, { port, gateway }: PlannedServer): Draft {
  return ensure(hosts, host, () => ({
    host,
    port,
    routes: [],
    origins: new Set([`Gateway/${gateway}`]),
    requiresTls: false,
  }));
}

/** Several rules may have given routes: those that take everything go last, so that all of them can be reached. */
function finish({ host, port, routes, origins, requiresTls }: Draft): VirtualHostIr {
  const inOrder = [
    ...routes.filter(({ match }) => !isCatchAll(match)),
    ...routes.filter(({ match }) => isCatchAll(match)),
  ];
  return {
    name: `${host}:${port}`,
    domains: [host],
    routes: inOrder,
    ...(requiresTls ? { requiresTls } : {}),
    countsAttempts: true,
    origins: [...origins],
  };
}

/** Hosts with the very same routes are one virtual host, named after the first. */
function collapse(hosts: readonly VirtualHostIr[]): VirtualHostIr[] {
  const byContent = new Map<string, VirtualHostIr>();
  for (const host of [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = JSON.stringify([host.routes, host.requiresTls === true]);
    const first = byContent.get(key);
    if (first === undefined || host.routes.length === 0)
      byContent.set(host.routes.length === 0 ? `${key}${host.name}` : key, host);
    else
      byContent.set(key, {
        ...first,
        domains: [...first.domains, ...host.domains],
        origins: [...new Set([...first.origins, ...host.origins])],
      });
  }
  return [...byContent.values()];
}
