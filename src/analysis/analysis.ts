/**
 * What only the whole mesh shows: rules that another rule leaves nothing for, names that nothing has, ports that cannot be
 * told apart. Nothing here changes what proxies get.
 *
 *      rows, queries of the mesh ─► one cell per analyzer and row ─► diagnoses ─► problems, with files and lines
 *
 * Each analyzer is a query, so that a watch on its cells costs what a change concerns, and nothing while nobody asks.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Table } from '../incremental/table.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Origin } from '../model/origin.ts';
import { compareProblems, type Problem, placeOf, type RelatedObject } from '../model/problem.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis, RelatedOrigin } from './analyzer.ts';
import { doubleTls } from './destination-rule/double-tls.ts';
import { emptySubset } from './destination-rule/empty-subset.ts';
import { inForce } from './destination-rule/in-force.ts';
import { unknownHost } from './destination-rule/unknown-host.ts';
import { gatewayConflict } from './gateway/conflict.ts';
import { missingSecret } from './gateway/missing-secret.ts';
import { unserved } from './gateway/unserved.ts';
import { createKnowledge } from './knowledge.ts';
import { nothingSelected, notSelected } from './selector/nothing-selected.ts';
import { unknownNamespace } from './selector/unknown-namespace.ts';
import { catalogHost } from './service/catalog-host.ts';
import { kubernetesService } from './service/kubernetes-service.ts';
import { sameHost } from './service/same-host.ts';
import { sharedAddress } from './service/shared-address.ts';
import { withoutEndpoints } from './service/without-endpoints.ts';
import { sidecarInForce } from './sidecar/in-force.ts';
import { unknownImport } from './sidecar/unknown-import.ts';
import { delegates } from './virtual-service/delegate.ts';
import { virtualServiceGateways } from './virtual-service/gateways.ts';
import { hostProtocol } from './virtual-service/host-protocol.ts';
import { missingSubset } from './virtual-service/missing-subset.ts';
import { shadowedHost } from './virtual-service/shadowed-host.ts';
import { unknownDestination } from './virtual-service/unknown-destination.ts';

/** A row that analyzers look at. */
export interface Row {
  readonly origin: Origin;
}

export interface Analysis<V extends Row = Row> {
  readonly table: Table<V>;
  /** Keyed like the rows. */
  readonly diagnoses: Query<string, readonly Diagnosis[]>;
}

/** Declares all analyses of a mesh: before the first commit. */
export function createAnalyses(graph: Graph, mesh: Mesh): readonly Analysis[] {
  const analyzed: AnalyzedMesh = { ...mesh, knowledge: createKnowledge(graph, mesh) };
  const { tables } = mesh;
  const of = <V extends Row>(table: Table<V>, ...analyzers: readonly Analyzer<V>[]): readonly Analysis[] =>
    analyzers.map((analyzer) => declareAnalysis(graph, table, analyzer) as Analysis);
  return [
    ...of(
      tables.virtualServices,
      shadowedHost(analyzed),
      unknownDestination(analyzed),
      missingSubset(analyzed),
      virtualServiceGateways(analyzed),
      delegates(analyzed),
      hostProtocol(analyzed),
      unknownNamespace('virtualServiceNamespace', analyzed),
    ),
    ...of(
      tables.destinationRules,
      unknownHost(analyzed),
      inForce(analyzed),
      emptySubset(analyzed),
      doubleTls(analyzed),
      unknownNamespace('destinationRuleNamespace', analyzed),
      nothingSelected('destinationRuleSelector', analyzed, ({ spec }) => spec.workloadSelector?.matchLabels),
    ),
    ...of(
      tables.serviceEntries,
      sameHost(analyzed),
      unknownNamespace('serviceEntryNamespace', analyzed),
      nothingSelected('serviceEntrySelector', analyzed, ({ spec }) => spec.workloadSelector?.labels),
    ),
    ...of(
      tables.services,
      withoutEndpoints(analyzed),
      sharedAddress(analyzed),
      kubernetesService(analyzed),
      catalogHost(analyzed),
    ),
    ...of(tables.workloadEntries, notSelected(analyzed)),
    ...of(tables.gateways, unserved(analyzed), gatewayConflict(analyzed), missingSecret(analyzed)),
    ...of(
      tables.sidecars,
      sidecarInForce(analyzed),
      unknownImport(analyzed),
      nothingSelected('sidecarSelector', analyzed, ({ spec }) => spec.workloadSelector?.labels),
    ),
    ...of(
      tables.envoyFilters,
      nothingSelected('envoyFilterSelector', analyzed, ({ spec }) => spec.workloadSelector?.labels),
    ),
  ];
}

/** Declares one analysis. */
export function declareAnalysis<V extends Row>(
  graph: Graph,
  table: Table<V>,
  { name, reads, analyze }: Analyzer<V>,
): Analysis<V> {
  const diagnoses = graph.query<string, readonly Diagnosis[]>(`analysis.${name}`, {
    reads: [table, ...reads],
    compute(read, key) {
      const row = read.row(table, key);
      return row === undefined ? [] : analyze(read, row);
    },
  });
  return { table, diagnoses };
}

/** The line of a field of an object, where more is known than what its origin tells. */
export type LineOf = (origin: Origin, path: string) => number | undefined;

/** Everything that the mesh shows now, sorted. */
export function analyze(graph: Graph, analyses: readonly Analysis[], findLine: LineOf): readonly Problem[] {
  const rows = analyses.flatMap(({ table, diagnoses }) =>
    [...graph.rows(table)].map(([key, { origin }]) => ({ diagnoses, key, origin })),
  );
  return analyzeRows(graph, rows, findLine);
}

/** A row with a question about it. */
export interface AnalyzedRow extends Row {
  readonly diagnoses: Query<string, readonly Diagnosis[]>;
  readonly key: string;
}

/** What the mesh shows now of some rows, sorted. */
export function analyzeRows(graph: Graph, rows: readonly AnalyzedRow[], findLine: LineOf): readonly Problem[] {
  // All are watched at once, so that what many of them read is computed once.
  const watched = rows.map(({ diagnoses, key, origin }) => ({
    origin,
    watch: graph.watch(diagnoses, key, () => {}),
  }));
  const problems = watched.flatMap(({ origin, watch }) =>
    (watch.value ?? []).map((diagnosis) => toProblem(diagnosis, origin, findLine)),
  );
  for (const { watch } of watched) watch.close();
  return problems.sort(compareProblems);
}

function toProblem({ related = [], ...diagnosis }: Diagnosis, origin: Origin, findLine: LineOf): Problem {
  return {
    ...diagnosis,
    ...place(origin, diagnosis.path, findLine),
    ...(related.length === 0 ? {} : { related: related.map((one) => toRelated(one, findLine)) }),
  };
}

function toRelated({ origin, path = '', reason }: RelatedOrigin, findLine: LineOf): RelatedObject {
  return { ...place(origin, path, findLine), reason };
}

function place(origin: Origin, path: string, findLine: LineOf): ReturnType<typeof placeOf> {
  return placeOf(origin, origin.file === undefined ? undefined : findLine(origin, path));
}
