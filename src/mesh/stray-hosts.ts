/**
 * Hosts that a VirtualService names and that are no service on the port. Istio routes them all the same: on port 80
 * always, on another port where some host of the same rule is a service with that port.
 */
import { byAge, type Config, configKey } from '../config/config.ts';
import type { VirtualService } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { compareSpecificity, covers, type Hostname, isWildcard } from '../model/hostname.ts';
import { isHttp } from '../model/protocol.ts';
import type { Client } from '../model/scope.ts';
import { importsRule } from './egress.ts';
import { virtualServiceHosts } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import type { VirtualServiceQueries } from './virtual-services.ts';
import { closeness, exportToOr } from './visibility.ts';

export interface StrayHost {
  readonly host: Hostname;
  /** `namespace/name` of the rule that names it. */
  readonly rule: string;
}

export interface ClientRoutePort {
  readonly client: Client;
  readonly port: number;
}

export interface RuleHost {
  readonly client: Client;
  readonly rule: string;
  readonly host: Hostname;
  readonly port: number;
}

export interface StrayQueries {
  /** Each host once, with the rule that claims it first. */
  readonly strayHosts: Query<ClientRoutePort, readonly StrayHost[]>;
  readonly strayVirtualHost: Query<RuleHost, VirtualHostIr | undefined>;
}

const ranks = { private: 0, named: 1, public: 2 } as const;

export function strayQueries(
  graph: Graph,
  { services, virtualServices }: Tables,
  { settings, service, egress }: ServiceQueries,
  { ruleRoutes }: VirtualServiceQueries,
): StrayQueries {
  /** The hosts of one rule that are strays on a port. */
  function straysOf(read: Reader, config: Config<VirtualService>, client: Client, port: number): readonly Hostname[] {
    const hosts = virtualServiceHosts(config);
    const hasPort = (host: Hostname) =>
      read
        .cell(service, { client, host })
        ?.ports.some(({ number, protocol }) => number === port && (isHttp(protocol) || protocol === 'auto')) === true;
    const strays = hosts.filter((host) => (isWildcard(host) ? !matchesAny(read, host, client, port) : !hasPort(host)));
    if (strays.length === 0) return [];
    return port === 80 || strays.length < hosts.length ? strays : [];
  }

  /** Whether a wildcard meets some service on the port, onto which it is expanded then. */
  function matchesAny(read: Reader, wildcard: Hostname, client: Client, port: number): boolean {
    for (const namespace of read.groups(services.byNamespace))
      for (const row of read.rows(services, read.keys(services.byPort, `${namespace}:${port}`)))
        if (covers(wildcard, row.hostname) && read.cell(service, { client, host: row.hostname }) !== undefined)
          return true;
    return false;
  }

  /** The strays of the rules of one namespace. */
  const straysOfNamespace = graph.query<
    { client: Client; namespace: string; port: number },
    readonly (StrayHost & { rank: number })[]
  >('straysOfNamespace', {
    reads: [
      services,
      services.byNamespace,
      services.byPort,
      virtualServices,
      virtualServices.byNamespace,
      settings,
      service,
      egress,
      ruleRoutes,
    ],
    keyOf: ({ client, namespace, port }) => `${client.key}\n${port}\n${namespace}`,
    compute(read, { client, namespace, port }) {
      const { defaultVirtualServiceExportTo } = read.cell(settings, meshKey);
      const listeners = client.sidecar === '' ? undefined : read.cell(egress, client).listeners;
      return read.rows(virtualServices, read.keys(virtualServices.byNamespace, namespace)).flatMap((config) => {
        const hosts = virtualServiceHosts(config);
        if (hosts.length === 0 || !onMesh(config)) return [];
        const how = closeness(
          exportToOr(config.spec.exportTo, defaultVirtualServiceExportTo),
          namespace,
          client.namespace,
        );
        if (how === undefined) return [];
        if (listeners !== undefined && !listeners.some((listener) => importsRule(listener, namespace, hosts)))
          return [];
        const strays = straysOf(read, config, client, port);
        const rule = configKey(config);
        if (strays.length === 0 || read.cell(ruleRoutes, { client, rule, port }) === undefined) return [];
        return strays.map((host) => ({ host, rule, rank: ranks[how] }));
      });
    },
  });

  const strayHosts = graph.query<ClientRoutePort, readonly StrayHost[]>('strayHosts', {
    reads: [virtualServices, virtualServices.byNamespace, straysOfNamespace],
    keyOf: ({ client, port }) => `${client.key}\n${port}`,
    compute(read, { client, port }) {
      const all = read
        .groups(virtualServices.byNamespace)
        .flatMap((namespace) => read.cell(straysOfNamespace, { client, namespace, port }));
      const first = new Map<Hostname, StrayHost>();
      for (const { host, rule } of [...all].sort((a, b) => a.rank - b.rank || byAgeOfRule(read, a.rule, b.rule)))
        if (!first.has(host)) first.set(host, { host, rule });
      return [...first.values()].sort((a, b) => compareSpecificity(a.host, b.host));
    },
  });

  function byAgeOfRule(read: Reader, a: string, b: string): number {
    const [first, second] = [read.row(virtualServices, a), read.row(virtualServices, b)];
    return first === undefined || second === undefined ? 0 : byAge(first, second);
  }

  const strayVirtualHost = graph.query<RuleHost, VirtualHostIr | undefined>('strayVirtualHost', {
    reads: [ruleRoutes],
    keyOf: ({ client, rule, host, port }) => `${client.key}\n${port}\n${rule}\n${host}`,
    compute(read, { client, rule, host, port }) {
      const found = read.cell(ruleRoutes, { client, rule, port });
      if (found === undefined) return undefined;
      return {
        name: `${host}:${port}`,
        domains: [host],
        routes: found.routes,
        countsAttempts: true,
        origins: found.origins,
      };
    },
  });

  return { strayHosts, strayVirtualHost };
}

function onMesh({ spec }: Config<VirtualService>): boolean {
  return spec.gateways === undefined || spec.gateways.length === 0 || spec.gateways.includes('mesh');
}
