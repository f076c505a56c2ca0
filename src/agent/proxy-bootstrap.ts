/** From what a pod and its ProxyConfig say to the bootstrap of its Envoy, and to the arguments that it is started with. */
import { readAddress } from '../lib/address.ts';
import type { Labels } from '../model/labels.ts';
import { amountOf } from '../model/quantity.ts';
import type { BootstrapOptions } from './bootstrap.ts';
import { type Pod, PodError } from './pod.ts';
import { usualPorts } from './ports.ts';
import { type ProxyConfig, ProxyConfigError } from './proxy-config.ts';
import type { SocketAddress } from './static-resources.ts';
import { type Tracing, tracedService } from './tracing.ts';

/** How Envoy is started. */
export interface EnvoySettings {
  readonly config: ProxyConfig;
  /** Threads; 0 for one by core. */
  readonly concurrency: number;
  readonly logLevel?: string;
  /** Levels of single parts of Envoy; fields that newer Envoys call deprecated are what the older ones of a mesh need. */
  readonly componentLogLevel?: string;
}

export interface ProxySettings {
  readonly type: 'sidecar' | 'router';
  readonly pod: Pod;
  readonly config: ProxyConfig;
  readonly xds: SocketAddress;
  readonly dialect: 'delta' | 'sotw';
  readonly domainSuffix: string;
  /** Who answers probes and Prometheus for the whole pod; nobody where Envoy runs without an agent. */
  readonly agent?: SocketAddress;
  /** How many bytes the proxy may use. */
  readonly memoryBytes?: number;
}

/** What Istio's charts write as `serviceCluster` where nobody has stated one. */
const noCluster = 'istio-proxy';

const statsAnnotation = (part: string) => `sidecar.istio.io/statsInclusion${part}`;

/** Throws PodError, or ProxyConfigError. */
export function proxyBootstrap(settings: ProxySettings): BootstrapOptions {
  const { type, pod, config, xds, dialect, domainSuffix, agent, memoryBytes } = settings;
  const [ip] = pod.ips;
  const ports = {
    admin: config.proxyAdminPort ?? usualPorts.admin,
    status: portOf(pod, 'ENVOY_STATUS_PORT', 'status'),
    prometheus: portOf(pod, 'ENVOY_PROMETHEUS_PORT', 'prometheus'),
    ...(agent === undefined ? {} : { agent: agent.port }),
  };
  assertDistinct(ports);
  const inclusion = statsInclusion(pod.annotations, config);
  const tracing = tracingOf(pod, config);
  return {
    type,
    ip,
    pod: pod.name,
    namespace: pod.namespace,
    domainSuffix,
    cluster: pod.cluster,
    serviceAccount: pod.serviceAccount,
    labels: pod.labels,
    workload: pod.workload,
    ...(config.serviceCluster === undefined || config.serviceCluster === noCluster
      ? {}
      : { serviceCluster: config.serviceCluster }),
    ...(pod.locality === undefined ? {} : { locality: pod.locality }),
    metadata: {
      INSTANCE_IPS: pod.ips.join(','),
      ...(config.interceptionMode === undefined ? {} : { INTERCEPTION_MODE: config.interceptionMode }),
      ENVOY_STATUS_PORT: ports.status,
      ENVOY_PROMETHEUS_PORT: ports.prometheus,
      PROXY_CONFIG: config.stated ?? {},
      ...pod.metadata,
    },
    xds,
    dialect,
    admin: { host: '127.0.0.1', port: ports.admin },
    serving: {
      statusPort: ports.status,
      prometheusPort: ports.prometheus,
      bind: pod.ips.some((one) => one.includes(':')) ? '::' : '0.0.0.0',
      ...(agent === undefined ? {} : { agent }),
    },
    stats: inclusion === undefined ? {} : { inclusion },
    limits: {
      downstreamConnections: connectionLimit(config),
      ...(memoryBytes === undefined ? {} : { heapBytes: memoryBytes }),
    },
    ...(tracing === undefined ? {} : { tracing }),
    ...(config.runtimeValues === undefined ? {} : { runtime: config.runtimeValues }),
  };
}

/** Threads where neither a ProxyConfig nor a limit of CPUs says how many. */
const usualConcurrency = 2;

/**
 * Threads of Envoy, 0 for one by core: what the ProxyConfig says, else as many as the container may use CPUs, by what Istio's
 * injection calls ISTIO_CPU_LIMIT. Throws PodError.
 */
