import type { DnsCacheIr } from '../ir/cluster.ts';
import { Cluster_DnsLookupFamily } from '../proto/envoy/config/cluster/v3/cluster.ts';
import type { DnsCacheConfig } from '../proto/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache.ts';

/** The cache that a dynamic forward proxy's cluster and filter share; both must describe it alike. */
export function dnsCache({ name, family }: DnsCacheIr): DnsCacheConfig {
  return { name, dnsLookupFamily: Cluster_DnsLookupFamily[family], maxHosts: 1024 };
}
