/** Prometheus metrics under Istio's names, so that dashboards and alerts made for Pilot read them as they are. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { shortType, type TypeUrl } from '../resource/types.ts';

/** What the gauges show, asked for at each scrape. */
export interface MetricsData {
  /** Connected proxies. */
  readonly proxies: () => number;
  readonly services: () => number;
  readonly virtualServices: () => number;
  /** Objects that are refused, by kind. */
  readonly refusedObjects: () => ReadonlyMap<string, number>;
  /** Proxies that have rejected the last response of a type. */
  readonly rejections: () => readonly { readonly proxy: string; readonly type: TypeUrl; readonly message: string }[];
  /** Live cells of the engine. */
  readonly cells: () => number;
}

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** A response has been handed to the transport. */
  sent(type: TypeUrl, bytes: number): void;
  /** A proxy has refused a response. */
  rejected(type: TypeUrl): void;
  /** A request came with the nonce of an earlier response. */
  expired(type: TypeUrl): void;
  /** A proxy has confirmed what changed `ms` ago. */
  converged(ms: number): void;
  committed(durationMs: number): void;
  /** Objects or rows that a source has reported. */
  inbound(type: 'config' | 'svc' | 'eds', count: number): void;
}

/** Types that Istio has a gauge of rejections for. */
const rejectable = ['cds', 'eds', 'lds', 'rds'] as const;

const seconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 5, 10, 20, 30];

export function createMetrics(data: MetricsData, version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, collect: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(collect());
      },
    });
  new Gauge({ name: 'pilot_info', help: 'The version that runs', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  new Gauge({
    name: 'pilot_xds',
    help: 'Connected proxies',
    labelNames: ['version'],
    registers,
    collect() {
      this.set({ version }, data.proxies());
    },
  });
  gauge('pilot_services', 'Services known', data.services);
  gauge('pilot_virt_services', 'VirtualServices known', data.virtualServices);
  gauge('fairway_cells', 'Live cells of the incremental engine', data.cells);
  new Gauge({
    name: 'pilot_total_rejected_configs',
    help: 'Objects with errors, whose last good version (if any) stays in force',
    labelNames: ['type'],
    registers,
    collect() {
      this.reset();
      for (const [type, count] of data.refusedObjects()) this.set({ type }, count);
    },
  });
  for (const short of rejectable)
    new Gauge({
      name: `pilot_xds_${short}_reject`,
      help: `Proxies that rejected their last ${short.toUpperCase()} response`,
      labelNames: ['node', 'err'],
      registers,
      collect() {
        this.reset();
        for (const { proxy, type, message } of data.rejections())
          if (shortType(type) === short) this.set({ node: proxy, err: message.slice(0, 120) }, 1);
      },
    });
  const pushes = new Counter({
    name: 'pilot_xds_pushes',
    help: 'Responses sent',
    labelNames: ['type'],
    registers,
  });
  const sizes = new Histogram({
    name: 'pilot_xds_config_size_bytes',
    help: 'Sizes of responses',
    labelNames: ['type'],
    buckets: [1, 1e4, 1e6, 4e6, 1e7, 4e7],
    registers,
  });
  const rejects = new Counter({
    name: 'pilot_total_xds_rejects',
    help: 'Responses that proxies refused',
    labelNames: ['type'],
    registers,
  });
  const expired = new Counter({
    name: 'pilot_xds_expired_nonce',
    help: 'Requests about a response that is not the last one',
    labelNames: ['type'],
    registers,
  });
  const convergence = new Histogram({
    name: 'pilot_proxy_convergence_time',
    help: 'From a change being seen until a proxy has confirmed it, in seconds',
    buckets: seconds,
    registers,
  });
  const commits = new Histogram({
    name: 'pilot_pushcontext_init_seconds',
    help: 'Time to work out what a batch of changes means, in seconds',
    buckets: seconds,
    registers,
  });
  const inbound = new Counter({
    name: 'pilot_inbound_updates',
    help: 'Changes that sources reported',
    labelNames: ['type'],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    sent(type, bytes) {
      const labels = { type: shortType(type) };
      pushes.inc(labels);
      sizes.observe(labels, bytes);
    },
    rejected: (type) => rejects.inc({ type: shortType(type) }),
    expired: (type) => expired.inc({ type: shortType(type) }),
    converged: (ms) => convergence.observe(ms / 1000),
    committed: (durationMs) => commits.observe(durationMs / 1000),
    inbound: (type, count) => inbound.inc({ type }, count),
  };
}
