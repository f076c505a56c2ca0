/** Who a connected proxy is: the cluster that it runs in, the workload that it stands before, the ports that it serves. */
import { byAge } from '../config/config.ts';
import type { Reader } from '../incremental/query.ts';
import { isAbout } from '../model/cluster.ts';
import { shardKey } from '../model/endpoint.ts';
import { type Labels, selects } from '../model/labels.ts';
import { isHttp } from '../model/protocol.ts';
import type { Proxy } from '../model/proxy.ts';
import { isCatalog } from '../model/registry-kind.ts';
import type { ServiceTarget } from '../model/scope.ts';
import { type Service, serviceKey } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import { factsOf, type InstanceFacts, instancesBeside } from './instances.ts';
import { configCluster, platformsIn } from './merged-services.ts';
import { telemetryName } from './names.ts';
import { statedNetwork } from './stated-network.ts';
import { meshKey, type Tables } from './tables.ts';

export interface Identity {
  /** The id of the cluster that it runs in. */
  readonly cluster: string;
  /** Whether there are others. */
  readonly isOneOfSeveral: boolean;
  /** What it says itself, else what is known of its workload and address. */
  readonly network: string;
  /** Undefined while the platform has not told of it. */
  readonly workload: Workload | undefined;
  /** Where it runs and what it is: by its workload, else by the instances of catalogs at its address. */
  readonly known: Omit<InstanceFacts, 'network'> | undefined;
}

/** What readers of an identity read. */
export function identitySources({ clusters, workloads, shards, meshNetworks }: Tables) {
  return [
    meshNetworks,
    clusters,
    clusters.all,
    workloads,
    workloads.byAddress,
    workloads.byPod,
    shards,
    shards.byAddress,
  ] as const;
}

/** A proxy that names a cluster which nobody knows is taken for one of the config cluster. */
export function identityOf(read: Reader, tables: Tables, proxy: Proxy): Identity {
  const { clusters, workloads, meshNetworks } = tables;
  const known = read.rows(clusters, read.keys(clusters.all, ''));
  const own = known.find(({ id }) => id === proxy.cluster) ?? known.find(({ isConfig }) => isConfig);
  const cluster = own?.id ?? proxy.cluster;
  const workload = workloadOf(read, workloads, proxy, cluster);
  const instances = workload === undefined ? instancesBeside(read, tables, proxy) : [];
  const facts = factsOf(instances);
  const [address = ''] = proxy.addresses;
  // MeshNetworks name what runs in a cluster by the cluster, and what a catalog has by the catalog.
  const place = workload?.kind === 'workload-entry' ? '' : (instances[0]?.shard.registry ?? cluster);
  const network =
    proxy.network ||
    workload?.network ||
    facts?.network ||
    statedNetwork(read.row(meshNetworks, meshKey) ?? {}, place, address);
  return { cluster, isOneOfSeveral: known.length > 1, network, workload, known: workload ?? facts };
}

/**
 * A WorkloadEntry by its address, else a pod by its name, for addresses of pods are used again; else the one pod at its
 * address that has the labels which the proxy states, for not every proxy is named as its pod is. Addresses of other
 * clusters and networks mean others.
 */
function workloadOf(
  read: Reader,
  workloads: Tables['workloads'],
  { addresses, namespace, name, network, labels }: Proxy,
  cluster: string,
): Workload | undefined {
  const keys = new Set(addresses.flatMap((address) => read.keys(workloads.byAddress, address)));
  const there = read.rows(workloads, [...keys]).filter((workload) => workload.namespace === namespace);
  const entry = there.find(
    ({ kind, network: other }) => kind === 'workload-entry' && (other === network || other === '' || network === ''),
  );
  if (entry !== undefined) return entry;
  const pod = `${namespace}/${name.slice(0, -namespace.length - 1)}`;
  const named = read
    .rows(workloads, read.keys(workloads.byPod, pod))
    .find(({ registry }) => isAbout(registry, cluster));
  if (named !== undefined) return named;
  const [at, ...others] = there.filter(
    (workload) =>
      workload.kind === 'pod' &&
      workload.sharesAddress !== true &&
      isAbout(workload.registry, cluster) &&
      selects(labels, workload.labels),
  );
  return others.length === 0 ? at : undefined;
}

/** What readers of targets and of hidden listeners read. */
export function targetSources({ services, clusters, shards }: Tables) {
  return [services, services.byHost, services.bySelector, clusters, clusters.all, shards, shards.byAddress] as const;
}

/** Among services of one age, those that are stated are told apart by host. */
const ageOf = (service: Service) => ({ ...service, name: telemetryName(service) });

