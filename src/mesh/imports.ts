/** What a client's Sidecar imports: which services on which ports, asked for or needed by the rules that it imports. */
import { configKey } from '../config/config.ts';
import type { Destination, VirtualService } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { type Hostname, resolveShortName } from '../model/hostname.ts';
import type { Client } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import { type EgressScope, importsNamespace, importsRule, importsService } from './egress.ts';
import type { PlacedRouteQueries } from './placed-routes.ts';
import { virtualServiceHosts } from './rules.ts';
import {
  type ClientHost,
  type ClientNamespace,
  clientHostKey,
  clientNamespaceKey,
  type ServiceQueries,
} from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { exportToOr, isVisible } from './visibility.ts';

export interface ImportQueries {
  /** A service with the ports that the client may use; undefined when it may use none. */
  readonly imported: Query<ClientHost, Service | undefined>;
  /** The hosts of a namespace that the client may use, sorted. */
  readonly importedHosts: Query<ClientNamespace, readonly Hostname[]>;
  /** The namespaces in which a client may see services, sorted. */
  readonly namespaces: Query<Client, readonly string[]>;
}

/** Ports by host; `all` where a rule names no port. */
type Needs = ReadonlyMap<Hostname, ReadonlySet<number> | 'all'>;

export function importQueries(
  graph: Graph,
  tables: Tables,
  { visibility, egress, service, hosts }: ServiceQueries,
  { placedRoutes }: PlacedRouteQueries,
): ImportQueries {
  const { services, virtualServices } = tables;

  /** The destinations of the rules of one namespace that a Sidecar imports. */
  const needsOfNamespace = graph.query<ClientNamespace, Needs>('needsOfNamespace', {
    reads: [virtualServices, virtualServices.byNamespace, visibility, egress, placedRoutes],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      const { defaultVirtualServiceExportTo } = read.cell(visibility, meshKey);
      const { listeners } = read.cell(egress, client);
      const found = new Map<Hostname, Set<number> | 'all'>();
      for (const config of read.rows(virtualServices, read.keys(virtualServices.byNamespace, namespace))) {
        const shown = exportToOr(config.spec.exportTo, defaultVirtualServiceExportTo);
        const hostnames = virtualServiceHosts(config);
        if (!isVisible(shown, namespace, client.namespace)) continue;
        if (!listeners.some((listener) => importsRule(listener, namespace, hostnames))) continue;
        const http = read.cell(placedRoutes, configKey(config)).map(({ route }) => route);
        for (const { host, port } of destinationsOf({ ...config.spec, http }, client.namespace))
          need(found, resolveShortName(host, namespace), port?.number ?? 0);
      }
      return found;
    },
  });

  /** The destinations of all rules that a Sidecar imports. Only asked for clients that have one. */
  const needs = graph.query<Client, Needs>('needs', {
    reads: [virtualServices.byNamespace, egress, needsOfNamespace],
    keyOf: ({ key }) => key,
    compute(read, client) {
      const scope = read.cell(egress, client);
      const found = new Map<Hostname, Set<number> | 'all'>();
      for (const namespace of read.groups(virtualServices.byNamespace)) {
        if (importsNamespace(scope, namespace) === 'none') continue;
        for (const [host, ports] of read.cell(needsOfNamespace, { client, namespace }))
          for (const port of ports === 'all' ? [0] : ports) need(found, host, port);
      }
      return found;
    },
  });

  const imported = graph.query<ClientHost, Service | undefined>('imported', {
    reads: [service, egress, needs],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const found = read.cell(service, { client, host });
      if (found === undefined || client.sidecar === '') return found;
      const { listeners } = read.cell(egress, client);
      const asked = new Set(listeners.flatMap((listener) => portsThrough(listener, found).map(({ number }) => number)));
      if (asked.size > 0) return restricted(found, (number) => asked.has(number));
      const needed = read.cell(needs, client).get(host);
      if (needed === undefined) return undefined;
      return needed === 'all' ? found : restricted(found, (number) => needed.has(number));
    },
  });

  const importedHosts = graph.query<ClientNamespace, readonly Hostname[]>('importedHosts', {
    reads: [hosts, imported],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      const all = read.cell(hosts, { client, namespace });
      return client.sidecar === '' ? all : all.filter((host) => read.cell(imported, { client, host }) !== undefined);
    },
  });

  const namespaces = graph.query<Client, readonly string[]>('namespaces', {
    reads: [services.byNamespace, services.byHost, services, egress, needs],
    keyOf: ({ key }) => key,
    compute(read, client) {
      const all = read.groups(services.byNamespace);
      if (client.sidecar === '') return all;
      const scope = read.cell(egress, client);
      const needed = new Set<string>();
      for (const host of read.cell(needs, client).keys())
        for (const row of read.rows(services, read.keys(services.byHost, host))) needed.add(row.namespace);
      return all.filter((namespace) => importsNamespace(scope, namespace) !== 'none' || needed.has(namespace));
    },
  });

  return { imported, importedHosts, namespaces };
}

/** The ports of a service that an egress listener lets through: its own one, or all where it has none (0 for a socket). */
export function portsThrough(listener: EgressScope, service: Service): Service['ports'] {
  if (!importsService(listener, service.namespace, service.hostname)) return [];
  const { port } = listener;
  return port === undefined || port.number === 0
    ? service.ports
    : service.ports.filter(({ number }) => number === port.number);
}

/** Notes that a host is needed on a port; 0 stands for all of them. */
function need(needs: Map<Hostname, Set<number> | 'all'>, host: Hostname, port: number): void {
  const known = needs.get(host);
  if (port === 0) needs.set(host, 'all');
  else if (known === undefined) needs.set(host, new Set([port]));
  else if (known !== 'all') known.add(port);
}

function restricted(service: Service, isKept: (port: number) => boolean): Service | undefined {
  const ports = service.ports.filter(({ number }) => isKept(number));
  return ports.length === 0 ? undefined : ports.length === service.ports.length ? service : { ...service, ports };
}

/** Every destination of a rule that a client of the namespace may be sent to. */
function* destinationsOf({ http = [], tcp = [], tls = [] }: VirtualService, namespace: string): Generator<Destination> {
  const concerns = (match: readonly { readonly sourceNamespace?: string }[] = []) =>
    match.length === 0 ||
    match.some(({ sourceNamespace = '' }) => sourceNamespace === '' || sourceNamespace === namespace);
  for (const route of http) {
    if (!concerns(route.match)) continue;
    for (const { destination } of route.route ?? []) yield destination;
    if (route.mirror !== undefined) yield route.mirror;
    for (const { destination } of route.mirrors ?? []) yield destination;
  }
  for (const route of [...tcp, ...tls])
    if (concerns(route.match)) for (const { destination } of route.route ?? []) yield destination;
}
