/** FW1104: subsets whose labels no endpoint has. */
import type { Config } from '../../config/config.ts';
import type { DestinationRule } from '../../config/destination-rule.ts';
import { servicesOf } from '../../mesh/merged-services.ts';
import { destinationRuleHost } from '../../mesh/rules.ts';
import { isWildcard } from '../../model/hostname.ts';
import { formatLabels, selects } from '../../model/labels.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function emptySubset({ tables, endpoints }: AnalyzedMesh): Analyzer<Config<DestinationRule>> {
  const { services, clusters } = tables;
  return {
    name: 'emptySubset',
    reads: [services, services.byHost, clusters, clusters.all, endpoints],
    analyze(read, rule) {
      const host = destinationRuleHost(rule);
      const { subsets = [] } = rule.spec;
      if (isWildcard(host) || subsets.length === 0) return [];
      const [service] = servicesOf(read, tables, host, '').filter(({ resolution }) => resolution === 'static');
      if (service === undefined) return [];
      const all = read.cell(endpoints, `${service.namespace}/${host}`).endpoints;
      // A service without any endpoint is told of by itself.
      if (all.length === 0) return [];
      return subsets.flatMap(({ name, labels = {} }, i): readonly Diagnosis[] => {
        if (all.some((endpoint) => selects(labels, endpoint.labels))) return [];
        return [
          {
            code: 'FW1104',
            severity: 'warning',
            path: `spec.subsets[${i}]`,
            message: `expected an endpoint of ${host} with ${formatLabels(labels)}, found none among ${all.length}: requests for subset ${name} get 503`,
            hint: 'a subset takes endpoints by the labels of their pods, or of their instances in a catalog',
            related: [{ origin: service.origin, reason: 'is the service' }],
          },
        ];
      });
    },
  };
}
