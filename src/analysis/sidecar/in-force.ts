/** FW1501: Sidecars that an older one leaves no workload for. */
import { byAge, type Config } from '../../config/config.ts';
import type { Sidecar } from '../../config/sidecar.ts';
import { canonical } from '../../lib/canonical.ts';
import type { AnalyzedMesh, Analyzer } from '../analyzer.ts';

export function sidecarInForce({ tables }: AnalyzedMesh): Analyzer<Config<Sidecar>> {
  const { sidecars } = tables;
  const selectorOf = ({ spec }: Config<Sidecar>) => canonical(spec.workloadSelector?.labels ?? null);
  return {
    name: 'sidecarInForce',
    reads: [sidecars, sidecars.byNamespace],
    analyze(read, sidecar) {
      const [first] = [...read.rows(sidecars, read.keys(sidecars.byNamespace, sidecar.namespace))]
        .filter((other) => selectorOf(other) === selectorOf(sidecar))
        .sort(byAge);
      if (first === undefined || first.name === sidecar.name) return [];
      const isDefault = sidecar.spec.workloadSelector === undefined;
      return [
        {
          code: 'FW1501',
          severity: 'error',
          path: isDefault ? '' : 'spec.workloadSelector',
          message: `expected one Sidecar ${
            isDefault ? 'without workloadSelector' : 'for these workloads'
          } in namespace ${sidecar.namespace}, found an older one: this one has no effect`,
          hint: 'merge the two, or let each select workloads of its own',
          related: [{ origin: first.origin, reason: 'is older and counts' }],
        },
      ];
    },
  };
}
