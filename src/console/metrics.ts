/**
 * Prometheus metrics under Istio's names, so that dashboards and alerts made for Pilot read them as they are. A name of
 * Istio's is there only if what it counts there exists here; docs/http.md lists them.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Inbound } from '../model/inbound.ts';
import { shortType, type TypeUrl } from '../resource/types.ts';
import { addGauges, type GaugeData } from './gauges.ts';
import { addWebhookMetrics, type WebhookMetrics } from './webhook-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** A response has been handed to the transport. */
  sent(type: TypeUrl, bytes: number): void;
  /** The transport has taken a response from us, `ms` after it was handed over. */
  written(type: TypeUrl, ms: number): void;
  /** A proxy has refused a response. */
  rejected(type: TypeUrl): void;
  /** A request came with the nonce of an earlier response. */
  expired(type: TypeUrl): void;
  /** A proxy has confirmed what changed `ms` ago. */
  converged(ms: number): void;
  /** Changes have come into force together. */
  committed(durationMs: number): void;
  /** Objects or rows that a source has reported. */
  inbound(type: Inbound, count: number): void;
  /** A write of a status has ended. */
  statusWritten(result: string): void;
  /** Adds what the webhook counts; for those who have one. */
  withWebhook(): WebhookMetrics;
}

/** Why something is pushed, in Istio's words. */
const triggers: { readonly [type in Inbound]: string } = {
  config: 'config',
  svc: 'service',
  eds: 'endpoint',
  workload: 'proxy',
  namespace: 'namespace',
  secret: 'secret',
  mesh: 'global',
};

const seconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 5, 10, 20, 30];
const bytes = [1, 1e4, 1e6, 4e6, 1e7, 4e7];

export function createMetrics(data: GaugeData, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const refresh = addGauges(registry, data, version);
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: ['type'], registers });
  const histogram = (name: string, help: string, buckets: number[], ...labelNames: readonly string[]) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  const pushes = counter('pilot_xds_pushes', 'Responses sent');
  const sizes = histogram('pilot_xds_config_size_bytes', 'Sizes of responses', bytes, 'type');
  const sending = histogram(
    'pilot_xds_send_time',
    'Until the transport has taken a response, in seconds',
    seconds,
    'type',
  );
  const rejects = counter('pilot_total_xds_rejects', 'Responses that proxies refused');
  const expired = counter('pilot_xds_expired_nonce', 'Requests about a response that is not the last one');
  const convergence = histogram(
    'pilot_proxy_convergence_time',
    'From a change being seen until a proxy has confirmed it, in seconds',
    seconds,
  );
  const commits = histogram(
    'pilot_pushcontext_init_seconds',
    'Time to work out what a batch of changes means, in seconds',
    seconds,
  );
  const inbound = counter('pilot_inbound_updates', 'Changes that sources reported');
  const statusWrites = new Counter({
    name: 'fairway_status_writes_total',
    help: 'Writes of statuses, by how they ended',
    labelNames: ['result'],
    registers,
  });
  const pushTriggers = counter('pilot_push_triggers', 'Batches of changes that came into force, by what was in them');
  const pending = new Set<Inbound>();
  return {
    contentType: registry.contentType,
    text() {
      refresh();
      return registry.metrics();
    },
    sent(type, size) {
      pushes.inc({ type: shortType(type) });
      sizes.observe({ type: shortType(type) }, size);
    },
    written: (type, ms) => sending.observe({ type: shortType(type) }, ms / 1000),
    rejected: (type) => rejects.inc({ type: shortType(type) }),
    expired: (type) => expired.inc({ type: shortType(type) }),
    converged: (ms) => convergence.observe(ms / 1000),
    committed(durationMs) {
      commits.observe(durationMs / 1000);
      for (const type of pending) pushTriggers.inc({ type: triggers[type] });
      pending.clear();
    },
    inbound(type, count) {
      inbound.inc({ type }, count);
      pending.add(type);
    },
    statusWritten: (result) => statusWrites.inc({ result }),
    withWebhook: () => addWebhookMetrics(registry),
  };
}
