/** What the webhook counts, under Istio's names where it has them. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface WebhookMetrics {
  /** A request has been answered. */
  answered(status: number, ms: number): void;
  /** An object has been judged. */
  judged(outcome: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly isPassed: boolean;
  }): void;
  /** A pod has been asked about. */
  injected(outcome: 'injected' | 'skipped' | 'failed'): void;
  /** The certificate in use expires then, in milliseconds since the epoch. */
  presents(expiresMs: number): void;
}

const seconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 5];

/** Adds the metrics to a registry, where there is a webhook. */
export function addWebhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry];
  const counter = (name: string, help: string, ...labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames, registers });
  const objects = ['group', 'version', 'resource'] as const;
  const passed = counter('galley_validation_passed', 'Objects that the webhook has let pass', ...objects);
  const failed = counter('galley_validation_failed', 'Objects that the webhook has refused', ...objects, 'reason');
  const errors = counter('galley_validation_http_error', 'Requests to the webhook without a verdict', 'status');
  const asked = counter('sidecar_injection_requests_total', 'Pods that the webhook was asked about');
  const injections = {
    injected: counter('sidecar_injection_success_total', 'Pods that got a sidecar'),
    skipped: counter('sidecar_injection_skip_total', 'Pods that are not meant to have one'),
    failed: counter('sidecar_injection_failure_total', 'Pods that were refused, since what they ask for cannot be'),
  };
  const durations = new Histogram({
    name: 'fairway_webhook_duration_seconds',
    help: 'Time to answer a request to the webhook, in seconds',
    buckets: seconds,
    registers,
  });
  const expiry = new Gauge({
    name: 'fairway_webhook_certificate_expiry_timestamp_seconds',
    help: "When the webhook's certificate expires, in seconds since the epoch; 0 while there is none",
    registers,
  });
  return {
    answered(status, ms) {
      durations.observe(ms / 1000);
      if (status !== 200) errors.inc({ status });
    },
    judged({ isPassed, group, version, resource }) {
      if (isPassed) passed.inc({ group, version, resource });
      else failed.inc({ group, version, resource, reason: 'invalid_resource' });
    },
    injected(outcome) {
      asked.inc();
      injections[outcome].inc();
    },
    presents: (expiresMs) => expiry.set(expiresMs / 1000),
  };
}
