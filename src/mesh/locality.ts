/** Which endpoints a client should use first: weights by locality, or priorities that Envoy falls back through. */
import type { LocalityLoadBalancing } from '../config/destination-rule.ts';
import type { EndpointIr, LocalityEndpointsIr } from '../ir/endpoint.ts';
import { ensure } from '../lib/ensure.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Labels } from '../model/labels.ts';
import { formatLocality, type Locality, parseLocality } from '../model/locality.ts';
import type { Client } from '../model/scope.ts';
import type { Service, TrafficDistribution } from '../model/service.ts';
import { clusterLabel, nodeLabel } from './rules.ts';

/** The locality setting in force for a service, and whether it acts without outlier detection. */
export interface LocalitySetting {
  readonly setting: LocalityLoadBalancing;
  readonly isForced: boolean;
}

const topology = {
  region: 'topology.kubernetes.io/region',
  zone: 'topology.kubernetes.io/zone',
  subzone: 'topology.istio.io/subzone',
  network: 'topology.istio.io/network',
  cluster: clusterLabel,
  node: nodeLabel,
} as const;

const distributions: { readonly [name in Exclude<TrafficDistribution, 'any'>]: readonly string[] } = {
  PreferClose: [topology.network, topology.region, topology.zone],
  PreferSameZone: [topology.network, topology.region, topology.zone],
  PreferSameNode: [topology.network, topology.region, topology.zone, topology.subzone, topology.node],
};

/** A rule's own setting replaces the service's wish, which replaces the mesh's default; undefined when switched off. */
export function localitySetting(
  rule: LocalityLoadBalancing | undefined,
  distribution: Service['trafficDistribution'],
  mesh: LocalityLoadBalancing,
): LocalitySetting | undefined {
  if (rule !== undefined) return rule.enabled === false ? undefined : { setting: rule, isForced: false };
  if (distribution !== undefined && distribution !== 'any')
    return { setting: { failoverPriority: distributions[distribution] }, isForced: true };
  return mesh.enabled === false ? undefined : { setting: mesh, isForced: false };
}

/** Whether a cluster spreads its traffic by the weights of localities. */
export function isLocalityWeighted({ setting }: LocalitySetting): boolean {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  return distribute.length + failover.length + failoverPriority.length > 0;
}

/** An endpoint with the form in which the proxy gets it. */
export interface Placed {
  readonly endpoint: Endpoint;
  readonly ir: EndpointIr;
}

interface Group {
  readonly locality: Locality;
  readonly members: readonly Placed[];
  readonly weight: number;
  readonly priority: number;
}

/** Groups endpoints by locality, in order of locality, and ranks the groups for a client. */
export function groupByLocality(
  placed: readonly Placed[],
  client: Client,
  active: LocalitySetting | undefined,
  hasOutlierDetection: boolean,
): readonly LocalityEndpointsIr[] {
  let groups = byLocality(placed);
  if (active !== undefined) {
    const { distribute = [], failover = [], failoverPriority = [] } = active.setting;
    const own = parseLocality(client.locality);
    if (distribute.length > 0) {
      groups = weigh(groups, own, distribute);
    } else if (active.isForced || hasOutlierDetection) {
      if (failoverPriority.length > 0)
        groups = groups.flatMap((group) => splitByLabels(group, labelsOfClient(client), failoverPriority));
      if (failoverPriority.length === 0 || failover.length > 0)
        groups = groups.map((group) => ({
          ...group,
          priority: group.priority * 5 + rankOf(own, group.locality, failover),
        }));
      groups = compacted(groups);
    }
  }
  return groups.map(({ locality, members, weight, priority }) => ({
    locality,
    priority,
    weight,
    endpoints: members.map(({ ir }) => ir),
  }));
}

function byLocality(placed: readonly Placed[]): readonly Group[] {
  return [...Map.groupBy(placed, ({ endpoint }) => formatLocality(endpoint.locality))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, members]) => ({ locality: parseLocality(name), members, weight: weightOf(members), priority: 0 }));
}

