/** Where a sidecar sends what others send to its workload. */
import type { ClusterIr, ClusterMetadataIr, DiscoveryIr } from '../ir/cluster.ts';
import { passedOn } from '../model/passed-on.ts';
import type { InboundContext, InboundPort } from './inbound-port.ts';
import { blackHole, inboundCluster, inboundPassthrough, passthrough, statName, telemetryName } from './names.ts';
import { keepaliveOf, type MeshSettings } from './settings.ts';
import { limitsOf, upstreamHttpOf, withMeshDefaults } from './upstream.ts';

export function inboundClusters(ports: readonly InboundPort[], context: InboundContext): readonly ClusterIr[] {
  return ports.map((port) => toCluster(port, context));
}

function toCluster(inbound: InboundPort, context: InboundContext): ClusterIr {
  const { targetPort, service, port, connectionPool } = inbound;
  const { settings, capture } = context;
  const name = inboundCluster(targetPort);
  const discovery = discoveryOf(name, inbound, context);
  const isLocal = discovery.kind === 'static';
  const staysHome = isLocal && inbound.endpoint?.isLoopback !== false;
  const http = upstreamHttpOf(port.protocol, connectionPool, undefined, false);
  const keepalive = connectionPool?.tcp?.tcpKeepalive;
  return {
    name,
    statName: statName(settings.inboundStatName, name, service, port, ''),
    discovery,
    connectTimeoutMs: connectionPool?.tcp?.connectTimeout ?? settings.connectTimeoutMs,
    loadBalancing: { policy: isLocal ? 'default' : 'CLUSTER_PROVIDED', isExplicit: true },
    limits: limitsOf(connectionPool === undefined ? {} : { connectionPool }),
    ...(http === undefined ? {} : { http }),
    ...(keepalive === undefined ? {} : { keepalive: keepaliveOf(keepalive) }),
    ...(capture.interception === 'NONE' || staysHome ? {} : { bindFrom: sourceAddresses(context) }),
    ...(inbound.services.length === 0 ? {} : { metadata: metadataOf(inbound) }),
    origins: inbound.origins,
  };
}

function metadataOf({ config, services }: InboundPort): ClusterMetadataIr {
  return {
    ...(config === undefined ? {} : { config }),
    services: services.map((one) => ({ host: one.hostname, name: telemetryName(one), namespace: one.namespace })),
  };
}

function discoveryOf(
  cluster: string,
  { targetPort, endpoint: stated }: InboundPort,
  { settings, capture, serving }: InboundContext,
): DiscoveryIr {
  const passes = capture.interception !== 'NONE' && settings.inboundTrafficPolicy === 'PASSTHROUGH';
  if (stated === undefined && passes) return { kind: 'original-destination', expires: 'never' };
  const { address, port } = stated ?? { address: serving.application, port: targetPort };
  const endpoint = { address, port, weight: 0, health: 'unknown' as const, workload: '' };
  return {
    kind: 'static',
    endpoints: {
      cluster,
      localities: [{ priority: 0, weight: 0, endpoints: [endpoint] }],
      origins: [],
    },
  };
}

function sourceAddresses({ serving }: InboundContext): readonly string[] {
  return serving.families.map((family) => passedOn[family]);
}

/** Where connections end that must not go on. */
export function blackHoleCluster({ connectTimeoutMs }: MeshSettings): ClusterIr {
  return {
    name: blackHole,
    statName: `${blackHole};`,
    discovery: { kind: 'static' },
    connectTimeoutMs,
    loadBalancing: { policy: 'default' },
    origins: [],
  };
}

/** Takes connections of the application to where they were meant to go. */
export function passthroughCluster(settings: MeshSettings): ClusterIr {
  return {
    name: passthrough,
    statName: `${passthrough};`,
    discovery: { kind: 'original-destination', expires: 'default' },
    connectTimeoutMs: settings.connectTimeoutMs,
    loadBalancing: { policy: 'CLUSTER_PROVIDED' },
    limits: limitsOf(withMeshDefaults({}, settings)),
    http: { version: 'as-downstream', idleTimeoutMs: 300_000 },
    ...(settings.keepalive === undefined ? {} : { keepalive: settings.keepalive }),
    origins: [],
  };
}

/** Takes connections to the workload at ports that no service names. */
export function inboundPassthroughCluster(context: InboundContext): ClusterIr {
  return {
    ...passthroughCluster(context.settings),
    name: inboundPassthrough,
    statName: `${inboundPassthrough};`,
    bindFrom: sourceAddresses(context),
  };
}
