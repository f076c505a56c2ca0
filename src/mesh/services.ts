/** Which services a client sees, and what each of them is to it. */
import { byAge } from '../config/config.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { isKubernetes } from '../model/cluster.ts';
import type { Hostname } from '../model/hostname.ts';
import { isStated } from '../model/registry-kind.ts';
import type { Client } from '../model/scope.ts';
import { namespaceInServiceKey, type Service, type ServicePort } from '../model/service.ts';
import { type Egress, egressOf } from './egress.ts';
import { servicesOf } from './merged-services.ts';
import { type SettingQueries, settingQueries } from './setting-parts.ts';
import { meshKey, type Tables } from './tables.ts';
import { closeness, exportToOr, isVisible } from './visibility.ts';

export interface ClientHost {
  readonly client: Client;
  readonly host: Hostname;
}

export interface ClientNamespace {
  readonly client: Client;
  readonly namespace: string;
}

export const clientHostKey = ({ client, host }: ClientHost) => `${client.key}\n${host}`;
export const clientNamespaceKey = ({ client, namespace }: ClientNamespace) => `${client.key}\n${namespace}`;

export interface ServiceQueries extends SettingQueries {
  /** What the client's Sidecar lets it see, before rules add the destinations they need. */
  readonly egress: Query<Client, Egress>;
  /** The service that a host is to a client, of those that it may see; several may claim a host. */
  readonly service: Query<ClientHost, Service | undefined>;
  /** The hosts that live in a namespace as the client sees it, sorted. */
  readonly hosts: Query<ClientNamespace, readonly Hostname[]>;
  /** The namespaces with services that have a port of that number, sorted. */
  readonly portNamespaces: Query<string, readonly string[]>;
}

export function serviceQueries(graph: Graph, tables: Tables): ServiceQueries {
  const { services, clusters, meshConfig, sidecars, autoAddresses } = tables;
  const settings = settingQueries(graph, meshConfig);
  const { visibility } = settings;
  const egress = graph.query<Client, Egress>('egress', {
    reads: [sidecars],
    keyOf: ({ key }) => key,
    compute: (read, client) =>
      egressOf(client.sidecar === '' ? undefined : read.row(sidecars, client.sidecar)?.spec, client.namespace),
  });
  const service = graph.query<ClientHost, Service | undefined>('service', {
    reads: [services, services.byHost, clusters, clusters.all, visibility, autoAddresses],
    keyOf: clientHostKey,
    compute(read, { client, host }) {
      const { defaultServiceExportTo } = read.cell(visibility, meshKey);
      const candidates = servicesOf(read, tables, host, client.cluster).filter(({ exportTo, namespace }) =>
        isVisible(exportToOr(exportTo, defaultServiceExportTo), namespace, client.namespace),
      );
      const found = candidates.length <= 1 ? candidates[0] : merge(inOrder(candidates, client, defaultServiceExportTo));
      if (!client.capturesDns || found === undefined || found.autoAddresses !== undefined) return found;
      const made = read.row(autoAddresses, `${found.namespace}/${host}`);
      return made === undefined || found.addresses.length > 0 ? found : { ...found, autoAddresses: made };
    },
  });
  const hosts = graph.query<ClientNamespace, readonly Hostname[]>('hosts', {
    reads: [services, services.byNamespace, services.byHost, visibility, service],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      const { defaultServiceExportTo } = read.cell(visibility, meshKey);
      const found = new Set<Hostname>();
      for (const row of read.rows(services, read.keys(services.byNamespace, namespace))) {
        if (!isVisible(exportToOr(row.exportTo, defaultServiceExportTo), namespace, client.namespace)) continue;
        const isShared = read.keys(services.byHost, row.hostname).length > 1;
        if (!isShared || read.cell(service, { client, host: row.hostname })?.namespace === namespace)
          found.add(row.hostname);
      }
      return [...found].sort();
    },
  });
  const portNamespaces = graph.query<string, readonly string[]>('portNamespaces', {
    reads: [services.onPort],
    compute: (read, port) => [...new Set(read.keys(services.onPort, port).map(namespaceInServiceKey))].sort(),
  });
  return { ...settings, egress, service, hosts, portNamespaces };
}

/**
 * Kubernetes before catalogs before stated services, so that nobody can squat on a host; the client's own namespace first;
 * then the oldest.
 */
function inOrder(candidates: readonly Service[], client: Client, fallback: readonly string[]): readonly Service[] {
  const rank = (service: Service) => {
    if (isKubernetes(service.registry)) return 0;
    const how = closeness(exportToOr(service.exportTo, fallback), service.namespace, client.namespace);
    const distance = service.namespace === client.namespace ? 1 : how === 'public' ? 3 : 2;
    return isStated(service.registry) ? distance + 3 : distance;
  };
  return [...candidates].sort((a, b) => rank(a) - rank(b) || byAge(a, b));
}

/** The first one, with the ports of those that state the same service a second time. */
function merge([first, ...others]: readonly Service[]): Service | undefined {
  if (first === undefined || !isStated(first.registry)) return first;
  const ports: ServicePort[] = [...first.ports];
  for (const other of others) {
    if (!isSameService(first, other)) continue;
    for (const port of other.ports) if (!ports.some(({ number }) => number === port.number)) ports.push(port);
  }
  return ports.length === first.ports.length ? first : { ...first, ports };
}

function isSameService(a: Service, b: Service): boolean {
  return a.registry === b.registry && differences(a, b).length === 0;
}

/** What keeps two statements of a host in one registry from being one service. */
export function differences(a: Service, b: Service): readonly ('namespace' | 'resolution' | 'labels' | 'exportTo')[] {
  return (['namespace', 'resolution', 'labels', 'exportTo'] as const).filter(
    (field) => textOf(a, field) !== textOf(b, field),
  );
}

function textOf(service: Service, field: 'namespace' | 'resolution' | 'labels' | 'exportTo'): string {
  return JSON.stringify(field === 'exportTo' ? [...(service.exportTo ?? [])].sort() : service[field]);
}
