/**
 * What stands in a sidecar's RouteConfiguration, and in which order: virtual hosts by reference, so that a change of one
 * host's routes leaves the layout alone, and their domains after conflicts.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Hostname } from '../model/hostname.ts';
import { isHttp } from '../model/protocol.ts';
import type { Client, UnclaimedPolicy } from '../model/scope.ts';
import { takesRequests } from '../model/service.ts';
import { type EgressScope, importsService } from './egress.ts';
import type { ImportQueries } from './imports.ts';
import { type Candidate, type DomainForm, domainsIn, type LayoutEntry, layOut, toEntry } from './layout-entry.ts';
import type { NarrowQueries } from './narrow.ts';
import { unclaimedPolicy } from './outbound-policy.ts';
import { type ClientNamespace, clientNamespaceKey, type ServiceQueries } from './services.ts';
import type { StrayQueries } from './stray-hosts.ts';
import { meshKey, type Tables } from './tables.ts';
import type { VirtualHostQueries } from './virtual-host.ts';

export interface RouteLayout {
  /** By name. */
  readonly hosts: readonly LayoutEntry[];
  /** What happens to requests for any other host; absent where every request is for the one host. */
  readonly others?: UnclaimedPolicy;
  /** Domains name ports, and so must requests; else a request's port is not looked at. */
  readonly namesPorts?: true;
}

export interface RouteName {
  readonly client: Client;
  readonly name: string;
}

export const routeNameKey = ({ client, name }: RouteName) => `${client.key}\n${name}`;

/** What a sidecar's route name stands for. */
export type ParsedRouteName =
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'host'; readonly host: Hostname; readonly port: number }
  | { readonly kind: 'proxy' }
  | { readonly kind: 'socket'; readonly path: string };

export function parseRouteName(name: string): ParsedRouteName | undefined {
  if (name === 'http_proxy') return { kind: 'proxy' };
  if (name.startsWith('unix://')) return { kind: 'socket', path: name };
  if (/^\d+$/.test(name)) return { kind: 'port', port: Number(name) };
  const match = /^(.+):(\d+)$/.exec(name);
  return match === null ? undefined : { kind: 'host', host: match[1] ?? '', port: Number(match[2]) };
}

export interface RouteLayoutQueries {
  /** The layout of a sidecar's route name; undefined for a name that means nothing. */
  readonly routeLayout: Query<RouteName, RouteLayout | undefined>;
}

interface ChunkKey {
  /** Already narrowed. */
  readonly client: Client;
  readonly namespace: string;
  readonly port: number;
  readonly form: DomainForm;
}

