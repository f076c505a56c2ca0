/** Services of one name in several Kubernetes clusters are one service, which every cluster has endpoints of. */
import type { Reader } from '../incremental/query.ts';
import { compareTexts } from '../lib/compare.ts';
import { isAbout, isKubernetes, kubernetesRegistry } from '../model/cluster.ts';
import type { Hostname } from '../model/hostname.ts';
import type { Service } from '../model/service.ts';
import type { Tables } from './tables.ts';

/**
 * The services that state a host, those of several clusters merged into the first place among them. Readers read
 * `services`, its `byHost`, and `clusters` with its `all`.
 *
 * `cluster` is that of the client whose virtual addresses are asked for; empty for whoever runs in none of them.
 */
export function servicesOf(
  read: Reader,
  { services, clusters }: Pick<Tables, 'services' | 'clusters'>,
  host: Hostname,
  cluster: string,
): readonly Service[] {
  const rows = read.rows(services, read.keys(services.byHost, host));
  if (rows.filter(({ registry }) => isKubernetes(registry)).length <= 1) return rows;
  const config = read.rows(clusters, read.keys(clusters.all, '')).find(({ isConfig }) => isConfig);
  return mergeClusters(rows, config?.id ?? '', cluster);
}

/** How many services state a host, by the keys of their rows: those of several clusters are one. */
export function countClaims(keys: readonly string[]): number {
  const stated = keys.filter((key) => !isKubernetes(key)).length;
  return stated < keys.length ? stated + 1 : stated;
}

/**
 * The first one tells what the service is: that of the config cluster, else that of the cluster whose id comes first. A
 * client knows it by the addresses of its own cluster, if it has some there.
 */
export function mergeClusters(rows: readonly Service[], config: string, cluster: string): readonly Service[] {
  const rank = ({ registry }: Service) => (registry === kubernetesRegistry(config) ? 0 : 1);
  const [first, ...others] = rows
    .filter(({ registry }) => isKubernetes(registry))
    .sort((a, b) => rank(a) - rank(b) || compareTexts(a.registry, b.registry));
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
