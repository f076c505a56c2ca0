/** From a connected proxy to its scope: what of it configuration depends on, and which rules about proxies select it. */
import { byAge, type Config, configKey } from '../config/config.ts';
import type { Sidecar } from '../config/sidecar.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { type Labels, pick, selects } from '../model/labels.ts';
import { formatLocality } from '../model/locality.ts';
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
import type { EnvoyFilterQueries } from './envoy-filters.ts';
import { frontServices, isFront } from './gateway-ports.ts';
import { hiddenListeners, type Identity, identityOf, identitySources, targetSources, targetsOf } from './identity.ts';
import type { NarrowQueries } from './narrow.ts';
import { unclaimedPolicy } from './outbound-policy.ts';
import { clusterLabel } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { familyOf } from './wildcard.ts';

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
  const { proxies, sidecars, gateways, envoyFilters } = tables;

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
    identity: Identity,
    labels: Labels,
    sidecar: Config<Sidecar> | undefined,
  ): Serving {
    const isSidecar = proxy.type === 'sidecar';
    const families = [...new Set(proxy.addresses.map((address) => (address.includes(':') ? 'v6' : 'v4')))].sort() as (
      | 'v4'
      | 'v6'
    )[];
    const bindsToOwn = proxy.interception === 'NONE' || (sidecar?.spec.ingress?.length ?? 0) > 0;
    const targets = targetsOf(read, tables, proxy, identity);
    return servingOf({
      namespace: proxy.namespace,
      targets,
      gateways: isSidecar ? [] : gatewaysFor(read, labels, targets),
      sidecar: sidecar === undefined ? '' : configKey(sidecar),
      families: families.length === 0 ? ['v4'] : families,
      addresses: isSidecar && bindsToOwn ? proxy.addresses : [],
      application: proxy.application,
      hiddenListeners: isSidecar ? hiddenListeners(read, tables, proxy, identity) : [],
      gateway: isSidecar ? {} : (proxy.gateway ?? read.cell(settings, meshKey).gatewayTopology),
    });
  }

  const scope = graph.query<string, Scope | undefined>('scope', {
    reads: [
      proxies,
      ...identitySources(tables),
      ...targetSources(tables),
      sidecars,
      sidecars.byNamespace,
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
      const identity = identityOf(read, tables, proxy);
      const { known, cluster, isOneOfSeveral } = identity;
      const labels = Object.keys(proxy.labels).length > 0 ? proxy.labels : (known?.labels ?? {});
      const mesh = read.cell(settings, meshKey);
      const sidecar = proxy.type === 'sidecar' ? sidecarOf(read, proxy.namespace, labels) : undefined;
      const serving = servingPart(read, proxy, identity, labels, sidecar);
      const locality = proxy.locality.region === '' && known !== undefined ? known.locality : proxy.locality;
      const asked = read.cell(allAskedLabels, proxy.namespace);
      const client = clientOf({
        type: proxy.type,
        namespace: proxy.namespace,
        domain: proxy.domain,
        sidecar: sidecar === undefined ? '' : configKey(sidecar),
        labels: pick(labels, asked),
        locality: formatLocality(locality),
        network: identity.network,
        ...(proxy.networkView === undefined ? {} : { networkView: proxy.networkView }),
        cluster: isOneOfSeveral || asked.includes(clusterLabel) ? cluster : '',
        nodeName: proxy.nodeName === '' ? (known?.nodeName ?? '') : proxy.nodeName,
        family: familyOf(serving.families),
        isIntercepting: proxy.type === 'sidecar' && proxy.interception !== 'NONE',
        capturesDns: proxy.capturesDns,
      });
      const unclaimed = unclaimedPolicy(mesh, sidecar);
      const capture = captureOf({
        interception: proxy.interception,
        httpProxyPort: proxy.httpProxyPort ?? mesh.httpProxyPort,
        reservedPorts: proxy.reservedPorts,
        isUnprivileged: proxy.isUnprivileged,
        loopback: proxy.loopback ?? (familyOf(serving.families) === 'v6' ? '::1' : '127.0.0.1'),
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
