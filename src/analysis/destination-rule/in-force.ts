/** FW1102 and FW1103: rules that are not in force where they stand, and parts of rules that are lost in merging. */
import { byAge, type Config } from '../../config/config.ts';
import type { DestinationRule } from '../../config/destination-rule.ts';
import type { DestinationPolicy } from '../../mesh/destination-policy.ts';
import { servicesOf } from '../../mesh/merged-services.ts';
import { destinationRuleHost } from '../../mesh/rules.ts';
import { isWildcard } from '../../model/hostname.ts';
import { type Origin, originKey } from '../../model/origin.ts';
import { clientIn } from '../../model/scope.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis, RelatedOrigin } from '../analyzer.ts';

export function inForce(mesh: AnalyzedMesh): Analyzer<Config<DestinationRule>> {
  const { tables, destinationPolicy } = mesh;
  const { destinationRules, services, clusters } = tables;
  return {
    name: 'inForce',
    reads: [
      destinationRules,
      destinationRules.byHost,
      services,
      services.byHost,
      clusters,
      clusters.all,
      destinationPolicy,
    ],
    analyze(read, rule) {
      const host = destinationRuleHost(rule);
      // For a wildcard each service may have a rule of its own; a selector is for workloads that are not at hand.
      if (isWildcard(host) || rule.spec.workloadSelector !== undefined) return [];
      const rivals = read
        .rows(destinationRules, read.keys(destinationRules.byHost, `${rule.namespace}/${host}`))
        .filter(({ spec, name }) => spec.workloadSelector === undefined && name !== rule.name);
      if (rivals.length === 0) return [];
      const [service] = servicesOf(read, tables, host, '');
      if (service === undefined) return [];
      const policy = read.cell(destinationPolicy, {
        client: clientIn(rule.namespace),
        host,
        namespace: service.namespace,
      });
      if (policy === undefined) return [];
      const inPlace = rivals.filter(({ origin }) => policy.origins.includes(originKey(origin))).sort(byAge);
      if (!policy.origins.includes(originKey(rule.origin))) return [notInForce(rule, inPlace)];
      return lost(
        rule,
        inPlace.filter((rival) => byAge(rival, rule) < 0),
        policy,
      );
    },
  };
}

function notInForce({ namespace }: Config<DestinationRule>, inPlace: readonly Config<DestinationRule>[]): Diagnosis {
  return {
    code: 'FW1102',
    severity: 'error',
    path: 'spec.host',
    message: `expected the rule to be in force in its namespace ${namespace}, found another one for the host: it has no effect there`,
    hint: 'rules of one host are merged only where exportTo of the younger is the same as that of the older or more',
    related: inPlace.map(({ origin }) => ({ origin, reason: 'is in force for the host' })),
  };
}

/** What an older rule of the host has already: the first policy counts, and the first subset of each name. */
function lost(
  { spec }: Config<DestinationRule>,
  older: readonly Config<DestinationRule>[],
  policy: DestinationPolicy,
): readonly Diagnosis[] {
  const found: Diagnosis[] = [];
  const add = (path: string, what: string, origin: Origin, place: string) =>
    found.push({
      code: 'FW1103',
      severity: 'warning',
      path,
      message: `expected ${what} that no older rule for the host has, found one that is lost where the rules are merged`,
      hint: 'write one DestinationRule for the host',
      related: [{ origin, path: place, reason: 'is older, and what it has counts' } satisfies RelatedOrigin],
    });
  const withPolicy = older.find((rule) => rule.spec.trafficPolicy !== undefined);
  if (spec.trafficPolicy !== undefined && withPolicy !== undefined && policy.trafficPolicy !== spec.trafficPolicy)
    add('spec.trafficPolicy', 'a trafficPolicy', withPolicy.origin, 'spec.trafficPolicy');
  for (const [i, { name }] of (spec.subsets ?? []).entries()) {
    const first = older.find((rule) => (rule.spec.subsets ?? []).some((subset) => subset.name === name));
    if (first !== undefined) add(`spec.subsets[${i}]`, `a subset ${name}`, first.origin, 'spec.subsets');
  }
  return found;
}
