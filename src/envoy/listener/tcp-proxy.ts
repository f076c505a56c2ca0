/** TcpProxyIr → the network filters that pass bytes on. */
import type { TcpProxyIr } from '../../ir/listener.ts';
import type { Filter } from '../../proto/envoy/config/listener/v3/listener_components.ts';
import { MongoProxy } from '../../proto/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy.ts';
import { SniCluster } from '../../proto/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.ts';
import { FilterConfig as SniForwardProxy } from '../../proto/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy.ts';
import { TcpProxy } from '../../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { accessLog } from '../access-log.ts';
import { dnsCache } from '../dns-cache.ts';
import { any, duration } from '../values.ts';

export function tcpProxyFilters(ir: TcpProxyIr): Filter[] {
  const { sniffer, forwardSni } = ir;
  return [
    ...(sniffer === undefined ? [] : [filter('mongo_proxy', any(MongoProxy, { statPrefix: sniffer.statPrefix }))]),
    ...(ir.clusterFromSni === true ? [filter('sni_cluster', any(SniCluster, {}))] : []),
    ...(forwardSni === undefined
      ? []
      : [
          filter(
            'sni_dynamic_forward_proxy',
            any(SniForwardProxy, {
              dnsCacheConfig: dnsCache(forwardSni.cache),
              portSpecifier: { $case: 'portValue', value: forwardSni.port },
            }),
          ),
        ]),
    filter('tcp_proxy', any(TcpProxy, tcpProxy(ir))),
  ];
}

function filter(name: string, value: Any): Filter {
  return { name: `envoy.filters.network.${name}`, configType: { $case: 'typedConfig', value } };
}

function tcpProxy(ir: TcpProxyIr): TcpProxy {
  return {
    statPrefix: ir.statPrefix,
    clusterSpecifier: ir.isWeighted
      ? { $case: 'weightedClusters', value: { clusters: ir.clusters.map(({ name, weight }) => ({ name, weight })) } }
      : { $case: 'cluster', value: ir.clusters[0]?.name ?? '' },
    ...(ir.idleTimeoutMs === undefined ? {} : { idleTimeout: duration(ir.idleTimeoutMs) }),
    ...(ir.maxDownstreamConnectionDurationMs === undefined
      ? {}
      : { maxDownstreamConnectionDuration: duration(ir.maxDownstreamConnectionDurationMs) }),
    ...(ir.hashesSourceIp === true ? { hashPolicy: [{ policySpecifier: { $case: 'sourceIp', value: {} } }] } : {}),
    ...(ir.tunnel === undefined
      ? {}
      : { tunnelingConfig: { hostname: ir.tunnel.target, ...(ir.tunnel.usesPost ? { usePost: true } : {}) } }),
    ...(ir.accessLog === undefined ? {} : { accessLog: [accessLog(ir.accessLog)] }),
  };
}
