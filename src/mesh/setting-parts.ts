/** The mesh's settings, as a whole and by what they are about: a change of one leaves what reads the others alone. */
import type { MeshConfig } from '../config/mesh-config.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Table } from '../incremental/table.ts';
import { type MeshSettings, meshSettings } from './settings.ts';

/** What decides who sees what. */
const visibilityFields = [
  'rootNamespace',
  'defaultServiceExportTo',
  'defaultVirtualServiceExportTo',
  'defaultDestinationRuleExportTo',
] as const;

/** What shapes the clusters and endpoints of services. */
const clusterFields = [
  'connectTimeoutMs',
  'dnsRefreshMs',
  'keepalive',
  'upgradesToHttp2',
  'locality',
  'clusterLocal',
  'trafficPolicy',
  'outboundStatName',
  'tlsDefaults',
] as const;

const routeFields = ['retryPolicy'] as const;

const listenerFields = [
  'accessLog',
  'protocolDetectionTimeoutMs',
  'pathNormalization',
  'listenPort',
  'inboundListenPort',
] as const;

export type VisibilitySettings = Pick<MeshSettings, (typeof visibilityFields)[number]>;
export type ClusterSettings = Pick<MeshSettings, (typeof clusterFields)[number]>;
export type RouteSettings = Pick<MeshSettings, (typeof routeFields)[number]>;
export type ListenerSettings = Pick<MeshSettings, (typeof listenerFields)[number]>;

/** All keyed by `meshKey`. */
export interface SettingQueries {
  /** For what there is once for a proxy, not for each service. */
  readonly settings: Query<string, MeshSettings>;
  readonly visibility: Query<string, VisibilitySettings>;
  readonly clusterSettings: Query<string, ClusterSettings>;
  readonly routeSettings: Query<string, RouteSettings>;
  readonly listenerSettings: Query<string, ListenerSettings>;
}

export function settingQueries(graph: Graph, meshConfig: Table<MeshConfig>): SettingQueries {
  const settings = graph.query<string, MeshSettings>('settings', {
    reads: [meshConfig],
    compute: (read, key) => meshSettings(read.row(meshConfig, key)),
  });
  const part = <K extends keyof MeshSettings>(name: string, fields: readonly K[]) =>
    graph.query<string, Pick<MeshSettings, K>>(name, {
      reads: [settings],
      compute: (read, key) => pickFields(read.cell(settings, key), fields),
    });
  return {
    settings,
    visibility: part('visibility', visibilityFields),
    clusterSettings: part('clusterSettings', clusterFields),
    routeSettings: part('routeSettings', routeFields),
    listenerSettings: part('listenerSettings', listenerFields),
  };
}

function pickFields<T extends object, K extends keyof T>(value: T, fields: readonly K[]): Pick<T, K> {
  return Object.fromEntries(fields.flatMap((field) => (field in value ? [[field, value[field]]] : []))) as Pick<T, K>;
}
