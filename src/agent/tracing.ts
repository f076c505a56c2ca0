/** Where an Envoy sends its spans, by what ProxyConfig says under `tracing`. */
import type { Labels } from '../model/labels.ts';

export type Tracing =
  | { readonly kind: 'zipkin'; readonly address: string }
  | { readonly kind: 'datadog'; readonly address: string; readonly service: string };

interface TracingBootstrap {
  readonly tracing: object;
  readonly clusters: readonly object[];
}

const names = { zipkin: 'zipkin', datadog: 'datadog_agent' } as const;
const types = { zipkin: 'ZipkinConfig', datadog: 'DatadogConfig' } as const;

/** The provider, and the cluster of its collector, whose name DNS is asked for. */
export function tracingBootstrap(tracing: Tracing): TracingBootstrap {
  const { kind, address } = tracing;
  const cluster = names[kind];
  return {
    tracing: {
      http: {
        name: `envoy.tracers.${kind}`,
        typed_config: {
          '@type': `type.googleapis.com/envoy.config.trace.v3.${types[kind]}`,
          ...provider(tracing, cluster),
        },
      },
    },
    clusters: [collector(cluster, address)],
  };
}

function provider(tracing: Tracing, cluster: string): object {
  switch (tracing.kind) {
    case 'zipkin':
      return {
        collector_cluster: cluster,
        collector_endpoint: '/api/v2/spans',
        collector_endpoint_version: 'HTTP_JSON',
        trace_id_128bit: true,
        shared_span_context: false,
      };
    case 'datadog':
      return { collector_cluster: cluster, service_name: tracing.service };
  }
}

function collector(name: string, address: string): object {
  const at = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, at).replace(/^\[|\]$/g, ''), Number(address.slice(at + 1))];
  return {
    name,
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    dns_lookup_family: 'ALL',
    dns_refresh_rate: '30s',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
      ],
    },
  };
}

/** Labels of a workload that tell its service in traces. */
export function tracedService(labels: Labels, workload: string, namespace: string): string {
  return `${labels['service.istio.io/canonical-name'] ?? labels.app ?? workload}.${namespace}`;
}
