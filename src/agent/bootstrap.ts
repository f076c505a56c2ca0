/** An Envoy's bootstrap: who it is, and where it gets everything else. */
import type { Labels } from '../model/labels.ts';

export interface BootstrapOptions {
  readonly type: 'sidecar' | 'router';
  readonly ip: string;
  readonly pod: string;
  readonly namespace: string;
  readonly domainSuffix: string;
  readonly cluster: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  /** Of the workload that the pod belongs to. */
  readonly workload: string;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subzone: string };
  /** More metadata for the node, under Istio's names. */
  readonly metadata: { readonly [name: string]: unknown };
  readonly xds: { readonly host: string; readonly port: number };
  readonly dialect: 'delta' | 'sotw';
  readonly admin: { readonly host: string; readonly port: number };
}

/** The version of the agent's side of the protocol that is spoken, as Istio's proxies report theirs. */
const istioVersion = '1.30.0';

/** The bootstrap as JSON in Envoy's form. */
export function bootstrap(options: BootstrapOptions): object {
  const { type, ip, pod, namespace, domainSuffix, cluster, serviceAccount, labels, workload, locality } = options;
  const { xds, dialect, admin } = options;
  const source = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  return {
    node: {
      id: `${type}~${ip}~${pod}.${namespace}~${namespace}.svc.${domainSuffix}`,
      cluster: `${labels.app ?? workload}.${namespace}`,
      ...(locality === undefined
        ? {}
        : { locality: { region: locality.region, zone: locality.zone, sub_zone: locality.subzone } }),
      metadata: {
        NAME: pod,
        NAMESPACE: namespace,
        CLUSTER_ID: cluster,
        SERVICE_ACCOUNT: serviceAccount,
        LABELS: labels,
        INSTANCE_IPS: ip,
        WORKLOAD_NAME: workload,
        ISTIO_VERSION: istioVersion,
        ...options.metadata,
      },
    },
    admin: { address: socketAddress(admin.host, admin.port), access_log: [] },
    dynamic_resources: {
      ads_config: {
        api_type: dialect === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
      cds_config: source,
      lds_config: source,
    },
    // Without an agent the control plane itself says where secrets lie at the proxy.
    static_resources: { clusters: [grpcCluster('xds-grpc', xds), grpcCluster('sds-grpc', xds)] },
    // Istio's proxies take regular expressions of this size too (its bootstrap sets the same limit).
    layered_runtime: { layers: [{ name: 'static', static_layer: { 're2.max_program_size.error_level': 32768 } }] },
  };
}

function grpcCluster(name: string, { host, port }: BootstrapOptions['xds']): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
        },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(host, port) } }] }],
    },
  };
}

function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}
