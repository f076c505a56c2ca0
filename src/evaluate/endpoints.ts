/** Which endpoints of a cluster take which part of its calls, by priority, health, locality and weight. */

import { ensure } from '../lib/ensure.ts';
import type { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import type { Locality } from '../proto/envoy/config/core/v3/base.ts';
import { HealthStatus } from '../proto/envoy/config/core/v3/health_check.ts';
import type { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import type { LbEndpoint, LocalityLbEndpoints } from '../proto/envoy/config/endpoint/v3/endpoint_components.ts';
import type { SocketAddress } from './call.ts';
import { type PriorityLoad, priorityLoads } from './priority.ts';
import { sharesOf } from './shares.ts';
import type { EndpointShare } from './upstream.ts';

type Host = Omit<EndpointShare, 'percent'> & { readonly localityWeight: number };

/** In the order of the assignment. */
export function endpointShares(cluster: Cluster, assignment: ClusterLoadAssignment): readonly EndpointShare[] {
  const hosts = (assignment.endpoints ?? []).flatMap(hostsOf);
  const count = hosts.reduce((most, { priority }) => Math.max(most, priority + 1), 0);
  const levels = Array.from({ length: count }, (_, i) => hosts.filter(({ priority }) => priority === i));
  const overprovisioningPercent = assignment.policy?.overprovisioningFactor ?? 140;
  const loads = priorityLoads(
    levels.map((level) => ({
      hosts: level.length,
      healthy: level.filter(({ health }) => health === 'healthy').length,
      degraded: level.filter(({ health }) => health === 'degraded').length,
    })),
    {
      overprovisioningPercent,
      // A threshold message without a value is 0; without the message Envoy's own default holds.
      panicPercent: (cluster.commonLbConfig?.healthyPanicThreshold ?? { value: 50 }).value ?? 0,
    },
  );
  const isWeighted = cluster.commonLbConfig?.localityConfigSpecifier?.$case === 'localityWeightedLbConfig';
  const factor = isWeighted ? overprovisioningPercent / 100 : undefined;
  const percents = new Map(loads.flatMap((load, i) => distribute(levels[i] ?? [], load, factor)));
  return hosts.map((host) => {
    const { localityWeight: _, ...share } = host;
    return { ...share, percent: percents.get(host) ?? 0 };
  });
}

/**
 * The percent of all calls for each host of a priority that takes any. `factor` is how much more than its part a healthy
 * host of a locality can take; undefined where localities do not count.
 */
function distribute(
  level: readonly Host[],
  load: PriorityLoad,
  factor: number | undefined,
): readonly (readonly [host: Host, percent: number])[] {
  const give = (eligible: readonly Host[], percent: number) =>
    (factor === undefined ? [[eligible, 1] as const] : localities(eligible, level, factor)).flatMap(([group, share]) =>
      sharesOf(group).map(([host, part]) => [host, (percent * share * part) / 100] as const),
    );
  if (load.isPanicking) return give(level, load.healthy);
  return [...give(of(level, 'healthy'), load.healthy), ...give(of(level, 'degraded'), load.degraded)];
}

function of(level: readonly Host[], health: Host['health']): readonly Host[] {
  return level.filter((host) => host.health === health);
}

/** Localities by weight, as far as their hosts are available. */
function localities(
  eligible: readonly Host[],
  level: readonly Host[],
  factor: number,
): readonly (readonly [readonly Host[], number])[] {
  const groups = new Map<string, Host[]>();
  for (const host of eligible) ensure(groups, host.locality, () => []).push(host);
  const weights = [...groups].map(([locality, hosts]) => {
    const all = level.filter((host) => host.locality === locality).length;
    return (hosts[0]?.localityWeight ?? 0) * Math.min(1, (factor * hosts.length) / all);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? [] : [...groups.values()].map((hosts, i) => [hosts, (weights[i] ?? 0) / total]);
}

function hostsOf(group: LocalityLbEndpoints): readonly Host[] {
  const { locality, lbEndpoints = [], loadBalancingWeight: localityWeight = 0, priority = 0 } = group;
  return lbEndpoints.map((endpoint) => ({
    address: addressOf(endpoint),
    priority,
    locality: localityText(locality),
    weight: endpoint.loadBalancingWeight ?? 1,
    health: healthOf(endpoint),
    localityWeight,
  }));
}

function healthOf({ healthStatus = HealthStatus.UNKNOWN }: LbEndpoint): Host['health'] {
  if (healthStatus === HealthStatus.DEGRADED) return 'degraded';
  return healthStatus === HealthStatus.UNKNOWN || healthStatus === HealthStatus.HEALTHY ? 'healthy' : 'unhealthy';
}

function addressOf({ hostIdentifier }: LbEndpoint): SocketAddress {
  const address = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
  if (address?.$case === 'pipe') return { ip: address.value.path ?? '', port: 0 };
  if (address?.$case !== 'socketAddress') return { ip: '', port: 0 };
  const { address: ip = '', portSpecifier } = address.value;
  return { ip, port: portSpecifier?.$case === 'portValue' ? portSpecifier.value : 0 };
}

function localityText({ region = '', zone = '', subZone = '' }: Locality = {}): string {
  return [region, zone, subZone].join('/').replace(/\/+$/, '');
}
