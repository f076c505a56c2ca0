/** FW1203: services that nothing serves. */
import { isKubernetes } from '../../model/cluster.ts';
import { formatLabels } from '../../model/labels.ts';
import { isCatalog } from '../../model/registry-kind.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer } from '../analyzer.ts';

export function withoutEndpoints({ endpoints, knowledge }: AnalyzedMesh): Analyzer<Service> {
  return {
    name: 'withoutEndpoints',
    reads: [endpoints, knowledge.knows],
    analyze(read, { resolution, isHeadless, registry, namespace, hostname, selector, ports }) {
      if (resolution !== 'static' && !isHeadless) return [];
      // Files often hold rules and Services, and none of what runs, or only what runs outside.
      const isListed = !isKubernetes(registry) && selector === undefined;
      const isKnown =
        read.cell(knowledge.knows, 'pods') || (selector === undefined && read.cell(knowledge.knows, 'endpoints'));
      if (!isListed && !isKnown) return [];
      if (ports.length === 0 || read.cell(endpoints, `${namespace}/${hostname}`).endpoints.length > 0) return [];
      return [
        {
          code: 'FW1203',
          severity: 'warning',
          path: isCatalog(registry) ? '' : selector === undefined ? 'spec' : 'spec.selector',
          message: `expected an endpoint, found none for ${hostname}: requests to it get 503`,
          hint: isCatalog(registry)
            ? 'register instances of it'
            : selector === undefined
              ? 'list endpoints for it'
              : `no workload that is ready has ${formatLabels(selector)}`,
        },
      ];
    },
  };
}
