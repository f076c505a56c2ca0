/** Which labels of clients any rule asks for: a client keeps only those, so that clients share what is made for them. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { namespaceInName } from '../model/hostname.ts';
import { priorityLabelKeys, priorityLabels, sourceLabelKeys } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';

export interface AskedLabelQueries {
  /** The labels of clients that rules about the hosts of a namespace ask for, sorted. */
  readonly askedLabels: Query<string, readonly string[]>;
  /** The labels that the DestinationRules of a namespace ask of the workloads in it, sorted. */
  readonly selectorLabels: Query<string, readonly string[]>;
  /** The labels that any rule that a client's namespace may meet asks for, sorted. */
  readonly allAskedLabels: Query<string, readonly string[]>;
}

export function askedLabelQueries(
  graph: Graph,
  tables: Tables,
  { clusterSettings }: ServiceQueries,
): AskedLabelQueries {
  const { services, virtualServices, destinationRules } = tables;

  /** The namespaces by which rules may know the hosts of a namespace; `*` for hosts that tell none. */
  const namesOf = graph.query<string, readonly string[]>('namesOfNamespace', {
    reads: [services, services.misnamedIn],
    compute: (read, namespace) => [
      ...new Set([
        '*',
        namespace,
        ...read
          .rows(services, read.keys(services.misnamedIn, namespace))
          .flatMap(({ hostname }) => namespaceInName(hostname) ?? []),
      ]),
    ],
  });

  const meshLabels = graph.query<string, readonly string[]>('meshLabels', {
    reads: [clusterSettings],
    compute: (read, key) => priorityLabels(read.cell(clusterSettings, key).locality),
  });

  const askedLabels = graph.query<string, readonly string[]>('askedLabels', {
    reads: [
      namesOf,
      virtualServices,
      virtualServices.labelReaders,
      destinationRules,
      destinationRules.labelReaders,
      meshLabels,
    ],
    compute: (read, namespace) => {
      const names = read.cell(namesOf, namespace);
      const routes = names.flatMap((name) => read.keys(virtualServices.labelReaders, name));
      const rules = names.flatMap((name) => read.keys(destinationRules.labelReaders, name));
      return sortedUnion([
        ...read.rows(virtualServices, routes).map(sourceLabelKeys),
        ...read.rows(destinationRules, rules).map(priorityLabelKeys),
        read.cell(meshLabels, meshKey),
      ]);
    },
  });

  const selectorLabels = graph.query<string, readonly string[]>('selectorLabels', {
    reads: [destinationRules, destinationRules.byNamespace],
    compute: (read, namespace) =>
      sortedUnion(
        read
          .rows(destinationRules, read.keys(destinationRules.byNamespace, namespace))
          .map(({ spec }) => Object.keys(spec.workloadSelector?.matchLabels ?? {})),
      ),
  });

  const allAskedLabels = graph.query<string, readonly string[]>('allAskedLabels', {
    reads: [virtualServices.labelReaders, destinationRules.labelReaders, askedLabels, selectorLabels],
    compute: (read, namespace) =>
      sortedUnion([
        ...['*', ...read.groups(virtualServices.labelReaders), ...read.groups(destinationRules.labelReaders)].map(
          (group) => read.cell(askedLabels, group),
        ),
        read.cell(selectorLabels, namespace),
      ]),
  });

  return { askedLabels, selectorLabels, allAskedLabels };
}

function sortedUnion(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}
