/** The control plane as pages and metrics see it. */
import { kinds } from './config/kinds.ts';
import type { ConsoleData } from './console/data.ts';
import type { GaugeData } from './console/gauges.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Table } from './incremental/table.ts';
import { originKey } from './model/origin.ts';
import type { AdsService } from './xds/ads-service.ts';

export function consoleData(
  controlPlane: ControlPlane,
  ads: AdsService,
  rest: Pick<ConsoleData, 'version' | 'cluster' | 'state' | 'leadership'>,
): ConsoleData {
  const { mesh, sources, diagnostics } = controlPlane;
  const rows = rowsOf(controlPlane);
  const { services, shards, workloads, secrets } = mesh.tables;
  return {
    ...rest,
    sources: () => sources,
    connections: () => ads.connections(),
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
    problems: () => diagnostics.all(),
    resources: (type, scope) => [...(controlPlane.view(type, scope)?.contents.resources() ?? [])],
  };
}

export function gaugeData(controlPlane: ControlPlane, ads: AdsService, rest: Pick<GaugeData, 'isLeader'>): GaugeData {
  const { graph, mesh, sources, diagnostics } = controlPlane;
  const rows = rowsOf(controlPlane);
  const { services, shards, workloads, virtualServices } = mesh.tables;
  return {
    ...rest,
    connections: () => ads.connections(),
    rows: () => ({ services: rows(services), shards: rows(shards), workloads: rows(workloads) }),
    virtualServices: () => rows(virtualServices).length,
    problems: () => diagnostics.all(),
    sources: () => sources,
    cells: () => graph.size,
  };
}

function rowsOf({ graph }: ControlPlane): <V>(table: Table<V>) => readonly V[] {
  return (table) => [...graph.rows(table)].map(([, row]) => row);
}
