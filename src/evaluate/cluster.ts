/** Where a cluster sends a call: its endpoints, the call's own destination, or a host that the call names. */
import {
  type Cluster,
  Cluster_DiscoveryType as Discovery,
  Cluster_LbPolicy as LbPolicy,
} from '../proto/envoy/config/cluster/v3/cluster.ts';
import type { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import { ClusterConfig } from '../proto/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.ts';
import type { SocketAddress } from './call.ts';
import { type Configuration, opened, typeName } from './configuration.ts';
import { endpointShares } from './endpoints.ts';
import { chosen, type Step } from './outcome.ts';
import type { Upstream } from './upstream.ts';

/** What of a call clusters look at. */
export interface Destination {
  readonly original: SocketAddress;
  /** The host that the request or the TLS handshake names. */
  readonly host: string;
  /** The request's header of that lower-case name. */
  readonly header: (name: string) => string | undefined;
}

export interface Resolved {
  readonly upstream: Upstream;
  readonly steps: readonly Step[];
}

export function resolveCluster(configuration: Configuration, name: string, destination: Destination): Resolved {
  const cluster = configuration.clusters.get(name);
  if (cluster === undefined)
    return { upstream: { kind: 'missing' }, steps: [chosen('cluster', undefined, `there is no cluster ${name}`)] };
  const upstream = upstreamOf(configuration, cluster, destination);
  return { upstream, steps: [chosen('cluster', name, describe(upstream)), ...endpointSteps(upstream)] };
}

function upstreamOf(configuration: Configuration, cluster: Cluster, destination: Destination): Upstream {
  const type = cluster.clusterDiscoveryType;
  if (type?.$case === 'clusterType') {
    const custom = opened(configuration.open, ClusterConfig, type.value.typedConfig);
    if (custom !== undefined) return { kind: 'named host', host: destination.host };
    const because = `clusters of the type ${typeName(type.value.typedConfig ?? {})} are not evaluated`;
    return { kind: 'undecided', because };
  }
  switch (type?.value) {
    case Discovery.ORIGINAL_DST:
      return { kind: 'original destination', address: originalDestination(cluster, destination) };
    case Discovery.EDS: {
      const key = cluster.edsClusterConfig?.serviceName || cluster.name || '';
      return fromAssignment('EDS', cluster, configuration.assignments.get(key));
    }
    case Discovery.STRICT_DNS:
      return fromAssignment('STRICT_DNS', cluster, cluster.loadAssignment);
    case Discovery.LOGICAL_DNS:
      return fromAssignment('LOGICAL_DNS', cluster, cluster.loadAssignment);
    default:
      return fromAssignment('STATIC', cluster, cluster.loadAssignment);
  }
}

function fromAssignment(
  discovery: Extract<Upstream, { readonly kind: 'endpoints' }>['discovery'],
  cluster: Cluster,
  assignment: ClusterLoadAssignment = {},
): Upstream {
  const isHashed = cluster.lbPolicy === LbPolicy.RING_HASH || cluster.lbPolicy === LbPolicy.MAGLEV;
  return { kind: 'endpoints', discovery, endpoints: endpointShares(cluster, assignment), isHashed };
}

/** A header may name the destination; a fixed port may replace the call's. */
function originalDestination({ lbConfig }: Cluster, { original, header }: Destination): SocketAddress {
  const options = lbConfig?.$case === 'originalDstLbConfig' ? lbConfig.value : {};
  const named =
    options.useHttpHeader === true ? header(options.httpHeaderName || 'x-envoy-original-dst-host') : undefined;
  const at = named?.lastIndexOf(':') ?? -1;
  const address =
    named === undefined || at < 0 ? original : { ip: named.slice(0, at), port: Number(named.slice(at + 1)) };
  const { upstreamPortOverride: port } = options;
  return port === undefined ? address : { ...address, port };
}

function describe(upstream: Upstream): string {
  switch (upstream.kind) {
    case 'endpoints':
      return `${upstream.discovery} with ${upstream.endpoints.length} endpoints`;
    case 'original destination':
      return `it goes to where the client wanted to go: ${upstream.address.ip} port ${upstream.address.port}`;
    case 'named host':
      return `it goes to the host that the call names: ${upstream.host}`;
    case 'missing':
      return 'there is no such cluster';
    case 'undecided':
      return upstream.because;
  }
}

function endpointSteps(upstream: Upstream): readonly Step[] {
  if (upstream.kind !== 'endpoints') return [];
  const taking = upstream.endpoints.filter(({ percent }) => percent > 0);
  const passedOver = upstream.endpoints
    .filter(({ percent }) => percent === 0)
    .map(({ address, priority, health }) => ({
      name: `${address.ip}:${address.port}`,
      because: health === 'unhealthy' ? 'it is not healthy' : `priority ${priority} is in reserve`,
    }));
  const because = taking.length === 0 ? 'no endpoint takes calls' : `${taking.length} endpoints take calls`;
  return [chosen('endpoints', undefined, because, { passedOver })];
}