export function concurrencyOf({ concurrency }: ProxyConfig, { ISTIO_CPU_LIMIT: limit }: NodeJS.ProcessEnv): number {
  if (concurrency !== undefined) return concurrency;
  if (limit === undefined || limit === '') return usualConcurrency;
  const cpus = /^\d+(\.\d+)?m?$/.test(limit) ? amountOf(limit) : undefined;
  if (cpus === undefined)
    throw new PodError(`expected ISTIO_CPU_LIMIT to be CPUs such as 2 or 1500m, found ${JSON.stringify(limit)}`);
  return Math.ceil(cpus) || usualConcurrency;
}

/** How xDS is spoken: as Istio's ISTIO_DELTA_XDS says, which is true by default. Throws PodError. */
export function dialectOf({ ISTIO_DELTA_XDS: isDelta = '' }: NodeJS.ProcessEnv): ProxySettings['dialect'] {
  if (/^(true|t|1|)$/i.test(isDelta)) return 'delta';
  if (/^(false|f|0)$/i.test(isDelta)) return 'sotw';
  throw new PodError(`expected ISTIO_DELTA_XDS to be true or false, found ${JSON.stringify(isDelta)}`);
}

/** The arguments of Envoy that a bootstrap cannot state. */
export function envoyArguments(bootstrapFile: string, settings: EnvoySettings): readonly string[] {
  const { concurrency, logLevel = 'warning', componentLogLevel = 'misc:error' } = settings;
  const { drainDuration = 45_000 } = settings.config;
  const drainS = Math.max(1, Math.ceil(drainDuration / 1000));
  return [
    '--config-path',
    bootstrapFile,
    '--disable-hot-restart',
    '--drain-time-s',
    String(drainS),
    '--drain-strategy',
    'immediate',
    '--log-level',
    logLevel,
    '--component-log-level',
    componentLogLevel,
    // For 0 Envoy would take one; without it, as many as there are cores, or as its cgroup allows.
    ...(concurrency === 0 ? [] : ['--concurrency', String(concurrency)]),
  ];
}

function portOf({ metadata }: Pod, name: string, usual: 'status' | 'prometheus'): number {
  const stated = metadata[name];
  if (stated === undefined) return usualPorts[usual];
  const port = Number(stated);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new PodError(`expected ISTIO_META_${name} to be a port from 1 to 65535, found ${JSON.stringify(stated)}`);
}

/** Whoever of a pod comes second to a port would be started again and again. */
function assertDistinct(ports: { readonly [of: string]: number }): void {
  const owners = new Map<number, string>();
  for (const [of, port] of Object.entries(ports)) {
    const other = owners.get(port);
    if (other !== undefined)
      throw new PodError(`expected another port for ${of} than for ${other}, found ${port} for both`);
    owners.set(port, of);
  }
}

/** What the annotations of the pod say, else what its ProxyConfig says; undefined when all statistics are wanted. */
function statsInclusion(annotations: Labels, { proxyStatsMatcher }: ProxyConfig) {
  const list = (part: string) => annotations[statsAnnotation(part)]?.split(',').map((one) => one.trim());
  const prefixes = list('Prefixes') ?? proxyStatsMatcher?.inclusionPrefixes;
  const suffixes = list('Suffixes') ?? proxyStatsMatcher?.inclusionSuffixes;
  const regexps = list('Regexps') ?? proxyStatsMatcher?.inclusionRegexps;
  if (prefixes === undefined && suffixes === undefined && regexps === undefined) return undefined;
  return {
    ...(prefixes === undefined ? {} : { prefixes }),
    ...(suffixes === undefined ? {} : { suffixes }),
    ...(regexps === undefined ? {} : { regexps }),
  };
}

function tracingOf({ labels, workload, namespace }: Pod, { tracing }: ProxyConfig): Tracing | undefined {
  const zipkin = collectorOf(tracing, 'zipkin');
  if (zipkin !== undefined) return { kind: 'zipkin', address: zipkin };
  const datadog = collectorOf(tracing, 'datadog');
  if (datadog === undefined) return undefined;
  return { kind: 'datadog', address: datadog, service: tracedService(labels, workload, namespace) };
}

function collectorOf(tracing: ProxyConfig['tracing'], kind: Tracing['kind']): string | undefined {
  const address = tracing?.[kind]?.address;
  if (address === undefined || readAddress(address)?.host) return address;
  throw new ProxyConfigError(`tracing.${kind}.address: expected host:port, found ${JSON.stringify(address)}`);
}

/** Istio's name of the setting is a runtime value, which Envoy reads as a limit no longer. Without one Envoy would warn. */
function connectionLimit({ runtimeValues = {} }: ProxyConfig): number {
  const limit = Number(runtimeValues['overload.global_downstream_max_connections']);
  return Number.isInteger(limit) && limit > 0 ? limit : 2 ** 31 - 1;
}
