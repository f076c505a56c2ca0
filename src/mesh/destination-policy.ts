/**
 * The DestinationRule in force for a host, and the policy that it gives a port or a subset. Istio's order: rules of the
 * client's namespace, then of the service's, then of the root namespace; the first level with any rule for the host ends
 * the search, and nothing is merged across levels.
 */
import { byAge, type Config } from '../config/config.ts';
import type {
  ClientTls,
  ConnectionPool,
  DestinationRule,
  LoadBalancer,
  OutlierDetection,
  Subset,
  TrafficPolicy,
} from '../config/destination-rule.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { distinctBy } from '../lib/distinct.ts';
import { withoutUndefined } from '../lib/without-undefined.ts';
import { covers, type Hostname, wildcardsOver } from '../model/hostname.ts';
import { selects } from '../model/labels.ts';
import { type OriginKey, originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import { destinationRuleHost } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { exportToOr, isVisible } from './visibility.ts';

/** One or several rules of one host and namespace, merged. */
export interface DestinationPolicy {
  readonly namespace: string;
  /** The oldest of the rules, whose name stands in generated metadata. */
  readonly name: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
  readonly selector?: { readonly [key: string]: string };
  /** As written; undefined when nothing was. */
  readonly exportTo?: readonly string[];
  readonly origins: readonly OriginKey[];
}

export interface ClientService {
  readonly client: Client;
  readonly host: Hostname;
  /** The namespace of the service. */
  readonly namespace: string;
}

export const clientServiceKey = ({ client, host, namespace }: ClientService) => `${client.key}\n${namespace}\n${host}`;

export interface DestinationPolicyQueries {
  readonly destinationPolicy: Query<ClientService, DestinationPolicy | undefined>;
  /** The same for whatever service a host is to a client; undefined where it is none. Readers read `service` too. */
  readonly policyOfHost: (read: Reader, client: Client, host: Hostname) => DestinationPolicy | undefined;
}

export function destinationPolicyQueries(
  graph: Graph,
  tables: Tables,
  { visibility, service }: ServiceQueries,
): DestinationPolicyQueries {
  const { destinationRules } = tables;

  /** The rules for one host in one namespace, keyed `namespace/host`, merged as far as Istio merges them. */
  const merged = graph.query<string, readonly DestinationPolicy[]>('mergedDestinationRules', {
    reads: [destinationRules, destinationRules.byHost, destinationRules.wildcards],
    compute(read, key) {
      const [namespace = '', host = ''] = key.split('/', 2);
      const keys = host.startsWith('*')
        ? read.keys(destinationRules.wildcards, namespace)
        : read.keys(destinationRules.byHost, key);
      return mergeRules(read.rows(destinationRules, keys).filter((rule) => destinationRuleHost(rule) === host));
    },
  });

  /** The wildcard hosts for which a namespace has rules, the most specific first. */
  const wildcardHosts = graph.query<string, readonly Hostname[]>('destinationRuleWildcards', {
    reads: [destinationRules, destinationRules.wildcards],
    compute: (read, namespace) =>
      [
        ...new Set(
          read.rows(destinationRules, read.keys(destinationRules.wildcards, namespace)).map(destinationRuleHost),
        ),
      ].sort((a, b) => b.length - a.length),
  });

  /** The rules of a namespace for the most specific host that has any which `isSeen`. */
  function level(
    read: Reader,
    namespace: string,
    host: Hostname,
    isSeen: (policy: DestinationPolicy) => boolean,
  ): readonly DestinationPolicy[] {
    const exact = `${namespace}/${host}`;
    if (read.keys(destinationRules.byHost, exact).length > 0) {
      const seen = read.cell(merged, exact).filter(isSeen);
      if (seen.length > 0) return seen;
    }
    if (read.keys(destinationRules.wildcards, namespace).length === 0) return [];
    const over = new Set(wildcardsOver(host));
    for (const wildcard of read.cell(wildcardHosts, namespace)) {
      if (!over.has(wildcard) && !covers(wildcard, host)) continue;
      const seen = read.cell(merged, `${namespace}/${wildcard}`).filter(isSeen);
      if (seen.length > 0) return seen;
    }
    return [];
  }

  const destinationPolicy = graph.query<ClientService, DestinationPolicy | undefined>('destinationPolicy', {
    reads: [destinationRules.byHost, destinationRules.wildcards, merged, wildcardHosts, visibility],
    keyOf: clientServiceKey,
    compute(read, { client, host, namespace }) {
      const { rootNamespace, defaultDestinationRuleExportTo } = read.cell(visibility, meshKey);
      const isExported = ({ exportTo, selector, namespace: owner }: DestinationPolicy) =>
        selector === undefined &&
        isVisible(exportToOr(exportTo, defaultDestinationRuleExportTo), owner, client.namespace);
      const isPrivate = ({ exportTo }: DestinationPolicy) => {
        const targets = exportToOr(exportTo, defaultDestinationRuleExportTo);
        return targets.length > 0 && targets.every((target) => target === '.' || target === rootNamespace);
      };
      if (client.namespace !== '') {
        const own = level(read, client.namespace, host, client.namespace === rootNamespace ? isPrivate : () => true);
        if (own.length > 0) return select(own, client);
      }
      if (namespace !== client.namespace) {
        const ofService = level(read, namespace, host, isExported);
        if (ofService.length > 0) return ofService.at(-1);
      }
      if (client.namespace === rootNamespace || namespace !== rootNamespace) {
        const ofRoot = level(read, rootNamespace, host, isExported);
        if (ofRoot.length > 0) return ofRoot.at(-1);
      }
      return undefined;
    },
  });

  function policyOfHost(read: Reader, client: Client, host: Hostname): DestinationPolicy | undefined {
    const found = read.cell(service, { client, host });
    return found && read.cell(destinationPolicy, { client, host, namespace: found.namespace });
  }

  return { destinationPolicy, policyOfHost };
}

/** The first rule that selects the client, else the one without selector; a rule that selects others still ends the search. */
function select(policies: readonly DestinationPolicy[], { labels }: Client): DestinationPolicy | undefined {
  return (
    policies.find(({ selector }) => selector !== undefined && selects(selector, labels)) ??
    policies.filter(({ selector }) => selector === undefined).at(-1)
  );
}

/** Rules with selectors come first, each group by age; a later rule is merged into an earlier one that shows it to fewer. */
function mergeRules(rules: readonly Config<DestinationRule>[]): readonly DestinationPolicy[] {
  const hasSelector = (rule: Config<DestinationRule>) => (rule.spec.workloadSelector === undefined ? 1 : 0);
  const merged: DestinationPolicy[] = [];
  for (const rule of [...rules].sort((a, b) => hasSelector(a) - hasSelector(b) || byAge(a, b))) {
    const policy = toPolicy(rule);
    let standsAlone = true;
    for (const [i, earlier] of merged.entries()) {
      const bothSelect = earlier.selector !== undefined && policy.selector !== undefined;
      if (bothSelect && JSON.stringify(earlier.selector) !== JSON.stringify(policy.selector)) continue;
      if (earlier.selector === undefined && policy.selector !== undefined) continue;
      if (!isWithin(earlier.exportTo, policy.exportTo, earlier.selector !== undefined)) continue;
      merged[i] = combine(earlier, policy);
      // A rule that also applies beyond the workloads that the earlier one selects goes on for the others.
      const reachesFurther =
        earlier.selector !== undefined && policy.selector === undefined && !sameTargets(policy.exportTo, ['.']);
      if (!reachesFurther) standsAlone = false;
    }
    if (standsAlone) merged.push(policy);
  }
  return merged;
}

function toPolicy({ spec, namespace, name, origin }: Config<DestinationRule>): DestinationPolicy {
  const { trafficPolicy, subsets = [], workloadSelector, exportTo = [] } = spec;
  return {
    namespace,
    name,
    ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
    subsets: distinctBy(subsets, ({ name }) => name),
    ...(workloadSelector === undefined ? {} : { selector: workloadSelector.matchLabels ?? {} }),
    ...(exportTo.length === 0 ? {} : { exportTo }),
    origins: [originKey(origin)],
  };
}

/** Unset equals only unset; otherwise the later rule must be shown to all that see the earlier one. */
function isWithin(
  earlier: readonly string[] | undefined,
  later: readonly string[] | undefined,
  isSelected: boolean,
): boolean {
  const shown = isSelected ? (earlier ?? ['.']) : earlier;
  if (shown === undefined || later === undefined)
    return shown === later || (isSelected && later === undefined && earlier === undefined);
  return shown.every((target) => later.includes(target));
}

function sameTargets(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((target) => b.includes(target));
}

function combine(earlier: DestinationPolicy, later: DestinationPolicy): DestinationPolicy {
  const trafficPolicy = earlier.trafficPolicy ?? later.trafficPolicy;
  return {
    ...earlier,
    ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
    subsets: distinctBy([...earlier.subsets, ...later.subsets], ({ name }) => name),
    origins: [...earlier.origins, ...later.origins],
  };
}

/** The settings that hold for one port, of a service or one of its subsets. */
export interface PortPolicy {
  readonly loadBalancer?: LoadBalancer;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTls;
  readonly tunnel?: TrafficPolicy['tunnel'];
  readonly proxyProtocol?: TrafficPolicy['proxyProtocol'];
  readonly retryBudget?: TrafficPolicy['retryBudget'];
}

/** The policy of a port: the settings of the port alone where there are any, then those of the subset over them. */
export function policyOfPort(
  policy: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): PortPolicy {
  const base = ofPort(policy, port);
  // Istio loses the PROXY protocol where policies meet; servers of existing meshes do not expect it then.
  const isMerged = subset !== undefined || (policy?.portLevelSettings ?? []).length > 0;
  const { proxyProtocol: _, ...merged } = base;
  return { ...(isMerged ? merged : base), ...withoutUndefined(ofPort(subset, port)) };
}

/** The same for a subset by its name; `''` for the service as a whole. */
export function policyOfSubset(policy: DestinationPolicy | undefined, subset: string, port: number): PortPolicy {
  const ofSubset = policy?.subsets.find(({ name }) => name === subset);
  return policyOfPort(policy?.trafficPolicy, ofSubset?.trafficPolicy, port);
}

/** Settings of a port replace those of all ports wholesale: what they leave out takes its default. */
function ofPort(policy: TrafficPolicy | undefined, port: number): PortPolicy {
  if (policy === undefined) return {};
  const settings = policy.portLevelSettings?.find((one) => one.port?.number === port);
  if (settings === undefined) {
    const { portLevelSettings: _, ...rest } = policy;
    return rest;
  }
  const { port: _, ...rest } = settings;
  return rest;
}
