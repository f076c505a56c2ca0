/** The virtual host of a service on one port: its domains, and what happens to its requests. */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { HashIr, RouteIr, VirtualHostIr } from '../ir/route.ts';
import type { Hostname } from '../model/hostname.ts';
import { originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import { type DestinationPolicyQueries, policyOfSubset } from './destination-policy.ts';
import { hashesOf } from './hash-policy.ts';
import { retryOf } from './http-retry.ts';
import { outboundCluster } from './names.ts';
import { type ClientHost, clientHostKey, type ServiceQueries } from './services.ts';
import type { RouteSettings } from './setting-parts.ts';
import { meshKey, type Tables } from './tables.ts';
import { type ClientPort, clientPortKey, type VirtualServiceQueries } from './virtual-services.ts';

/** The names by which a service can be called. */
export interface HostDomains {
  /** The host itself. */
  readonly own: readonly string[];
  /** Shorter names, other names and addresses, each once, which give way where they are somebody's own name. */
  readonly others: readonly string[];
}

export interface VirtualHostQueries {
  readonly hostDomains: Query<ClientHost, HostDomains>;
  /** Whether a rule routes the host on the port. */
  readonly isRouted: Query<ClientPort, boolean>;
  /** The virtual host with its own domains only; where they stand decides which others it may have. */
  readonly virtualHost: Query<ClientPort, VirtualHostIr>;
}

export function virtualHostQueries(
  graph: Graph,
  { services }: Tables,
  { routeSettings, service }: ServiceQueries,
  { destinationPolicy, policyOfHost }: DestinationPolicyQueries,
  { hostRoutes }: VirtualServiceQueries,
): VirtualHostQueries {
  const hostDomains = graph.query<ClientHost, HostDomains>('hostDomains', {
    reads: [services, services.byAlias, service],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const found = read.cell(service, { client, host });
      const own = fullNames(host);
      const short = shortNames(host, client.domain);
      const aliases = found?.aliasOf === undefined ? aliasesOf(read, client, host) : [];
      const names = [...own, ...short];
      const wildcards = found?.isHeadless === true ? names.map((name) => `*.${name}`) : [];
      const other = aliases.flatMap((alias) => [...fullNames(alias), ...shortNames(alias, client.domain)]);
      const all = new Set([...short, ...wildcards, ...other, ...addressesFor(found, client).map(asHost)]);
      return { own, others: [...all].filter((name) => !own.includes(name)) };
    },
  });

  /** Every host that stands, over any number of steps that the client sees, for `host`. */
  function aliasesOf(read: Reader, client: Client, host: Hostname): readonly Hostname[] {
    const found = new Set<Hostname>();
    const pending = [host];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const { hostname } of read.rows(services, read.keys(services.byAlias, next))) {
        if (hostname === host || found.has(hostname)) continue;
        if (read.cell(service, { client, host: hostname })?.aliasOf !== next) continue;
        found.add(hostname);
        pending.push(hostname);
      }
    }
    return [...found].sort();
  }

  const isRouted = graph.query<ClientPort, boolean>('isRouted', {
    reads: [hostRoutes],
    keyOf: clientPortKey,
    compute: (read, key) => read.cell(hostRoutes, key) !== undefined,
  });

  const virtualHost = graph.query<ClientPort, VirtualHostIr>('virtualHost', {
    reads: [routeSettings, service, destinationPolicy, hostRoutes],
    keyOf: clientPortKey,
    compute(read, { client, host, port }) {
      const found = read.cell(service, { client, host });
      const ruled = read.cell(hostRoutes, { client, host, port });
      const origin = found === undefined ? [] : [originKey(found.origin)];
      const head = { name: `${host}:${port}`, domains: fullNames(host), countsAttempts: true };
      if (ruled !== undefined) return { ...head, routes: ruled.routes, origins: [...origin, ...ruled.origins] };
      const policy = policyOfHost(read, client, host);
      const hash = hashesOf(policyOfSubset(policy, '', port));
      return {
        ...head,
        routes: [defaultRoute(host, port, hash, read.cell(routeSettings, meshKey))],
        origins: [...origin, ...(hash.length > 0 ? (policy?.origins ?? []) : [])],
      };
    },
  });

  return { hostDomains, isRouted, virtualHost };
}

function defaultRoute(host: Hostname, port: number, hash: readonly HashIr[], settings: RouteSettings): RouteIr {
  // A consistent hash does not change how it is retried: only a rule's route takes that into account.
  const retry = retryOf(settings.retryPolicy, false);
  return {
    name: 'default',
    match: { path: { kind: 'prefix', value: '/' } },
    action: {
      kind: 'forward',
      clusters: [{ name: outboundCluster(port, '', host), weight: 0 }],
      isWeighted: false,
      timeoutMs: 0,
      limits: 'grpc-timeout',
      ...(retry === undefined ? {} : { retry }),
      ...(hash.length === 0 ? {} : { hash }),
    },
    operation: `${host}:${port}/*`,
  };
}

/** DNS ends a full name with a dot that clients may leave out. */
function fullNames(host: Hostname): readonly string[] {
  return host.includes('.') ? [host, `${host}.`] : [host];
}

/**
 * The shorter names of a Kubernetes host. `name.namespace` and `name.namespace.svc` hold for clients that share the rest of
 * the domain, the bare name only in the same namespace.
 */
function shortNames(host: Hostname, clientDomain: string): readonly string[] {
  const match = /^(.+)\.([^.]+)\.svc\.(.+)$/.exec(host);
  if (match === null || host.startsWith('*')) return [];
  const [, name = '', namespace = '', suffix = ''] = match;
  if (clientDomain !== `svc.${suffix}` && !clientDomain.endsWith(`.svc.${suffix}`)) return [];
  const bare = clientDomain === `${namespace}.svc.${suffix}` ? [name] : [];
  return [...bare, `${name}.${namespace}.svc`, `${name}.${namespace}`];
}

/** Virtual addresses that the client can use; blocks are none. */
export function addressesFor(service: Service | undefined, { family, capturesDns }: Client): readonly string[] {
  const { addresses = [], autoAddresses = [] } = service ?? {};
  const stated = addresses.length === 0 && capturesDns ? autoAddresses : addresses;
  const single = stated.filter((address) => !address.includes('/') && address !== '0.0.0.0');
  const usable = single.filter((address) => family === 'dual' || (family === 'v6') === address.includes(':'));
  return usable.slice(0, family === 'dual' ? 2 : undefined);
}

/** An address as a Host header writes it. */
function asHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