/**
 * The ports of services at a workload: those that select it, and those without selector whose endpoints name it; those of
 * its own cluster alone. Of a workload that nobody knows, the proxy's word counts.
 */
export function targetsOf(
  read: Reader,
  tables: Tables,
  proxy: Proxy,
  { cluster, workload }: Identity,
): readonly ServiceTarget[] {
  const { services, shards } = tables;
  const labels: Labels = workload?.labels ?? proxy.labels;
  const ports = workload?.ports ?? proxy.podPorts ?? {};
  const isEntry = workload?.kind === 'workload-entry';
  const found = new Map<string, ServiceTarget & { readonly row: Service }>();
  const add = (row: Service, port: number, targetPort: number) => {
    const service = serviceKey(row);
    const key = `${service}:${port}`;
    if (!found.has(key)) found.set(key, { service, port, targetPort, row });
  };
  for (const address of proxy.addresses) {
    for (const shard of read.rows(shards, read.keys(shards.byAddress, address))) {
      if (!isAbout(shard.registry, cluster) || isCatalog(shard.registry)) continue;
      const rows = read
        .rows(services, read.keys(services.byHost, shard.hostname))
        .filter(
          (row) =>
            row.namespace === shard.namespace &&
            row.selector === undefined &&
            isAbout(row.registry, cluster) &&
            !isCatalog(row.registry),
        );
      for (const endpoint of shard.endpoints.filter((one) => one.address === address))
        for (const row of rows)
          for (const { name, number } of row.ports) {
            const target = endpoint.ports[name];
            if (target !== undefined) add(row, number, target);
          }
    }
  }
  for (const { row, port, targetPort } of instanceTargets(read, tables, proxy)) add(row, port, targetPort);
  for (const row of read.rows(services, read.keys(services.bySelector, proxy.namespace))) {
    if (!isAbout(row.registry, isEntry ? workload.cluster : cluster)) continue;
    if (row.resolution === 'alias' || !selects(row.selector ?? {}, labels)) continue;
    if (row.selects === 'workload-entries' && Object.keys(row.selector ?? {}).length === 0) continue;
    for (const { name, number, targetPort = number } of row.ports) {
      const target =
        typeof targetPort === 'string' ? ports[targetPort] : isEntry ? (ports[name] ?? targetPort) : targetPort;
      if (target !== undefined) add(row, number, target);
    }
  }
  // The ports of one service stay in its own order: where two have one target port, the first says what is served there.
  return [...found.values()]
    .sort((a, b) => byAge(ageOf(a.row), ageOf(b.row)))
    .map(({ service, port, targetPort }) => ({ service, port, targetPort }));
}

/** The ports of instances of catalogs. The registry that states the port of the host first tells what is served there. */
function instanceTargets(
  read: Reader,
  { services, clusters, shards }: Tables,
  proxy: Proxy,
): readonly { readonly row: Service; readonly port: number; readonly targetPort: number }[] {
  return instancesBeside(read, { shards }, proxy).flatMap(({ shard, endpoint }) => {
    const own = read.row(services, shardKey(shard));
    if (own === undefined) return [];
    const there = read
      .rows(services, read.keys(services.byHost, shard.hostname))
      .filter(({ namespace, resolution }) => namespace === shard.namespace && resolution !== 'alias');
    const platforms = platformsIn(there, configCluster(read, clusters));
    return own.ports.flatMap(({ name, number }) => {
      const targetPort = endpoint.ports[name];
      const row = platforms.find(({ ports }) => ports.some((port) => port.number === number));
      return targetPort === undefined || row === undefined ? [] : [{ row, port: number, targetPort }];
    });
  });
}

/** Names of listeners for headless services at the proxy's own addresses. */
export function hiddenListeners(
  read: Reader,
  { services, shards }: Tables,
  { addresses }: Proxy,
  { cluster }: Identity,
): readonly string[] {
  const names = new Set<string>();
  for (const address of addresses) {
    for (const { hostname, namespace, registry } of read.rows(shards, read.keys(shards.byAddress, address))) {
      if (!isAbout(registry, cluster)) continue;
      const rows = read
        .rows(services, read.keys(services.byHost, hostname))
        .filter((row) => row.namespace === namespace);
      if (!rows.some(({ isHeadless }) => isHeadless)) continue;
      // A catalog may add ports to it.
      for (const row of rows.filter(({ isHeadless, registry: by }) => isHeadless || isCatalog(by)))
        for (const { number, protocol } of row.ports) if (!isHttp(protocol)) names.add(`${address}_${number}`);
    }
  }
  return [...names].sort();
}
