/**
 * Services of one host that several registries state are one service: that of Kubernetes clusters, which each have
 * endpoints of it, and that of catalogs. What users state beside them stays apart: nobody squats on a platform's host.
 */
import type { Reader } from '../incremental/query.ts';
import { compareTexts } from '../lib/compare.ts';
import { isAbout, isKubernetes, kubernetesRegistry } from '../model/cluster.ts';
import type { Hostname } from '../model/hostname.ts';
import { isCatalog, isStated } from '../model/registry-kind.ts';
import { namespaceInServiceKey, type Service, type ServicePort } from '../model/service.ts';
import type { Tables } from './tables.ts';

/**
 * The services that state a host, those of platforms merged and before those that are stated. Readers read `services`, its
 * `byHost`, and `clusters` with its `all`.
 *
 * `cluster` is that of the client whose virtual addresses are asked for; empty for whoever runs in none of them.
 */
export function servicesOf(
  read: Reader,
  { services, clusters }: Pick<Tables, 'services' | 'clusters'>,
  host: Hostname,
  cluster: string,
): readonly Service[] {
  const keys = read.keys(services.byHost, host);
  const rows = read.rows(services, keys);
  if (rows.length <= 1) return rows;
  const hasCatalogs = keys.some(isCatalog);
  if (!hasCatalogs && rows.filter(({ registry }) => isKubernetes(registry)).length <= 1) return rows;
  const config = configCluster(read, clusters);
  return hasCatalogs ? mergeRegistries(rows, config, cluster) : mergeClusters(rows, config, cluster);
}

/** The id of the cluster that rules come from. */
export function configCluster(read: Reader, clusters: Tables['clusters']): string {
  return read.rows(clusters, read.keys(clusters.all, '')).find(({ isConfig }) => isConfig)?.id ?? '';
}

/** How many services state a host, by the keys of their rows: those of platforms in one namespace are one. */
export function countClaims(keys: readonly string[]): number {
  if (keys.length <= 1) return keys.length;
  const stated = keys.filter(isStated).length;
  if (stated === keys.length) return stated;
  return stated + new Set(keys.filter((key) => !isStated(key)).map(namespaceInServiceKey)).size;
}

/**
 * The first one tells what the service is: that of the config cluster, else that of the cluster whose id comes first. A
 * client knows it by the addresses of its own cluster, if it has some there.
 */
export function mergeClusters(rows: readonly Service[], config: string, cluster: string): readonly Service[] {
  const [first, ...others] = rows
    .filter(({ registry }) => isKubernetes(registry))
    .sort((a, b) => comparePlatforms(a, b, config));
  if (first === undefined || others.length === 0) return rows;
  const own = [first, ...others].find(({ registry, addresses }) => addresses.length > 0 && isAbout(registry, cluster));
  const names = [...new Set([first, ...others].flatMap(({ subjectAltNames = [] }) => subjectAltNames))];
  const merged: Service = {
    ...first,
    addresses: (own ?? first).addresses,
    ...(names.length === 0 ? {} : { subjectAltNames: names }),
  };
  return [merged, ...rows.filter(({ registry }) => !isKubernetes(registry))];
}

/**
 * The same with catalogs, whose services come after those of clusters: one service for each namespace that platforms
 * state the host in, that of the very first one before the others, then what is stated.
 */
export function mergeRegistries(rows: readonly Service[], config: string, cluster: string): readonly Service[] {
  const platforms = platformsIn(rows, config);
  const merged = [...Map.groupBy(platforms, ({ namespace }) => namespace).values()].flatMap((group) => {
    const [first, ...catalogs] = mergeClusters(group, config, cluster);
    return first === undefined ? [] : [withCatalogs(first, catalogs)];
  });
  return [...merged, ...rows.filter(({ registry }) => isStated(registry))];
}

/** The rows that clusters and catalogs have of a host; the first one of a namespace tells what the service is there. */
export function platformsIn(rows: readonly Service[], config: string): readonly Service[] {
  return rows.filter(({ registry }) => !isStated(registry)).sort((a, b) => comparePlatforms(a, b, config));
}

/** Clusters before catalogs, the config cluster first of all; the services of one catalog by name. */
function comparePlatforms(a: Service, b: Service, config: string): number {
  return (
    rankOf(a, config) - rankOf(b, config) ||
    compareTexts(a.registry, b.registry) ||
    compareTexts(a.namespace, b.namespace) ||
    compareTexts(a.name, b.name)
  );
}

function rankOf({ registry }: Service, config: string): number {
  if (registry === kubernetesRegistry(config)) return 0;
  return isKubernetes(registry) ? 1 : 2;
}

/** A service with what catalogs add to it. Where catalogs alone state it, one name for DNS is enough to ask DNS for all. */
function withCatalogs(first: Service, catalogs: readonly Service[]): Service {
  if (catalogs.length === 0) return first;
  const asksDns = isCatalog(first.registry) && catalogs.some(({ resolution }) => resolution === 'dns');
  return { ...first, ports: mergedPorts(first, catalogs), ...(asksDns ? { resolution: 'dns' } : {}) };
}

/** The ports of the first one, and those of catalogs whose numbers are new. Names stay unique. */
export function mergedPorts({ ports }: Service, catalogs: readonly Service[]): readonly ServicePort[] {
  const merged = [...ports];
  const names = new Set(ports.map(({ name }) => name));
  for (const port of catalogs.flatMap((catalog) => catalog.ports)) {
    if (merged.some(({ number }) => number === port.number)) continue;
    let { name } = port;
    if (names.has(name)) name = `${name}-${port.number}`;
    while (names.has(name)) name += '-';
    names.add(name);
    merged.push(name === port.name ? port : { ...port, name });
  }
  return merged.length === ports.length ? ports : merged;
}
