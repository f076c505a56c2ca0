/** From a connected proxy to its scope: what of it configuration depends on, and which rules about proxies select it. */
import { byAge, type Config, configKey } from '../config/config.ts';
import type { Sidecar } from '../config/sidecar.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { type Labels, pick, selects } from '../model/labels.ts';
import { formatLocality } from '../model/locality.ts';
import { isHttp } from '../model/protocol.ts';
import type { Proxy } from '../model/proxy.ts';
import {
  captureOf,
  clientOf,
  type Scope,
  type ServiceTarget,
  type Serving,
  scopeOf,
  servingOf,
} from '../model/scope.ts';
import { type Service, serviceKey } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import type { EnvoyFilterQueries } from './envoy-filters.ts';
import { frontServices, isFront } from './gateway-ports.ts';
import { telemetryName } from './names.ts';
import type { NarrowQueries } from './narrow.ts';
import { unclaimedPolicy } from './outbound-policy.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';

/** Among services of one age, those that are stated are told apart by host. */
const ageOf = (service: Service) => ({ ...service, name: telemetryName(service) });

export interface ScopeQueries {
  /** The scope of a proxy by the key of its row; undefined when it is not connected. */
  readonly scope: Query<string, Scope | undefined>;
}

export function scopeQueries(
  graph: Graph,
  tables: Tables,
  { settings, visibility }: ServiceQueries,
  { allAskedLabels }: NarrowQueries,
  { patchingFor, patchesForVersion }: EnvoyFilterQueries,
): ScopeQueries {
  const { proxies, workloads, sidecars, services, shards, gateways, envoyFilters } = tables;

  /** A WorkloadEntry by its address, or a pod by its name: addresses of pods are used again. */
  function workloadOf(read: Reader, { addresses, namespace, name }: Proxy): Workload | undefined {
    const keys = addresses.flatMap((address) => read.keys(workloads.byAddress, address));
    const entry = read
      .rows(workloads, keys)
      .find((workload) => workload.kind === 'workload-entry' && workload.namespace === namespace);
    const pod = `${namespace}/${name.slice(0, -namespace.length - 1)}`;
    return entry ?? read.rows(workloads, read.keys(workloads.byPod, pod))[0];
  }

  /** A Sidecar that selects the workload, else the namespace's own, else the root namespace's; the oldest of each. */
  function sidecarOf(read: Reader, namespace: string, labels: Labels): Config<Sidecar> | undefined {
    const { rootNamespace } = read.cell(visibility, meshKey);
    const own = [...read.rows(sidecars, read.keys(sidecars.byNamespace, namespace))].sort(byAge);
    const ofRoot = [...read.rows(sidecars, read.keys(sidecars.byNamespace, rootNamespace))].sort(byAge);
    const hasSelector = ({ spec }: Config<Sidecar>) => spec.workloadSelector !== undefined;
    return (
      own.find((sidecar) => hasSelector(sidecar) && selects(sidecar.spec.workloadSelector?.labels ?? {}, labels)) ??
      own.find((sidecar) => !hasSelector(sidecar)) ??
      ofRoot.find((sidecar) => !hasSelector(sidecar))
    );
  }

  /** The ports of services at a workload: those that select it, and those without selector whose endpoints name it. */
  function targetsOf(
    read: Reader,
    proxy: Proxy,
    workload: Workload | undefined,
    proxyLabels: Labels,
  ): readonly ServiceTarget[] {
    const labels = workload?.labels ?? proxyLabels;
    const found = new Map<string, ServiceTarget & { readonly service: string; readonly row: Service }>();
    const add = (row: Service, port: number, targetPort: number) => {
      const service = serviceKey(row);
      const key = `${service}:${port}`;
      if (!found.has(key)) found.set(key, { service, port, targetPort, row });
    };
    for (const address of proxy.addresses) {
      for (const shard of read.rows(shards, read.keys(shards.byAddress, address))) {
        const rows = read
          .rows(services, read.keys(services.byHost, shard.hostname))
          .filter(({ namespace, selector }) => namespace === shard.namespace && selector === undefined);
        for (const endpoint of shard.endpoints.filter((one) => one.address === address))
          for (const row of rows)
            for (const { name, number } of row.ports) {
              const target = endpoint.ports[name];
              if (target !== undefined) add(row, number, target);
            }
      }
    }
    for (const row of read.rows(services, read.keys(services.bySelector, proxy.namespace))) {
      if (row.resolution === 'alias' || !selects(row.selector ?? {}, labels)) continue;
      if (row.selects === 'workload-entries' && Object.keys(row.selector ?? {}).length === 0) continue;
      for (const { name, number, targetPort = number } of row.ports) {
        const target =
          typeof targetPort === 'string'
            ? workload?.ports[targetPort]
            : workload?.kind === 'workload-entry'
              ? (workload.ports[name] ?? targetPort)
              : targetPort;
        if (target !== undefined) add(row, number, target);
      }
    }
    return [...found.values()]
      .sort((a, b) => byAge(ageOf(a.row), ageOf(b.row)) || a.port - b.port)
      .map(({ service, port, targetPort }) => ({ service, port, targetPort }));
  }

  /** Names of listeners for headless services at the proxy's own addresses. */
  function hiddenListeners(read: Reader, { addresses }: Proxy): readonly string[] {
    const names = new Set<string>();
    for (const address of addresses) {
      for (const { hostname, namespace } of read.rows(shards, read.keys(shards.byAddress, address))) {
        for (const row of read.rows(services, read.keys(services.byHost, hostname)))
          if (row.namespace === namespace && row.isHeadless)
            for (const { number, protocol } of row.ports) if (!isHttp(protocol)) names.add(`${address}_${number}`);
      }
    }
    return [...names].sort();
  }

  function gatewaysFor(read: Reader, labels: Labels, targets: readonly ServiceTarget[]): readonly string[] {
    const services = read.rows(
      tables.services,
      targets.map(({ service }) => service),
    );
    return read
      .rows(gateways, read.keys(gateways.all, ''))
      .filter((gateway) => {
        const names = frontServices(gateway);
        if (names !== undefined) return services.some((service) => isFront(gateway, names, service));
        return selects(gateway.spec.selector ?? {}, labels);
      })
      .sort(byAge)
      .map(configKey);
  }

  function servingPart(
    read: Reader,
    proxy: Proxy,
    workload: Workload | undefined,
    labels: Labels,
    sidecar: Config<Sidecar> | undefined,
  ): Serving {
    const isSidecar = proxy.type === 'sidecar';
    const families = [...new Set(proxy.addresses.map((address) => (address.includes(':') ? 'v6' : 'v4')))].sort() as (
      | 'v4'
      | 'v6'
    )[];
    const bindsToOwn = proxy.interception === 'NONE' || (sidecar?.spec.ingress?.length ?? 0) > 0;
    const targets = targetsOf(read, proxy, workload, labels);
    return servingOf({
      namespace: proxy.namespace,
      targets,
      gateways: isSidecar ? [] : gatewaysFor(read, labels, targets),
      sidecar: sidecar === undefined ? '' : configKey(sidecar),
      families: families.length === 0 ? ['v4'] : families,
      addresses: isSidecar && bindsToOwn ? proxy.addresses : [],
      application: proxy.application,
      hiddenListeners: isSidecar ? hiddenListeners(read, proxy) : [],
      gateway: isSidecar ? {} : (proxy.gateway ?? read.cell(settings, meshKey).gatewayTopology),
    });
  }

  const scope = graph.query<string, Scope | undefined>('scope', {
    reads: [
      proxies,
      workloads,
      workloads.byAddress,
      workloads.byPod,
      sidecars,
      sidecars.byNamespace,
      services,
      services.byHost,
      services.bySelector,
      shards,
      shards.byAddress,
      gateways,
      gateways.all,
      envoyFilters,
      envoyFilters.byNamespace,
      settings,
      visibility,
      allAskedLabels,
      patchesForVersion,
    ],
    equal: (a, b) => a?.key === b?.key,
    compute(read, key) {
      const proxy = read.row(proxies, key);
      if (proxy === undefined) return undefined;
      const workload = workloadOf(read, proxy);
      const labels = Object.keys(proxy.labels).length > 0 ? proxy.labels : (workload?.labels ?? {});
      const mesh = read.cell(settings, meshKey);
      const sidecar = proxy.type === 'sidecar' ? sidecarOf(read, proxy.namespace, labels) : undefined;
      const serving = servingPart(read, proxy, workload, labels, sidecar);
      const locality = proxy.locality.region === '' && workload !== undefined ? workload.locality : proxy.locality;
      const client = clientOf({
        type: proxy.type,
        namespace: proxy.namespace,
        domain: proxy.domain,
        sidecar: sidecar === undefined ? '' : configKey(sidecar),
        labels: pick(labels, read.cell(allAskedLabels, proxy.namespace)),
        locality: formatLocality(locality),
        network: proxy.network,
        cluster: proxy.cluster,
        nodeName: proxy.nodeName === '' ? (workload?.nodeName ?? '') : proxy.nodeName,
        family: serving.families.length > 1 ? 'dual' : (serving.families[0] ?? 'v4'),
        isIntercepting: proxy.type === 'sidecar' && proxy.interception !== 'NONE',
        capturesDns: proxy.capturesDns,
      });
      const unclaimed = unclaimedPolicy(mesh, sidecar);
      const capture = captureOf({
        interception: proxy.interception,
        httpProxyPort: proxy.httpProxyPort ?? mesh.httpProxyPort,
        reservedPorts: proxy.reservedPorts,
        isUnprivileged: proxy.isUnprivileged,
        loopback: proxy.loopback ?? '127.0.0.1',
        sharesMachine: proxy.loopback !== undefined,
        speaksHttp10: proxy.speaksHttp10,
        unclaimed,
        ...(unclaimed.requests === 'by-dns' ? { family: client.family } : {}),
      });
      return scopeOf(client, capture, serving, patchingFor(read, proxy, labels));
    },
  });

  return { scope };
}
