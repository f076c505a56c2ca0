/** A control plane that serves: sources in, xDS and HTTP out, from start to drain. */
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { MeshConfig } from './config/mesh-config.ts';
import type { Leadership } from './console/data.ts';
import { debugAnswer } from './console/debug.ts';
import { createHttpServer } from './console/http-server.ts';
import { createMetrics, type Metrics } from './console/metrics.ts';
import { pages } from './console/pages.ts';
import { consoleData, gaugeData } from './console-data.ts';
import { ControlPlane } from './control-plane.ts';
import { GatewayNames } from './gateway-names.ts';
import { injectedMesh } from './inject/mesh.ts';
import type { InjectionSettings } from './inject/settings.ts';
import { type Address, formatAddress } from './lib/address.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { HttpServer } from './lib/http.ts';
import { ListenError } from './lib/listen.ts';
import type { Log } from './lib/log.ts';
import { someOf } from './lib/some-of.ts';
import type { Origin } from './model/origin.ts';
import { runSources, type Sources } from './source-runs.ts';
import { createWebhook, type WebhookOptions } from './webhook/server.ts';
import { type RegistrationOptions, workloadRegistration } from './workload-registration.ts';
import { AdsService, type AdsServiceOptions } from './xds/ads-service.ts';
import { createGrpcServer, type GrpcServerOptions } from './xds/grpc.ts';
import { sdsMethods } from './xds/sds-service.ts';

export interface DiscoveryServerOptions extends Sources {
  /** What holds where the MeshConfig says nothing. */
  readonly meshDefaults?: MeshConfig;
  /** What is written back to where objects come from; without it nothing is. Made before the first commit. */
  readonly writer?: (controlPlane: ControlPlane, onWrite: (result: string) => void) => Writer;
  /** Of workloads that register themselves. */
  readonly registration?: RegistrationOptions;
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  /** The webhook for API servers; none when absent. */
  readonly webhook?: Pick<WebhookOptions, 'certPath' | 'keyPath' | 'meshConfig'> & {
    readonly address: Address;
    /** How pods are injected, but for what the MeshConfig says; they are not when it is absent. */
    readonly injected?: Omit<InjectionSettings, 'mesh'>;
  };
  /** The API over which people put rules; none when absent. */
  readonly api?: ServedApi;
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
  /** Ends the wait for sources: the start is rejected with the signal's reason. Has no effect once proxies are served. */
  readonly signal?: AbortSignal;
}

export interface ServedApi {
  readonly address: Address;
  readonly scheme: 'http' | 'https';
  /** Gets what tells where the versions of an object stand, by layer from below. */
  readonly create: (originsOf: (key: string) => readonly Origin[]) => HttpServer;
}

/** Tells the platform what people should know. Of several replicas one does, whichever leads. */
export interface Writer {
  leadership(): Leadership;
  /** All that sources hold is known. */
  start(): void;
  /** Writes nothing more; resolves when others may. */
  stop(): Promise<void>;
}

/** In milliseconds. */
export type XdsWaits = Pick<GrpcServerOptions, 'keepaliveMs' | 'keepaliveTimeoutMs' | 'stallMs' | 'idleMs'> &
  Pick<AdsServiceOptions, 'patienceMs'>;

