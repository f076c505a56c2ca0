/** An Envoy's bootstrap: who it is, how it is asked for its state, and where it gets everything else. */
import type { Labels } from '../model/labels.ts';
import { type Limits, overloadManager } from './limits.ts';
import {
  controlPlaneClusters,
  type OwnServing,
  ownClusters,
  ownListeners,
  type SocketAddress,
  socketAddress,
} from './static-resources.ts';
import { type StatsInclusion, statsConfig } from './stats.ts';
import { type Tracing, tracingBootstrap } from './tracing.ts';

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
  /** What the node says as its cluster; the app and its namespace when absent. */
  readonly serviceCluster?: string;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subzone: string };
  /** More metadata for the node, under Istio's names. */
  readonly metadata: { readonly [name: string]: unknown };
  readonly xds: SocketAddress;
  readonly dialect: 'delta' | 'sotw';
  readonly admin: SocketAddress;
  /** Where it is asked how it is; nowhere but at `admin` when absent. */
  readonly serving?: OwnServing;
  /** Which statistics it keeps, under names that Prometheus can tell parts of; Envoy's own ways when absent. */
  readonly stats?: { readonly inclusion?: StatsInclusion };
  readonly limits?: Limits;
  readonly tracing?: Tracing;
  /** Settings that EnvoyFilters and people may look up by name. */
  readonly runtime?: { readonly [key: string]: string | number | boolean };
}

export interface BootstrapNode {
  readonly id: string;
  readonly cluster: string;
  readonly locality?: { readonly region: string; readonly zone: string; readonly sub_zone: string };
  readonly metadata: { readonly [name: string]: unknown };
}

/** The version of the agent's side of the protocol that is spoken, as Istio's proxies report theirs. */
export const istioVersion = '1.30.0';

/** Istio's proxies take regular expressions of this size too (its bootstrap sets the same limit). */
const largestRegex = { 're2.max_program_size.error_level': 32768 };

/** As the agent's own connections wait. Envoy's usual 30 s are long for pods that start, and for endpoints that have gone meanwhile. */
const reconnect = { base_interval: '0.5s', max_interval: '10s' };

/** The bootstrap as JSON in Envoy's form. */
export function bootstrap(options: BootstrapOptions): object {
  const { xds, dialect, admin, serving, stats, limits = {}, tracing, runtime = {} } = options;
  const source = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  const overload = overloadManager(limits);
  const traced = tracing === undefined ? undefined : tracingBootstrap(tracing);
  return {
    node: node(options),
    admin: {
      address: socketAddress(admin),
      access_log: [],
      ...(overload === undefined ? {} : { ignore_global_conn_limit: true }),
    },
    dynamic_resources: {
      ads_config: {
        api_type: dialect === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc', retry_policy: { retry_back_off: reconnect } } }],
      },
      cds_config: source,
      lds_config: source,
    },
    // Without an agent the control plane itself says where secrets lie at the proxy.
    static_resources: {
      ...(serving === undefined ? {} : { listeners: ownListeners(serving) }),
      clusters: [
        ...controlPlaneClusters(xds),
        ...(serving === undefined ? [] : ownClusters(serving, admin)),
        ...(traced?.clusters ?? []),
      ],
    },
    layered_runtime: {
      layers: [
        { name: 'static', static_layer: { ...largestRegex, ...runtime } },
        ...(serving === undefined ? [] : [{ name: 'admin', admin_layer: {} }]),
      ],
    },
    ...(stats === undefined ? {} : { stats_config: statsConfig(stats.inclusion) }),
    ...(overload === undefined ? {} : { overload_manager: overload }),
    ...(traced === undefined ? {} : { tracing: traced.tracing }),
  };
}

/** Who the proxy is, as the control plane is told. */
export function node(options: BootstrapOptions): BootstrapNode {
  const { type, ip, pod, namespace, domainSuffix, cluster, serviceAccount, labels, workload, locality } = options;
  return {
    id: `${type}~${ip}~${pod}.${namespace}~${namespace}.svc.${domainSuffix}`,
    cluster: options.serviceCluster ?? `${labels.app ?? workload}.${namespace}`,
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
  };
}
