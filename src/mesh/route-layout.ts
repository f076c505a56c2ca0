/**
 * What stands in a sidecar's RouteConfiguration, and in which order: virtual hosts by reference, so that a change of one
 * host's routes leaves the layout alone, and their domains after conflicts.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Hostname } from '../model/hostname.ts';
import { isHttp } from '../model/protocol.ts';
import type { Client, UnclaimedPolicy } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import { type EgressScope, importsService } from './egress.ts';
import type { ImportQueries } from './imports.ts';
import type { NarrowQueries } from './narrow.ts';
import { unclaimedPolicy } from './outbound-policy.ts';
import type { ServiceQueries } from './services.ts';
import type { StrayQueries } from './stray-hosts.ts';
import { meshKey, type Tables } from './tables.ts';
import type { HostDomains, VirtualHostQueries } from './virtual-host.ts';

/** One virtual host of a layout. */
export interface LayoutEntry {
  readonly name: string;
  readonly domains: readonly string[];
  /** The client as which its routes are resolved. */
  readonly client: Client;
  readonly host: Hostname;
  readonly port: number;
  /** The rule of a host that is no service here; absent for services. */
  readonly rule?: string;
}

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

interface Candidate {
  readonly client: Client;
  readonly host: Hostname;
  readonly port: number;
}

export function routeLayoutQueries(
  graph: Graph,
  { services, sidecars }: Tables,
  { settings, egress, service, hosts }: ServiceQueries,
  { namespaces }: ImportQueries,
  { narrow }: NarrowQueries,
  { strayHosts }: StrayQueries,
  { hostDomains, isRouted }: VirtualHostQueries,
): RouteLayoutQueries {
  /** The hosts of a namespace that have requests on a port, as a client (already narrowed) sees them. */
  const hostsOnPort = graph.query<{ client: Client; namespace: string; port: number }, readonly Hostname[]>(
    'hostsOnPort',
    {
      reads: [services, services.byPort, service, hosts],
      keyOf: ({ client, namespace, port }) => `${client.key}\n${namespace}\n${port}`,
      compute(read, { client, namespace, port }) {
        const found = new Set<Hostname>();
        for (const { hostname } of read.rows(services, read.keys(services.byPort, `${namespace}:${port}`))) {
          const seen = read.cell(service, { client, host: hostname });
          if (seen?.namespace === namespace && takesRequests(seen, port)) found.add(hostname);
        }
        return [...found].sort();
      },
    },
  );

  /** All ports on which a namespace takes requests. */
  const requestPorts = graph.query<{ client: Client; namespace: string }, readonly number[]>('requestPorts', {
    reads: [hosts, service],
    keyOf: ({ client, namespace }) => `${client.key}\n${namespace}`,
    compute(read, { client, namespace }) {
      const ports = new Set<number>();
      for (const host of read.cell(hosts, { client, namespace }))
        for (const { number, protocol } of read.cell(service, { client, host })?.ports ?? [])
          if (isHttp(protocol) || protocol === 'auto') ports.add(number);
      return [...ports].sort((a, b) => a - b);
    },
  });

  function candidatesOnPort(
    read: Reader,
    client: Client,
    port: number,
    listener: EgressScope | undefined,
  ): readonly Candidate[] {
    return read.cell(namespaces, client).flatMap((namespace) => {
      const as = read.cell(narrow, { client, namespace });
      return read
        .cell(hostsOnPort, { client: as, namespace, port })
        .filter((host) => listener === undefined || importsService(listener, namespace, host))
        .map((host) => ({ client: as, host, port }));
    });
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

  function onPort(
    read: Reader,
    client: Client,
    port: number,
    listener: EgressScope | undefined,
  ): readonly LayoutEntry[] {
    const candidates = candidatesOnPort(read, client, port, listener);
    const strays = read.cell(strayHosts, { client, port });
    return layOut(
      read,
      candidates,
      strays.map(({ host, rule }) => ({ client, host, port, rule })),
      (domains) => domains,
    );
  }

  interface Stray extends Candidate {
    readonly rule: string;
  }

  /** Gives each host its domains: own names first come, then shorter ones where nobody else claims them. */
  function layOut(
    read: Reader,
    candidates: readonly Candidate[],
    strays: readonly Stray[],
    form: (domains: readonly string[]) => readonly string[],
  ): readonly LayoutEntry[] {
    const taken = new Set<string>();
    const entries: LayoutEntry[] = [];
    const seen = new Set<string>();
    const described = candidates.flatMap((candidate) => {
      const seenAs = read.cell(service, { client: candidate.client, host: candidate.host });
      const routed = read.cell(isRouted, candidate);
      // An alias stands with the host that it is for, unless a rule is about it.
      if (seenAs?.aliasOf !== undefined && !routed) return [];
      return [{ candidate, routed, domains: read.cell(hostDomains, candidate) }];
    });
    for (const { host, client, port, rule } of strays) {
      const name = `${host}:${port}`;
      if (seen.has(name)) continue;
      seen.add(name);
      taken.add(host);
      entries.push({ name, domains: form([host]), client, host, port, rule });
    }
    for (const { domains } of described) for (const domain of domains.own) taken.add(domain);
    const inOrder = [...described].sort(
      (a, b) => Number(b.routed) - Number(a.routed) || (a.candidate.host < b.candidate.host ? -1 : 1),
    );
    for (const { candidate, domains } of inOrder) {
      const name = `${candidate.host}:${candidate.port}`;
      if (seen.has(name)) continue;
      seen.add(name);
      entries.push({ name, domains: form([...domains.own, ...claim(domains, taken)]), ...candidate });
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  function ofHost(read: Reader, client: Client, host: Hostname, port: number): RouteLayout | undefined {
    const found = read.cell(service, { client, host });
    if (found === undefined) return undefined;
    const as = read.cell(narrow, { client, namespace: found.namespace });
    return { hosts: [{ name: `${host}:${port}`, domains: ['*'], client: as, host, port }] };
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
      if (listener === 'none') return [];
      const strays = read.cell(strayHosts, { client, port }).map(({ host, rule }) => ({ client, host, port, rule }));
      const withPort = (domains: readonly string[]) =>
        domains.flatMap((domain) => (port === 80 ? [domain, `${domain}:80`] : [`${domain}:${port}`]));
      return layOut(read, candidatesOnPort(read, client, port, listener), strays, withPort);
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
      narrow,
      egress,
      settings,
      service,
      hostsOnPort,
      requestPorts,
      strayHosts,
      hostDomains,
      isRouted,
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
      return { hosts: onPort(read, client, parsed.port, listener), others: others(read, client) };
    },
  });

  return { routeLayout };
}

/** Whether requests can come in for a service on a port. */
export function takesRequests({ ports }: Service, port: number): boolean {
  return ports.some(({ number, protocol }) => number === port && (isHttp(protocol) || protocol === 'auto'));
}

/** The names of a host that are still free; takes them. */
function claim({ own, others }: HostDomains, taken: Set<string>): readonly string[] {
  const free: string[] = [];
  for (const domain of others) {
    if (taken.has(domain) || own.includes(domain)) continue;
    taken.add(domain);
    free.push(domain);
  }
  return free;
}
