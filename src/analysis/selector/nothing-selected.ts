/** FW1301 and FW1302: selectors that no workload has the labels for, and WorkloadEntries that nothing selects. */
import type { Config } from '../../config/config.ts';
import type { WorkloadEntry } from '../../config/service-entry.ts';
import type { Reader } from '../../incremental/query.ts';
import { meshKey } from '../../mesh/tables.ts';
import { formatLabels, type Labels, selects } from '../../model/labels.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { workloadsWith } from '../knowledge.ts';

/** For rules about workloads of their own namespace; those of the root namespace may be about any. */
export function nothingSelected<Spec>(
  name: string,
  mesh: AnalyzedMesh,
  labelsOf: (rule: Config<Spec>) => Labels | undefined,
): Analyzer<Config<Spec>> {
  const { tables, knowledge, visibility } = mesh;

  function look(read: Reader, labels: Labels, namespace: string): readonly Diagnosis[] {
    const { rootNamespace } = read.cell(visibility, meshKey);
    const scope = namespace === rootNamespace ? undefined : namespace;
    if (!read.cell(knowledge.knows, 'pods') || workloadsWith(read, mesh, labels, scope).length > 0) return [];
    return [
      {
        code: 'FW1301',
        severity: 'warning',
        path: 'spec.workloadSelector',
        message: `expected a workload of namespace ${namespace} with ${formatLabels(labels)}, found none: it has no effect`,
        hint: 'a selector needs all of its labels on one pod or WorkloadEntry',
      },
    ];
  }

  return {
    name,
    reads: [tables.workloads, knowledge.workloadsByLabel, knowledge.knows, visibility],
    analyze(read, rule) {
      const labels = labelsOf(rule) ?? {};
      return Object.keys(labels).length === 0 ? [] : look(read, labels, rule.namespace);
    },
  };
}

export function notSelected({ tables }: AnalyzedMesh): Analyzer<Config<WorkloadEntry>> {
  const { services } = tables;
  return {
    name: 'notSelected',
    reads: [services, services.bySelector],
    analyze(read, { namespace, spec }) {
      const selecting = read
        .rows(services, read.keys(services.bySelector, namespace))
        .some(({ selector = {} }) => selects(selector, spec.labels ?? {}));
      if (selecting) return [];
      return [
        {
          code: 'FW1302',
          severity: 'warning',
          path: 'spec.labels',
          message: `expected a ServiceEntry or Service of namespace ${namespace} that selects it, found none: no requests reach it`,
          hint: 'give a ServiceEntry a workloadSelector with its labels',
        },
      ];
    },
  };
}
