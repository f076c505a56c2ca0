/** FW1301 and FW1302: selectors that no workload has the labels for, and WorkloadEntries that nothing selects. */
import type { Config } from '../../config/config.ts';
import type { WorkloadEntry } from '../../config/service-entry.ts';
import type { Reader } from '../../incremental/query.ts';
import { type Labels, selects } from '../../model/labels.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { workloadsWith } from '../knowledge.ts';

/** A selector of a rule, and where it stands. */
export interface PlacedSelector {
  readonly labels: Labels;
  readonly path: string;
}

/** For rules about workloads of their own namespace, or of any where `reach` says so. */
export function nothingSelected<Spec>(
  name: string,
  mesh: AnalyzedMesh,
  selectorOf: (rule: Config<Spec>) => PlacedSelector | undefined,
): Analyzer<Config<Spec>> {
  const { tables, knowledge, settings } = mesh;

  function look(read: Reader, { labels, path }: PlacedSelector, namespace: string): readonly Diagnosis[] {
    // Rules of the root namespace may be for all others.
    const { rootNamespace } = read.cell(settings, 'mesh');
    const scope = namespace === rootNamespace ? undefined : namespace;
    if (!read.cell(knowledge.knows, 'pods') || workloadsWith(read, mesh, labels, scope).length > 0) return [];
    const wanted = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    return [
      {
        code: 'FW1301',
        severity: 'warning',
        path,
        message: `expected a workload of namespace ${namespace} with ${wanted.join(', ')}, found none: it has no effect`,
        hint: 'a selector needs all of its labels on one pod or WorkloadEntry',
      },
    ];
  }

  return {
    name,
    reads: [tables.workloads, knowledge.workloadsByLabel, knowledge.knows, settings],
    analyze(read, rule) {
      const selector = selectorOf(rule);
      return selector === undefined || Object.keys(selector.labels).length === 0
        ? []
        : look(read, selector, rule.namespace);
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
