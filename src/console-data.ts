/** The control plane as pages and metrics see it. */
import { catalogAnalysis } from './analysis/catalogs.ts';
import { kinds } from './config/kinds.ts';
import { withAgents } from './console/agents.ts';
import type { ConsoleData, VisibleSource } from './console/data.ts';
import type { GaugeData } from './console/gauges.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Table } from './incremental/table.ts';
import { originKey } from './model/origin.ts';
import { compareProblems } from './model/problem.ts';
import { unseenMs, visibilityAt } from './source/visibility.ts';
import type { AdsService } from './xds/ads-service.ts';

export function consoleData(
  controlPlane: ControlPlane,
  ads: AdsService,
  rest: Pick<ConsoleData, 'version' | 'cluster' | 'state' | 'leadership'>,
): ConsoleData {
  const { graph, mesh, diagnostics } = controlPlane;
  const rows = rowsOf(controlPlane);
  const catalogProblems = catalogAnalysis(graph, mesh);
  const { services, shards, workloads, secrets } = mesh.tables;
  return {
    ...rest,
    sources: () => visibleSources(controlPlane),
    connections: () => withAgents(ads.connections()),
    services: () => rows(services),
    endpointShards: () => rows(shards),
    configs: () =>
      controlPlane
        .configTables()
        .flatMap(([kind, table]) =>
          rows(table).map((config) => ({ ...config, apiVersion: `${kinds[kind].group}/v1` })),
        ),
    origins: () =>
      new Map(
        [
          ...rows(services),
          ...rows(shards),
          ...rows(workloads),
          ...rows(secrets),
          ...controlPlane.configTables().flatMap(([, table]) => rows(table)),
        ].map(({ origin }) => [originKey(origin), origin]),
      ),
    problems: () => [...diagnostics.all(), ...catalogProblems()].sort(compareProblems),
    resources: (type, scope) => [...(controlPlane.view(type, scope)?.contents.resources() ?? [])],
  };
}

export function gaugeData(controlPlane: ControlPlane, ads: AdsService, rest: Pick<GaugeData, 'isLeader'>): GaugeData {
  const { graph, mesh, diagnostics } = controlPlane;
  const rows = rowsOf(controlPlane);
  const { services, shards, workloads, virtualServices } = mesh.tables;
  return {
    ...rest,
    connections: () => withAgents(ads.connections()),
    rows: () => ({ services: rows(services), shards: rows(shards), workloads: rows(workloads) }),
    virtualServices: () => rows(virtualServices).length,
    problems: () => diagnostics.all(),
    sources: () => visibleSources(controlPlane),
    cells: () => graph.size,
  };
}

function visibleSources({ sources }: ControlPlane): readonly VisibleSource[] {
  const now = Date.now();
  return sources.map(({ freshness, ...source }) => {
    const visibility = visibilityAt(freshness, now);
    return { ...source, visibility, unseenMs: unseenMs(visibility, now) };
  });
}

function rowsOf({ graph }: ControlPlane): <V>(table: Table<V>) => readonly V[] {
  return (table) => [...graph.rows(table)].map(([, row]) => row);
}
