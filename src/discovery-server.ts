/** A control plane that serves: sources in, xDS and HTTP out, from start to drain. */
import { hostname } from 'node:os';
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import { kinds } from './config/kinds.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import type { ConsoleData } from './console/data.ts';
import { createHttpServer } from './console/http-server.ts';
import { createMetrics, type Metrics } from './console/metrics.ts';
import { pages } from './console/pages.ts';
import { ControlPlane } from './control-plane.ts';
import type { YamlDocument } from './files/yaml.ts';
import { followYamlFile } from './files/yaml-file.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { ObjectSource } from './model/object-source.ts';
import { originKey } from './model/origin.ts';
import type { Problem } from './model/problem.ts';
import { AdsService, type AdsServiceOptions } from './xds/ads-service.ts';
import { createGrpcServer, type GrpcServerOptions, type ListenAddress } from './xds/grpc.ts';
import { sdsMethods } from './xds/sds-service.ts';

export interface DiscoveryServerOptions {
  readonly sources: readonly ObjectSource[];
  /** A file with Istio's MeshConfig; none means Istio's defaults. */
  readonly meshConfigPath?: string;
  /** What holds where that file says nothing. */
  readonly meshDefaults?: MeshConfig;
  readonly xdsAddress: ListenAddress;
  readonly httpAddress: ListenAddress;
  /** The id of the cluster that objects come from. */
  readonly cluster: string;
  readonly domainSuffix: string;
  readonly version: string;
  readonly log: Log;
  /** How long the xDS server waits for what; what is left out suits real proxies. */
  readonly xdsWaits?: XdsWaits;
  /** For the waits of the xDS server. */
  readonly clock?: Clock;
  /** Told whenever a proxy has said something, after it has been heard. */
  readonly onAnswer?: () => void;
}

/** In milliseconds. */
export type XdsWaits = Pick<GrpcServerOptions, 'keepaliveMs' | 'keepaliveTimeoutMs' | 'stallMs' | 'idleMs'> &
  Pick<AdsServiceOptions, 'patienceMs'>;

