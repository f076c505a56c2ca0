/**
 * What is wrong with hosts of catalogs beside others, for the pages of a mesh that runs: nobody has written a catalog's
 * services, so that there is no object to tell it by and no text to analyze. Looked at when somebody asks, and only there.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { isCatalog, isStated } from '../model/registry-kind.ts';
import { analyzeRows, declareAnalysis } from './analysis.ts';
import { catalogHost } from './service/catalog-host.ts';
import { sameHost } from './service/same-host.ts';

/** Yields what is wrong now, sorted. Declares queries. */
export function catalogAnalysis(graph: Graph, { tables }: Mesh): () => readonly Problem[] {
  const { services, serviceEntries } = tables;
  const ofServices = declareAnalysis(graph, services, catalogHost({ tables }));
  const ofEntries = declareAnalysis(graph, serviceEntries, sameHost({ tables }));
  return () => {
    const rows = [...graph.rows(services)];
    const own = rows.filter(([key]) => isCatalog(key));
    const hosts = new Set(own.map(([, { hostname }]) => hostname));
    const entries = rows.filter(([key, { hostname }]) => isStated(key) && hosts.has(hostname));
    return analyzeRows(
      graph,
      [
        ...own.map(([key, { origin }]) => ({ diagnoses: ofServices.diagnoses, key, origin })),
        ...new Map(
          entries.map(([, { namespace, name, origin }]) => {
            const key = `${namespace}/${name}`;
            return [key, { diagnoses: ofEntries.diagnoses, key, origin }];
          }),
        ).values(),
      ],
      ({ line }) => line,
    );
  };
}