function weightOf(members: readonly Placed[]): number {
  return members.reduce((sum, { ir }) => sum + ir.weight, 0);
}

/** Whether a locality is meant by `region/zone/subzone`, where `*` and absent parts mean any. */
function matches(locality: Locality, pattern: string): boolean {
  const { region, zone, subzone } = parseLocality(pattern);
  const fits = (wanted: string, found: string) => wanted === '' || wanted === '*' || wanted === found;
  return fits(region, locality.region) && fits(zone, locality.zone) && fits(subzone, locality.subzone);
}

/** The first entry that is about the client's locality divides the traffic; localities that it does not name get none. */
function weigh(
  groups: readonly Group[],
  own: Locality,
  distribute: NonNullable<LocalityLoadBalancing['distribute']>,
): readonly Group[] {
  const entry = distribute.find(({ from = '' }) => matches(own, from));
  if (entry === undefined) return groups;
  const weights = new Map<Group, number>();
  // Narrower patterns take their localities before wider ones.
  const targets = Object.entries(entry.to ?? {}).sort(
    ([a], [b]) => specificity(b) - specificity(a) || (a < b ? -1 : 1),
  );
  for (const [pattern, share] of targets) {
    const meant = groups.filter((group) => !weights.has(group) && matches(group.locality, pattern));
    const total = meant.reduce((sum, { weight }) => sum + weight, 0);
    for (const group of meant) weights.set(group, Math.ceil((group.weight * share) / total));
  }
  return groups.map((group) => {
    const weight = weights.get(group);
    return weight === undefined ? { ...group, members: [] } : { ...group, weight };
  });
}

function specificity(pattern: string): number {
  return pattern.split('/').filter((part) => part !== '*' && part !== '').length;
}

/** How far away a locality is: 0 the same subzone, 1 zone, 2 region, 3 elsewhere; 4 elsewhere when another region was preferred. */
function rankOf(own: Locality, other: Locality, failover: NonNullable<LocalityLoadBalancing['failover']>): number {
  if (own.region === other.region) {
    if (own.zone !== other.zone) return 2;
    return own.subzone === other.subzone ? 0 : 1;
  }
  const preferred = failover.find(({ from }) => from === own.region);
  return preferred !== undefined && preferred.to !== other.region ? 4 : 3;
}

/** Splits a group by how many labels of the list, from its start, an endpoint shares with the client. */
function splitByLabels(group: Group, own: Labels, priorities: readonly string[]): readonly Group[] {
  const byPriority = new Map<number, Placed[]>();
  for (const placed of group.members) {
    const labels = labelsOfEndpoint(placed.endpoint);
    let shared = 0;
    for (const entry of priorities) {
      const [label = '', wanted = own[label]] = entry.split('=', 2);
      if ((wanted ?? '') !== (labels[label] ?? '')) break;
      shared += 1;
    }
    const priority = priorities.length - shared;
    ensure(byPriority, priority, () => []).push(placed);
  }
  return [...byPriority]
    .sort(([a], [b]) => a - b)
    .map(([priority, members]) => ({ locality: group.locality, members, weight: weightOf(members), priority }));
}

/** Envoy wants priorities without gaps, starting at 0. */
function compacted(groups: readonly Group[]): readonly Group[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
}

function labelsOfClient({ labels, locality, network, cluster, nodeName }: Client): Labels {
  return withTopology(labels, parseLocality(locality), network, cluster, nodeName);
}

function labelsOfEndpoint({ labels, locality, network, cluster, nodeName }: Endpoint): Labels {
  return withTopology(labels, locality, network, cluster, nodeName);
}

function withTopology(
  labels: Labels,
  { region, zone, subzone }: Locality,
  network: string,
  cluster: string,
  node: string,
): Labels {
  const known: { [label: string]: string } = {
    [topology.region]: region,
    [topology.zone]: zone,
    [topology.subzone]: subzone,
    [topology.network]: network,
    [topology.cluster]: cluster,
    [topology.node]: node,
  };
  for (const key of Object.keys(known)) if (known[key] === '') delete known[key];
  return { ...labels, ...known };
}