export function routeLayoutQueries(
  graph: Graph,
  { services, sidecars }: Tables,
  { settings, egress, service, hosts, portNamespaces }: ServiceQueries,
  { namespaces, imported }: ImportQueries,
  { narrow }: NarrowQueries,
  { strayHosts }: StrayQueries,
  { hostDomains, isRouted }: VirtualHostQueries,
): RouteLayoutQueries {
  /** The hosts of a namespace that have requests on a port, by name. */
  const hostsOnPort = graph.query<ChunkKey, readonly Candidate[]>('hostsOnPort', {
    reads: [services, services.byPort, service, isRouted, hostDomains],
    keyOf: ({ client, namespace, port, form }) => `${client.key}\n${namespace}\n${port}\n${form}`,
    compute(read, { client, namespace, port, form }) {
      const rows = read.rows(services, read.keys(services.byPort, `${namespace}:${port}`));
      return [...new Set(rows.map(({ hostname }) => hostname))].sort().flatMap((host) => {
        const seen = read.cell(service, { client, host });
        if (seen?.namespace !== namespace || !takesRequests(seen, port)) return [];
        const routed = read.cell(isRouted, { client, host, port });
        // An alias stands with the host that it is for, unless a rule is about it.
        if (seen.aliasOf !== undefined && !routed) return [];
        const { own, others } = read.cell(hostDomains, { client, host });
        const entry = toEntry({ client, host, port, domains: domainsIn(form, port, [...own, ...others]) });
        return [{ isRouted: routed, own, others, entry }];
      });
    },
  });

  /** All ports on which a namespace takes requests. */
  const requestPorts = graph.query<ClientNamespace, readonly number[]>('requestPorts', {
    reads: [hosts, service],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      const ports = new Set<number>();
      for (const host of read.cell(hosts, { client, namespace }))
        for (const { number, protocol } of read.cell(service, { client, host })?.ports ?? [])
          if (isHttp(protocol) || protocol === 'auto') ports.add(number);
      return [...ports].sort((a, b) => a - b);
    },
  });

  /** The entries of one port, of an egress listener where the client has some. */
  function onPort(
    read: Reader,
    client: Client,
    { port, form, listener }: { port: number; form: DomainForm; listener: EgressScope | undefined },
  ): readonly LayoutEntry[] {
    const seen = new Set(read.cell(namespaces, client));
    const candidates = read
      .cell(portNamespaces, String(port))
      .filter((namespace) => seen.has(namespace))
      .flatMap((namespace) => {
        const as = read.cell(narrow, { client, namespace });
        const all = read.cell(hostsOnPort, { client: as, namespace, port, form });
        return listener === undefined
          ? all
          : all.filter(({ entry }) => importsService(listener, namespace, entry.host));
      });
    const strays = read
      .cell(strayHosts, { client, port })
      .map(({ host, rule }) => toEntry({ client, host, port, rule, domains: domainsIn(form, port, [host]) }));
    return layOut(candidates, strays, form);
  }

  /** The egress listener that a port belongs to; undefined when there is no Sidecar to ask. */
  function listenerOf(read: Reader, client: Client, name: ParsedRouteName): EgressScope | 'none' | undefined {
    if (client.sidecar === '') return undefined;
    const { listeners } = read.cell(egress, client);
    const own = listeners.find(({ port, bind }) =>
      name.kind === 'socket'
        ? bind === name.path
        : name.kind === 'port' && port?.number === name.port && !bind.startsWith('unix://'),
    );
    return own ?? listeners.find(({ port }) => port === undefined) ?? 'none';
  }

  /** Requests for unknown hosts: the Sidecar's word, else the mesh's. */
  function others(read: Reader, { sidecar }: Client): UnclaimedPolicy {
    return unclaimedPolicy(read.cell(settings, meshKey), sidecar === '' ? undefined : read.row(sidecars, sidecar));
  }

  function ofHost(read: Reader, client: Client, host: Hostname, port: number): RouteLayout | undefined {
    const found = read.cell(imported, { client, host });
    if (found === undefined) return undefined;
    const as = read.cell(narrow, { client, namespace: found.namespace });
    return { hosts: [toEntry({ domains: ['*'], client: as, host, port })] };
  }

  /** Every port at once, told apart by the port that the Host header names; port 80 may leave it out. */
  function withPorts(
    read: Reader,
    client: Client,
    listenerOfPort: (port: number) => EgressScope | 'none' | undefined,
  ): RouteLayout {
    const ports = new Set<number>([80]);
    for (const namespace of read.cell(namespaces, client)) {
      const as = read.cell(narrow, { client, namespace });
      for (const port of read.cell(requestPorts, { client: as, namespace })) ports.add(port);
    }
    const entries = [...ports].flatMap((port) => {
      const listener = listenerOfPort(port);
      return listener === 'none' ? [] : onPort(read, client, { port, form: 'with-ports', listener });
    });
    return {
      hosts: entries.sort((a, b) => (a.name < b.name ? -1 : 1)),
      others: others(read, client),
      namesPorts: true,
    };
  }

  const routeLayout = graph.query<RouteName, RouteLayout | undefined>('routeLayout', {
    reads: [
      sidecars,
      namespaces,
      imported,
      narrow,
      egress,
      settings,
      hostsOnPort,
      portNamespaces,
      requestPorts,
      strayHosts,
    ],
    keyOf: routeNameKey,
    compute(read, { client, name }) {
      const parsed = parseRouteName(name);
      if (parsed === undefined) return undefined;
      if (parsed.kind === 'host') return ofHost(read, client, parsed.host, parsed.port);
      if (parsed.kind === 'proxy')
        return withPorts(read, client, (port) => listenerOf(read, client, { kind: 'port', port }));
      const listener = listenerOf(read, client, parsed);
      if (listener === 'none') return undefined;
      if (parsed.kind === 'socket') return withPorts(read, client, () => listener);
      const hosts = onPort(read, client, { port: parsed.port, form: 'plain', listener });
      return { hosts, others: others(read, client) };
    },
  });

  return { routeLayout };
}
