/** What happens to what an application sends to hosts that nobody knows: its Sidecar's word, else the mesh's. */
import type { Config } from '../config/config.ts';
import type { Sidecar } from '../config/sidecar.ts';
import type { ClusterIr } from '../ir/cluster.ts';
import type { RouteIr, VirtualHostIr } from '../ir/route.ts';
import { resolveShortName } from '../model/hostname.ts';
import type { Client, UnclaimedPolicy } from '../model/scope.ts';
import { dnsCacheOf } from './dns.ts';
import { blackHole, byDns, outboundCluster, passthrough } from './names.ts';
import type { MeshSettings } from './settings.ts';

/** A policy that a Sidecar states without a mode refuses, as the API's default value has it. */
export function unclaimedPolicy(settings: MeshSettings, sidecar: Config<Sidecar> | undefined): UnclaimedPolicy {
  const own = sidecar?.spec.outboundTrafficPolicy;
  switch (own === undefined ? settings.outboundTrafficPolicy : (own.mode ?? 'REGISTRY_ONLY')) {
    case 'REGISTRY_ONLY':
      return { cluster: blackHole, requests: 'refuse' };
    case 'ALLOW_ANY_DYNAMIC_DNS':
      return { cluster: passthrough, requests: 'by-dns' };
    case 'ALLOW_ANY':
      return { cluster: egressProxy(sidecar) ?? passthrough, requests: 'forward' };
  }
}

/** The cluster of a Sidecar's egress proxy, which takes the place of passing traffic on. */
function egressProxy(sidecar: Config<Sidecar> | undefined): string | undefined {
  const proxy = sidecar?.spec.outboundTrafficPolicy?.egressProxy;
  if (sidecar === undefined || proxy === undefined) return undefined;
  const { host, subset = '', port } = proxy;
  return outboundCluster(port?.number ?? 0, subset, resolveShortName(host, sidecar.namespace));
}

/** The virtual host for requests to hosts that nobody knows. */
export function otherRequests({ cluster, requests }: UnclaimedPolicy): VirtualHostIr {
  const host = (name: string, action: RouteIr['action']): VirtualHostIr => ({
    name,
    domains: ['*'],
    routes: [{ name, match: { path: { kind: 'prefix', value: '/' } }, action }],
    countsAttempts: true,
    origins: [],
  });
  const forward = (to: string): RouteIr['action'] => ({
    kind: 'forward',
    clusters: [{ name: to, weight: 0 }],
    isWeighted: false,
    timeoutMs: 0,
    limits: 'grpc-timeout',
  });
  switch (requests) {
    case 'refuse':
      return host('block_all', { kind: 'respond', status: 502 });
    case 'by-dns':
      return host('allow_any_dynamic_dns', forward(byDns));
    case 'forward':
      return host('allow_any', forward(cluster));
  }
}

/** Where requests go whose host is asked of DNS. */
export function byDnsCluster(family: Client['family'], { connectTimeoutMs }: MeshSettings): ClusterIr {
  return {
    name: byDns,
    statName: `${byDns};`,
    discovery: { kind: 'dynamic-forward-proxy', cache: dnsCacheOf(family) },
    connectTimeoutMs,
    loadBalancing: { policy: 'CLUSTER_PROVIDED' },
    limits: {},
    http: { version: 'as-downstream', idleTimeoutMs: 300_000 },
    origins: [],
  };
}