export interface DiscoveryServer {
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  readonly controlPlane: ControlPlane;
  readonly ads: AdsService;
  /** Takes no more streams, sends those that are there elsewhere, and stops after at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

type Served = 'HTTP' | 'xDS' | 'webhook' | 'API';

/** How often sources are looked at that nobody has seen for long, in milliseconds: they are told of in minutes. */
const noteLostMs = 10_000;

/** How often what time alone can turn bad is judged again, in milliseconds: dates of certificates are days. */
const recheckMs = 60 * 60 * 1000;

/**
 * Starts everything. Proxies are served once every source has delivered its first list, so that none is told of half a
 * mesh; pages are served at once. Throws ListenError.
 */
export async function startDiscoveryServer(options: DiscoveryServerOptions): Promise<DiscoveryServer> {
  const { log, clock = systemClock } = options;
  const stop = new AbortController();
  const parts = assemble(options, stop.signal);
  const { controlPlane, ads, writer, registration, http, webhook, api, grpc } = parts;
  const end = async () => {
    stop.abort();
    await Promise.all([http.close(), webhook?.close(), api?.close()]);
  };
  try {
    const httpAddress = await listen('HTTP', options.httpAddress, http);
    // Reviews ask about objects by themselves: they need no source.
    if (webhook !== undefined && options.webhook !== undefined) {
      const address = await listen('webhook', options.webhook.address, webhook);
      log.info(`serving the webhook on https://${formatAddress(address)}`);
    }
    // What is asked before its source has begun waits for it.
    if (api !== undefined && options.api !== undefined) {
      const address = await listen('API', options.api.address, api);
      log.info(`serving the API on ${options.api.scheme}://${formatAddress(address)}`);
    }
    const noteLost = setInterval(() => controlPlane.noteLost(), noteLostMs).unref();
    stop.signal.addEventListener('abort', () => clearInterval(noteLost));
    const { synced, waiting } = runSources(options, controlPlane, { log, clock }, stop.signal);
    if (waiting.size > 0)
      log.info(`no proxy is served yet: waiting for ${someOf([...waiting])}`, {
        ready: `http://${formatAddress(httpAddress)}/ready`,
      });
    await (options.signal === undefined ? synced : Promise.race([synced, aborted(options.signal)]));
    const xdsAddress = await listen('xDS', options.xdsAddress, grpc);
    parts.enter('serving');
    writer?.start();
    registration.start();
    const recheck = setInterval(() => controlPlane.recheck(), recheckMs).unref();
    stop.signal.addEventListener('abort', () => clearInterval(recheck));
    const close = async (graceMs: number) => {
      parts.enter('stopping');
      // Another replica may write while this one still lets its proxies go.
      await Promise.all([writer?.stop(), grpc.close(graceMs)]);
      // Proxies that have gone are to be known as such.
      await registration.stop();
      await end();
    };
    return { xdsAddress, httpAddress, controlPlane, ads, close };
  } catch (error) {
    await end();
    throw error;
  }
}

type State = 'starting' | 'serving' | 'stopping';

/** All parts of a server, before any of them listens. */
function assemble(options: DiscoveryServerOptions, signal: AbortSignal) {
  const { log, version, cluster, domainSuffix, meshDefaults, clock = systemClock, xdsWaits = {} } = options;
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
  const registration = workloadRegistration(controlPlane, options.registration ?? {}, { log, clock });
  const ads = new AdsService({
    host: registration.host,
    log,
    controlPlane: identity,
    now: Date.now,
    clock,
    ...xdsWaits,
    debug: (question) => answer(question),
    onRequest: () => options.onAnswer?.(),
    events: {
      sent: (type, bytes) => metrics?.sent(type, bytes),
      rejected: (type) => metrics?.rejected(type),
      expired: (type) => metrics?.expired(type),
      written: (type, ms) => metrics?.written(type, ms),
      acknowledged: (_type, changedAtMs) => metrics?.converged(Date.now() - changedAtMs),
    },
  });
  let state: State = 'starting';
  const writer = options.writer?.(controlPlane, (result) => metrics?.statusWritten(result));
  const leadership = () => writer?.leadership();
  const data = consoleData(controlPlane, ads, { version, cluster, state: () => state, leadership });
  const answer = debugAnswer(data, { http: options.httpAddress, xds: options.xdsAddress });
  metrics = createMetrics(gaugeData(controlPlane, ads, { isLeader: () => leadership()?.isLeader ?? false }), version);
  const methods = new Map([...ads.methods, ...sdsMethods({ log, controlPlane: identity })]);
  followGatewayNames(controlPlane, { log, clock }, signal);
  signal.addEventListener('abort', () => controlPlane.close());
  return {
    controlPlane,
    ads,
    writer,
    registration,
    http: createHttpServer(pages(data, metrics), log),
    webhook:
      options.webhook &&
      createWebhook({
        ...options.webhook,
        ...injectionOf(options.webhook.injected, controlPlane, () => state !== 'starting', log),
        log,
        events: metrics.withWebhook(),
      }),
    api: options.api?.create((key) => controlPlane.originsOf(key)),
    grpc: createGrpcServer({ methods, log, clock, ...xdsWaits }),
    enter(next: State) {
      state = next;
    },
  };
}

/** How pods are injected: as the MeshConfig of the moment says, once it has been read. */
function injectionOf(
  stated: Omit<InjectionSettings, 'mesh'> | undefined,
  { graph, mesh }: ControlPlane,
  isKnown: () => boolean,
  log: Log,
): Pick<WebhookOptions, 'injection'> {
  if (stated === undefined) return {};
  let last: { readonly config: MeshConfig; readonly settings: InjectionSettings } | undefined;
  return {
    injection() {
      if (!isKnown()) return undefined;
      const [[, config] = ['', {}]] = [...graph.rows(mesh.tables.meshConfig)];
      if (last?.config !== config) {
        const read = injectedMesh(config);
        if (read.problem !== undefined) log.warn(`sidecars get no defaults of the mesh: ${read.problem}`);
        last = { config, settings: { ...stated, mesh: read.mesh } };
      }
      return last.settings;
    },
  };
}

/** Asks DNS for gateways of networks that are known by name alone, until the signal aborts. */
function followGatewayNames(
  controlPlane: ControlPlane,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  signal: AbortSignal,
): void {
  const { graph, mesh } = controlPlane;
  const names = new GatewayNames({
    graph,
    mesh,
    log,
    clock,
    resolve: async (name) => (await lookup(name, { all: true, order: 'ipv4first' })).map(({ address }) => address),
    changed: () => setImmediate(() => controlPlane.commit()),
  });
  signal.addEventListener('abort', () => names.close());
}

/** Never resolves; is rejected with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason));
  });
}

async function listen(
  what: Served,
  address: Address,
  server: { listen(address: Address): Promise<Address> },
): Promise<Address> {
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
    throw new ListenError(`cannot serve ${what} on ${formatAddress(address)}: ${reason}`, what, error);
  }
}
