/** ClusterIr → Cluster. */
import type { ClusterIr, ClusterMetadataIr, DiscoveryIr } from '../../ir/cluster.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
} from '../../proto/envoy/config/cluster/v3/cluster.ts';
import type { Metadata } from '../../proto/envoy/config/core/v3/base.ts';
import { ClusterConfig } from '../../proto/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.ts';
import { CaresDnsResolverConfig } from '../../proto/envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.ts';
import { HttpProtocolOptions } from '../../proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts';
import { dnsCache } from '../dns-cache.ts';
import { loadAssignment } from '../endpoint/endpoint.ts';
import { any, duration, istioMetadata, overAds } from '../values.ts';
import { limits } from './limits.ts';
import { loadBalancing } from './load-balancing.ts';
import { outlierDetection } from './outlier-detection.ts';
import { upstreamHttp } from './upstream-http.ts';
import { transportSocket } from './upstream-tls.ts';

export function cluster(ir: ClusterIr): Cluster {
  const { keepalive } = ir;
  return {
    name: ir.name,
    altStatName: ir.statName,
    connectTimeout: duration(ir.connectTimeoutMs),
    ...discovery(ir.discovery, ir.name),
    ...loadBalancing(ir.loadBalancing),
    ...(ir.limits === undefined ? {} : { circuitBreakers: limits(ir.limits) }),
    ...(ir.outlierDetection === undefined ? {} : { outlierDetection: outlierDetection(ir.outlierDetection) }),
    ...(ir.http === undefined
      ? {}
      : {
          typedExtensionProtocolOptions: {
            [HttpProtocolOptions.$type]: any(HttpProtocolOptions, upstreamHttp(ir.http)),
          },
        }),
    ...(keepalive === undefined
      ? {}
      : {
          upstreamConnectionOptions: {
            tcpKeepalive: {
              ...(keepalive.probes === undefined ? {} : { keepaliveProbes: keepalive.probes }),
              ...(keepalive.timeMs === undefined ? {} : { keepaliveTime: Math.round(keepalive.timeMs / 1000) }),
              ...(keepalive.intervalMs === undefined
                ? {}
                : { keepaliveInterval: Math.round(keepalive.intervalMs / 1000) }),
            },
          },
        }),
    ...(ir.transport === undefined ? {} : { transportSocket: transportSocket(ir.transport) }),
    ...(ir.bindFrom === undefined ? {} : { upstreamBindConfig: bindFrom(ir.bindFrom) }),
    ...(ir.metadata === undefined ? {} : { metadata: metadata(ir.metadata) }),
  };
}

/** Longer than any proxy lives; Envoy's duration cannot say never. */
const never = { seconds: 9223372035 };

function discovery(ir: DiscoveryIr, name: string): Cluster {
  switch (ir.kind) {
    case 'eds':
      return { ...type(Cluster_DiscoveryType.EDS), edsClusterConfig: { edsConfig: overAds, serviceName: name } };
    case 'static':
      return {
        ...type(Cluster_DiscoveryType.STATIC),
        ...(ir.endpoints === undefined ? {} : { loadAssignment: loadAssignment(ir.endpoints) }),
      };
    case 'original-destination':
      return {
        ...type(Cluster_DiscoveryType.ORIGINAL_DST),
        ...(ir.expires === 'never' ? { cleanupInterval: never } : {}),
        ...(ir.port === undefined
          ? {}
          : { lbConfig: { $case: 'originalDstLbConfig', value: { upstreamPortOverride: ir.port } } }),
      };
    case 'strict-dns':
    case 'logical-dns':
      return {
        ...type(ir.kind === 'strict-dns' ? Cluster_DiscoveryType.STRICT_DNS : Cluster_DiscoveryType.LOGICAL_DNS),
        loadAssignment: loadAssignment(ir.endpoints),
        dnsLookupFamily: Cluster_DnsLookupFamily[ir.family],
        dnsRefreshRate: duration(ir.refreshMs),
        // Proxies that start together must not ask together for ever.
        dnsJitter: duration(100),
        respectDnsTtl: true,
        typedDnsResolverConfig: {
          name: 'envoy.network.dns_resolver.cares',
          typedConfig: any(CaresDnsResolverConfig, { udpMaxQueries: 100 }),
        },
      };
    case 'dynamic-forward-proxy':
      return {
        clusterDiscoveryType: {
          $case: 'clusterType',
          value: {
            name: 'envoy.clusters.dynamic_forward_proxy',
            typedConfig: any(ClusterConfig, {
              clusterImplementationSpecifier: { $case: 'dnsCacheConfig', value: dnsCache(ir.cache) },
              allowInsecureClusterOptions: true,
            }),
          },
        },
      };
  }
}

function type(value: Cluster_DiscoveryType): Cluster {
  return { clusterDiscoveryType: { $case: 'type', value } };
}

function bindFrom([address = '', ...more]: readonly string[]): NonNullable<Cluster['upstreamBindConfig']> {
  const socket = (ip: string) => ({ address: ip, portSpecifier: { $case: 'portValue' as const, value: 0 } });
  return {
    sourceAddress: socket(address),
    ...(more.length === 0 ? {} : { extraSourceAddresses: more.map((ip) => ({ address: socket(ip) })) }),
  };
}

function metadata({ services, config, subset, isExternal, keepsAlpn }: ClusterMetadataIr): Metadata {
  return istioMetadata({
    ...(config === undefined ? {} : { config }),
    ...(subset === undefined ? {} : { subset }),
    ...(services === undefined ? {} : { services }),
    ...(isExternal === true ? { external: true } : {}),
    ...(keepsAlpn === true ? { alpn_override: 'false' } : {}),
  });
}
