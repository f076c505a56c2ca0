/**
 * Hosts that a VirtualService names and that are no service on the port. Istio routes them all the same: on port 80
 * always, on another port where some host of the same rule is a service with that port.
 */
import { byAge, type Config, configKey } from '../config/config.ts';
import type { VirtualService } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { compareSpecificity, type Hostname, isWildcard, wildcardsOver } from '../model/hostname.ts';
import type { Client } from '../model/scope.ts';
import { takesRequests } from '../model/service.ts';
import { importsRule } from './egress.ts';
import { servicesOf } from './merged-services.ts';
import { isOnMesh, virtualServiceHosts } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import type { VirtualServiceQueries } from './virtual-services.ts';
import { closeness, closenessRanks, exportToOr } from './visibility.ts';

export interface StrayHost {
  readonly host: Hostname;
  /** `namespace/name` of the rule that names it. */
  readonly rule: string;
}

export interface ClientRoutePort {
  readonly client: Client;
  readonly port: number;
}

interface Chunk {
  readonly namespace: string;
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

export function strayQueries(
  graph: Graph,
  tables: Tables,
  { visibility, service, egress, portNamespaces }: ServiceQueries,
  { ruleRoutes }: VirtualServiceQueries,
): StrayQueries {
  const { services, clusters, virtualServices } = tables;
  /** The hosts of one rule that are strays on a port. */
  function straysOf(read: Reader, config: Config<VirtualService>, client: Client, port: number): readonly Hostname[] {
    const hosts = virtualServiceHosts(config);
    const hasPort = (host: Hostname) => {
      const found = read.cell(service, { client, host });
      return found !== undefined && takesRequests(found, port);
    };
    const strays = hosts.filter((host) => (isWildcard(host) ? !matchesAny(read, host, client, port) : !hasPort(host)));
    if (strays.length === 0) return [];
    return port === 80 || strays.length < hosts.length ? strays : [];
  }

  /** Whether a wildcard meets some service on the port, onto which it is expanded then. */
  function matchesAny(read: Reader, wildcard: Hostname, client: Client, port: number): boolean {
    for (const key of read.keys(services.underWildcard, wildcard)) {
      const row = read.row(services, key);
      if (row?.ports.some(({ number }) => number === port) !== true) continue;
      const found = read.cell(service, { client, host: row.hostname });
      if (found?.ports.some(({ number }) => number === port) === true) return true;
    }
    return false;
  }

  /** Whether a host is a service with requests on the port whoever asks: every row that may be it has the port. */
  function isServiceToAll(read: Reader, host: Hostname, port: number): boolean {
    const { defaultServiceExportTo } = read.cell(visibility, meshKey);
    const rows = servicesOf(read, tables, host, '');
    return (
      rows.some(({ exportTo }) => exportToOr(exportTo, defaultServiceExportTo).includes('*')) &&
      rows.every((row) => takesRequests(row, port))
    );
  }

  /**
   * The rules that may have strays on a port, in chunks by namespace: on port 80 those of a namespace with a host that is
   * not a service to everybody, on another port those with several hosts, one of which is a service of the namespace. Most
   * rules are about services alone, so that there are few.
   */
  const strayRules = graph.query<Chunk, readonly string[]>('strayRules', {
    reads: [
      services,
      services.byHost,
      services.byPort,
      clusters,
      clusters.all,
      virtualServices,
      virtualServices.byNamespace,
      virtualServices.together,
      visibility,
    ],
    keyOf: ({ namespace, port }) => `${namespace}:${port}`,
    compute(read, { namespace, port }) {
      if (port === 80)
        return read
          .rows(virtualServices, read.keys(virtualServices.byNamespace, namespace))
          .filter(
            (rule) => isOnMesh(rule) && virtualServiceHosts(rule).some((host) => !isServiceToAll(read, host, port)),
          )
          .map(configKey);
      const hosts = read.rows(services, read.keys(services.byPort, `${namespace}:${port}`)).map((row) => row.hostname);
      const names = new Set(hosts.flatMap((host) => [host, ...wildcardsOver(host)]));
      return [...new Set([...names].flatMap((name) => read.keys(virtualServices.together, name)))].sort();
    },
  });

  /** The namespaces whose chunks have rules. */
  const strayChunks = graph.query<number, readonly string[]>('strayChunks', {
    reads: [virtualServices.byNamespace, portNamespaces, strayRules],
    keyOf: String,
    compute: (read, port) =>
      (port === 80 ? read.groups(virtualServices.byNamespace) : read.cell(portNamespaces, String(port))).filter(
        (namespace) => read.cell(strayRules, { namespace, port }).length > 0,
      ),
  });

  const straysOfChunk = graph.query<Chunk & { client: Client }, readonly (StrayHost & { rank: number })[]>(
    'straysOfChunk',
    {
      reads: [services, services.underWildcard, strayRules, virtualServices, visibility, service, egress, ruleRoutes],
      keyOf: ({ client, namespace, port }) => `${client.key}\n${port}\n${namespace}`,
      compute(read, { client, namespace, port }) {
        const { defaultVirtualServiceExportTo } = read.cell(visibility, meshKey);
        const listeners = client.sidecar === '' ? undefined : read.cell(egress, client).listeners;
        const rules = read.rows(virtualServices, read.cell(strayRules, { namespace, port }));
        return rules.flatMap((config) => {
          const shown = exportToOr(config.spec.exportTo, defaultVirtualServiceExportTo);
          const how = closeness(shown, config.namespace, client.namespace);
          const hosts = virtualServiceHosts(config);
          if (how === undefined) return [];
          if (listeners !== undefined && !listeners.some((listener) => importsRule(listener, config.namespace, hosts)))
            return [];
          const strays = straysOf(read, config, client, port);
          const rule = configKey(config);
          if (strays.length === 0 || read.cell(ruleRoutes, { client, rule, port }) === undefined) return [];
          return strays.map((host) => ({ host, rule, rank: closenessRanks[how] }));
        });
      },
    },
  );

  const strayHosts = graph.query<ClientRoutePort, readonly StrayHost[]>('strayHosts', {
    reads: [virtualServices, strayChunks, straysOfChunk],
    keyOf: ({ client, port }) => `${client.key}\n${port}`,
    compute(read, { client, port }) {
      const all = read
        .cell(strayChunks, port)
        .flatMap((namespace) => read.cell(straysOfChunk, { client, namespace, port }));
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