export interface DiscoveryServer {
  readonly xdsAddress: ListenAddress;
  readonly httpAddress: ListenAddress;
  readonly controlPlane: ControlPlane;
  readonly ads: AdsService;
  /** Takes no more streams, sends those that are there elsewhere, and stops after at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** An address that cannot be listened on; the message says which and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly serves: Served;

  constructor(message: string, serves: Served, cause: unknown) {
    super(message, { cause });
    this.serves = serves;
  }
}

type Served = 'HTTP' | 'xDS';

/** How often what time alone can turn bad is judged again, in milliseconds: dates of certificates are days. */
const recheckMs = 60 * 60 * 1000;

/**
 * Starts everything. Proxies are served once every source has delivered its first list, so that none is told of half a
 * mesh. Throws ListenError.
 */
export async function startDiscoveryServer(options: DiscoveryServerOptions): Promise<DiscoveryServer> {
  const { log, version, sources, cluster, domainSuffix, meshDefaults, clock = systemClock, xdsWaits = {} } = options;
  const stop = new AbortController();
  let metrics: Metrics | undefined;
  const controlPlane = new ControlPlane({
    log,
    cluster,
    domainSuffix,
    ...(meshDefaults === undefined ? {} : { meshDefaults }),
    onCommit: (_revision, durationMs) => metrics?.committed(durationMs),
    onInbound: (type, count) => metrics?.inbound(type, count),
  });
  const identity = JSON.stringify({ Component: 'fairway', ID: hostname(), Info: { version } });
  const ads = new AdsService({
    host: controlPlane,
    log,
    controlPlane: identity,
    now: Date.now,
    clock,
    ...xdsWaits,
    onRequest: () => options.onAnswer?.(),
    events: {
      sent: (type, bytes) => metrics?.sent(type, bytes),
      rejected: (type) => metrics?.rejected(type),
      expired: (type) => metrics?.expired(type),
      acknowledged: (_type, changedAtMs) => metrics?.converged(Date.now() - changedAtMs),
    },
  });
  const data = consoleData(controlPlane, ads, version);
  metrics = createMetrics(metricsData(controlPlane, ads), version);
  const http = createHttpServer(pages(data, metrics), log);
  const methods = new Map([...ads.methods, ...sdsMethods({ log, controlPlane: identity })]);
  const grpc = createGrpcServer({ methods, log, clock, ...xdsWaits });
  try {
    const httpAddress = await listen('HTTP', options.httpAddress, http);
    const { meshConfigPath } = options;
    const mesh = meshConfigPath === undefined ? [] : [meshConfigSource(meshConfigPath, controlPlane)];
    const synced = [...mesh, ...sources].map((source) => {
      const state = Promise.withResolvers<void>();
      const sink = controlPlane.sink(source.name);
      const synced = () => {
        sink.synced();
        state.resolve();
      };
      void source.run({ ...sink, synced }, stop.signal);
      return state.promise;
    });
    await Promise.all(synced);
    const xdsAddress = await listen('xDS', options.xdsAddress, grpc);
    const recheck = setInterval(() => controlPlane.recheck(), recheckMs).unref();
    stop.signal.addEventListener('abort', () => {
      clearInterval(recheck);
      controlPlane.close();
    });
    const close = async (graceMs: number) => {
      await grpc.close(graceMs);
      stop.abort();
      await http.close();
    };
    return { xdsAddress, httpAddress, controlPlane, ads, close };
  } catch (error) {
    stop.abort();
    await http.close();
    throw error;
  }
}

async function listen(
  what: Served,
  address: ListenAddress,
  server: { listen(address: ListenAddress): Promise<ListenAddress> },
): Promise<ListenAddress> {
  try {
    return await server.listen(address);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRINUSE'
        ? 'another process listens there'
        : code === 'EADDRNOTAVAIL'
          ? 'this machine has no such address'
          : message;
    throw new ListenError(`cannot serve ${what} on ${address.host}:${address.port}: ${reason}`, what, error);
  }
}

/** Follows a file with a MeshConfig; as a source it is synced once it has been read, so that nobody is served defaults. */
function meshConfigSource(path: string, controlPlane: ControlPlane): ObjectSource {
  return {
    name: 'mesh configuration',
    async run({ synced, problems, freshness }, signal) {
      const report = (found: readonly Problem[]) => problems(path, found);
      const take = ({ value, root }: YamlDocument) => {
        const { config, findings } = decodeMeshConfig(value);
        report(
          findings.map((finding) => {
            const line = root.lineOf(finding.path);
            return { ...finding, file: path, ...(line === undefined ? {} : { line }) };
          }),
        );
        if (config === undefined) return;
        controlPlane.setMeshConfig(config);
        synced();
      };
      followYamlFile({ path, problems: report, freshness, take }, signal);
    },
  };
}

function consoleData(controlPlane: ControlPlane, ads: AdsService, version: string): ConsoleData {
  const { graph, mesh, sources, diagnostics } = controlPlane;
  const rows = <V>(table: Parameters<typeof graph.rows<V>>[0]) => [...graph.rows(table)].map(([, row]) => row);
  return {
    version,
    isReady: () => sources.length > 0 && sources.every(({ isSynced }) => isSynced),
    sources: () => sources,
    connections: () => ads.connections(),
    services: () => rows(mesh.tables.services),
    endpointShards: () => rows(mesh.tables.shards),
    configs: () =>
      controlPlane
        .configTables()
        .flatMap(([kind, table]) =>
          rows(table).map((config) => ({ ...config, apiVersion: `${kinds[kind].group}/v1` })),
        ),
    origins: () =>
      new Map(
        [
          ...rows(mesh.tables.services),
          ...rows(mesh.tables.shards),
          ...rows(mesh.tables.workloads),
          ...rows(mesh.tables.secrets),
          ...controlPlane.configTables().flatMap(([, table]) => rows(table)),
        ].map(({ origin }) => [originKey(origin), origin]),
      ),
    problems: () => diagnostics.all(),
    view: (type, scope) => controlPlane.view(type, scope),
  };
}

function metricsData({ graph, mesh, diagnostics }: ControlPlane, ads: AdsService): Parameters<typeof createMetrics>[0] {
  const count = (table: Parameters<typeof graph.rows>[0]) => [...graph.rows(table)].length;
  return {
    proxies: () => ads.connections().length,
    services: () => count(mesh.tables.services),
    virtualServices: () => count(mesh.tables.virtualServices),
    cells: () => graph.size,
    refusedObjects: () => {
      const refused = new Map<string, Set<string>>();
      for (const { severity, object } of diagnostics.all()) {
        if (severity !== 'error' || object === undefined) continue;
        const objects = refused.get(object.kind) ?? new Set();
        refused.set(object.kind, objects.add(`${object.namespace}/${object.name}`));
      }
      return new Map([...refused].map(([kind, objects]) => [kind, objects.size]));
    },
    rejections: () =>
      ads
        .connections()
        .flatMap(({ proxy, types }) =>
          types.flatMap(({ typeUrl, sent, lastError }) =>
            lastError?.nonce === sent ? [{ proxy: proxy.connection, type: typeUrl, message: lastError.message }] : [],
          ),
        ),
  };
}
