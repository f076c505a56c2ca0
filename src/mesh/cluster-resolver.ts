/** The clusters that a client gets for a service: one for each port, and one for each port and subset. */
import type { Subset } from '../config/destination-rule.ts';
import type { ClusterIr, DiscoveryIr, LoadBalancingIr } from '../ir/cluster.ts';
import { originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import type { Service, ServicePort } from '../model/service.ts';
import { type DestinationPolicy, type PortPolicy, policyOfPort } from './destination-policy.ts';
import { dnsCacheOf, dnsFamily } from './dns.ts';
import { resolveAssignment } from './endpoint-resolver.ts';
import type { HostEndpoints } from './endpoints.ts';
import { type LocalitySetting, localitySetting } from './locality.ts';
import { apiPath, outboundCluster, statName, telemetryName } from './names.ts';
import type { ClusterSettings } from './setting-parts.ts';
import { keepaliveOf } from './settings.ts';
import { limitsOf, loadBalancingOf, outlierOf, transportOf, upstreamHttpOf, withMeshDefaults } from './upstream.ts';

export interface ClusterRequest {
  readonly client: Client;
  readonly service: Service;
  readonly policy: DestinationPolicy | undefined;
  readonly settings: ClusterSettings;
  /** The endpoints of the host, for clusters that carry them. */
  readonly endpoints: HostEndpoints;
}

/** A port of a service, as a whole or of one subset, with the policy that holds for it. */
export interface Target {
  readonly port: ServicePort;
  readonly subset?: Subset;
  readonly policy: PortPolicy;
  readonly locality: LocalitySetting | undefined;
}

/** What there is a cluster for: every port, then its subsets. UDP has none, and neither has an alias. */
export function targetsOf({
  service,
  policy,
  settings,
}: Pick<ClusterRequest, 'service' | 'policy' | 'settings'>): readonly Target[] {
  if (service.resolution === 'alias') return [];
  const target = (port: ServicePort, subset?: Subset): Target => {
    const merged = withMeshDefaults(policyOfPort(policy?.trafficPolicy, subset?.trafficPolicy, port.number), settings);
    return {
      port,
      ...(subset === undefined ? {} : { subset }),
      policy: merged,
      locality: localitySetting(merged.loadBalancer?.localityLbSetting, service.trafficDistribution, settings.locality),
    };
  };
  return service.ports
    .filter(({ protocol }) => protocol !== 'UDP')
    .flatMap((port) => [target(port), ...(policy?.subsets ?? []).map((subset) => target(port, subset))]);
}

export function clusterName({ hostname }: Service, { port, subset }: Target): string {
  return outboundCluster(port.number, subset?.name ?? '', hostname);
}

/** Whether the proxy asks for a cluster's endpoints. */
export function usesEds(client: Client, { resolution }: Service, { policy }: Target): boolean {
  if (policy.loadBalancer?.simple === 'PASSTHROUGH') return false;
  // Who does not know where a connection was meant to go has to choose an endpoint.
  return resolution === 'static' || (resolution === 'passthrough' && !client.isIntercepting);
}

export function resolveClusters(request: ClusterRequest): readonly ClusterIr[] {
  return targetsOf(request).flatMap((target) => resolveCluster(request, target) ?? []);
}

/** Undefined for a cluster that asks DNS and would have nobody to ask for. */
function resolveCluster(request: ClusterRequest, target: Target): ClusterIr | undefined {
  const { client, service, policy: rule, settings } = request;
  const { port, subset, policy, locality } = target;
  const name = clusterName(service, target);
  const discovery = discoveryOf(request, target, name);
  if (discovery === undefined) return undefined;
  const { connectionPool: pool, outlierDetection: outlier } = policy;
  const http = upstreamHttpOf(port.protocol, pool, policy.tls, settings.upgradesToHttp2);
  const errorCodes = outlier?.outlierDetectionHttpErrorCodes ?? [];
  const mayUseSecrets = client.type === 'router' || rule?.selector !== undefined;
  const transport = transportOf(policy, { service, http, mayUseSecrets, tlsDefaults: settings.tlsDefaults });
  const keepalive = pool?.tcp?.tcpKeepalive === undefined ? settings.keepalive : keepaliveOf(pool.tcp.tcpKeepalive);
  return {
    name,
    statName: statName(settings.outboundStatName, name, service, port, subset?.name ?? ''),
    discovery,
    connectTimeoutMs: pool?.tcp?.connectTimeout ?? settings.connectTimeoutMs,
    loadBalancing: loadBalancing(discovery, policy, service, locality),
    limits: limitsOf(policy),
    ...(outlier === undefined ? {} : { outlierDetection: outlierOf(outlier) }),
    ...(http === undefined && errorCodes.length === 0
      ? {}
      : { http: { ...(http ?? { version: 'http1' as const }), ...(errorCodes.length === 0 ? {} : { errorCodes }) } }),
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(transport === undefined ? {} : { transport }),
    metadata: {
      ...(rule === undefined ? {} : { config: apiPath('destination-rule', rule.namespace, rule.name) }),
      ...(subset === undefined ? {} : { subset: subset.name }),
      services: [{ host: service.hostname, name: telemetryName(service), namespace: service.namespace }],
      ...(service.isExternal ? { isExternal: true } : {}),
      ...(transport?.tls === undefined ? {} : { keepsAlpn: true }),
    },
    origins: [originKey(service.origin), ...(rule?.origins ?? [])],
  };
}

function discoveryOf(request: ClusterRequest, target: Target, name: string): DiscoveryIr | undefined {
  const { client, service, settings, endpoints } = request;
  if (usesEds(client, service, target)) return { kind: 'eds' };
  const { port, subset, policy, locality } = target;
  switch (service.resolution) {
    case 'dns':
    case 'dns-round-robin': {
      const assignment = resolveAssignment({
        cluster: name,
        client,
        service,
        port,
        subset: subset?.labels ?? {},
        endpoints,
        isClusterLocal: false,
        crossing: 'none',
        locality,
        hasOutlierDetection: policy.outlierDetection !== undefined,
        sendsUnhealthy: true,
        resolvesNames: true,
      });
      if (assignment.localities.every((group) => group.endpoints.length === 0)) return undefined;
      const kind = service.resolution === 'dns' ? 'strict-dns' : 'logical-dns';
      return { kind, endpoints: assignment, refreshMs: settings.dnsRefreshMs, family: dnsFamily(client.family) };
    }
    case 'dynamic-dns':
      return { kind: 'dynamic-forward-proxy', cache: dnsCacheOf(client.family) };
    default: {
      // A rule that passes connections through leaves them their port; a host without resolution may state another.
      const stated = service.resolution === 'passthrough' && !service.isHeadless ? port.targetPort : undefined;
      const other = typeof stated === 'number' && stated !== port.number ? { port: stated } : {};
      return { kind: 'original-destination', expires: 'default', ...other };
    }
  }
}

/** Where the endpoint is given by the connection or by the request, there is nothing to choose. */
function loadBalancing(
  discovery: DiscoveryIr,
  policy: PortPolicy,
  service: Service,
  locality: LocalitySetting | undefined,
): LoadBalancingIr {
  const chosen = loadBalancingOf(policy, service, locality);
  if (discovery.kind !== 'original-destination' && discovery.kind !== 'dynamic-forward-proxy') return chosen;
  const { minimumRingSize: _ring, maglevTableSize: _table, slowStart: _start, ...rest } = chosen;
  return { ...rest, policy: 'CLUSTER_PROVIDED' };
}
