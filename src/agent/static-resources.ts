/**
 * What an Envoy has before anybody tells it anything: the way to the control plane, and where it is asked how it is.
 *
 *      :15021 /healthz/ready    ─► the agent, which asks Envoy and the application; without an agent Envoy itself
 *      :15090 /stats/prometheus ─► Envoy's own statistics
 */
import { isIP } from 'node:net';

export interface SocketAddress {
  /** An IP address; for the control plane a DNS name too. */
  readonly host: string;
  readonly port: number;
}

export interface OwnServing {
  /** Where kubelets ask whether the proxy is ready: 15021 unless somebody says otherwise. */
  readonly statusPort: number;
  /** Where Prometheus asks for Envoy's own statistics: 15090. */
  readonly prometheusPort: number;
  /** `0.0.0.0`, or `::` where there is IPv6. */
  readonly bind: string;
  /** Who answers for the whole pod; Envoy answers for itself where nobody does. */
  readonly agent?: SocketAddress;
}

/**
 * Envoy's statistics for Prometheus, without those that nothing has happened to since its start: of 1,000 services they are 19 of 20 MB.
 */
export const usedStats = '/stats/prometheus?usedonly';

/** Clusters that the configuration of the control plane refers to by these names. */
export function controlPlaneClusters(xds: SocketAddress): readonly object[] {
  return ['xds-grpc', 'sds-grpc'].map((name) => ({
    ...cluster(name, xds),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
        },
      },
    },
  }));
}

export function ownClusters({ agent }: OwnServing, admin: SocketAddress): readonly object[] {
  return [cluster('prometheus_stats', admin), cluster('agent', agent ?? admin)];
}

export function ownListeners({ statusPort, prometheusPort, bind, agent }: OwnServing): readonly object[] {
  const ready = { cluster: 'agent', ...(agent === undefined ? { prefix_rewrite: '/ready' } : {}) };
  const stats = { cluster: 'prometheus_stats', prefix_rewrite: usedStats };
  // Whoever says what is wanted gets all that fits.
  const filter = [{ name: 'filter', present_match: true }];
  const chosen = {
    match: { path: '/stats/prometheus', query_parameters: filter },
    route: { cluster: 'prometheus_stats' },
  };
  return [
    listener(`${bind}:${statusPort}`, bind, statusPort, route('/healthz/ready', ready)),
    listener(`${bind}:${prometheusPort}`, bind, prometheusPort, chosen, route('/stats/prometheus', stats)),
  ];
}

/** One path alone: whatever else the target answers is not for others. */
function route(path: string, to: object): object {
  return { match: { path }, route: to };
}

function listener(name: string, address: string, port: number, ...routes: readonly object[]): object {
  return {
    name,
    address: socketAddress({ host: address, port }),
    // Nobody asks so often that more threads than one had to listen.
    enable_reuse_port: false,
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              codec_type: 'AUTO',
              stat_prefix: port === 0 ? 'own' : `own_${port}`,
              route_config: { virtual_hosts: [{ name: 'backend', domains: ['*'], routes }] },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

function cluster(name: string, address: SocketAddress): object {
  return {
    name,
    ...(isIP(address.host) === 0 ? { type: 'STRICT_DNS', dns_lookup_family: 'ALL' } : { type: 'STATIC' }),
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }],
    },
  };
}

export function socketAddress({ host, port }: SocketAddress): object {
  // What is bound to all of IPv6 is to take IPv4 too: of a pod with both, kubelets ask at either.
  const both = host === '::' ? { ipv4_compat: true } : {};
  return { socket_address: { address: host, port_value: port, ...both } };
}
