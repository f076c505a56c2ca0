/** From an Envoy's node message to a Proxy row. The form of ids and the names of metadata are Istio's. */
import { itemsIn } from '../lib/comma-list.ts';
import { isTrue } from '../lib/is-true.ts';
import { isRecord } from '../lib/schema.ts';
import { textsIn } from '../lib/texts.ts';
import { wholeNumber } from '../lib/whole-number.ts';
import { gatewayTopology } from '../model/gateway-topology.ts';
import type { Proxy } from '../model/proxy.ts';
import type { NodeMessage } from './request.ts';

/** A node that cannot be served; the message says what was expected. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
}

/** `sidecar~10.0.0.1~pod.namespace~namespace.svc.cluster.local` */
export function toProxy(node: NodeMessage, connectionNumber: number): Proxy {
  const parts = node.id.split('~');
  const [type, ip = '', name = '', domain = ''] = parts;
  if (parts.length !== 4)
    throw new NodeError(
      `expected a node id of the form type~ip~name.namespace~domain, found ${JSON.stringify(node.id)}`,
    );
  if (type !== 'sidecar' && type !== 'router')
    throw new NodeError(`expected a node id that starts with sidecar or router, found ${JSON.stringify(type)}`);
  const { metadata } = node;
  const text = (key: string) => (typeof metadata[key] === 'string' ? metadata[key] : '');
  const namespace =
    text('NAMESPACE') ||
    (name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : '') ||
    domain.split('.')[0] ||
    'default';
  const instanceIps = itemsIn(text('INSTANCE_IPS'));
  const networkView = [...itemsIn(text('REQUESTED_NETWORK_VIEW'))].sort();
  const proxyConfig = metadata.PROXY_CONFIG;
  const interception = text('INTERCEPTION_MODE');
  const httpProxyPort = portOf(metadata.HTTP_PROXY_PORT);
  const podPorts = podPortsIn(metadata.POD_PORTS);
  const reserved = [metadata.ENVOY_STATUS_PORT, metadata.ENVOY_PROMETHEUS_PORT].map(portOf);
  return {
    connection: `${name}-${connectionNumber}`,
    nodeId: node.id,
    type,
    name,
    namespace,
    domain,
    addresses: instanceIps.length > 0 ? instanceIps : ip === '' ? [] : [ip],
    labels: textsIn(metadata.LABELS),
    ...(podPorts === undefined ? {} : { podPorts }),
    locality: node.locality,
    network: text('NETWORK'),
    ...(networkView.length === 0 ? {} : { networkView }),
    cluster: text('CLUSTER_ID') || 'Kubernetes',
    nodeName: text('NODE_NAME'),
    serviceAccount: text('SERVICE_ACCOUNT'),
    meshId: text('MESH_ID'),
    version: text('ISTIO_VERSION'),
    ...(node.userAgentVersion === undefined ? {} : { envoyVersion: node.userAgentVersion }),
    metadata: textsIn(metadata),
    interception: interception === 'TPROXY' || interception === 'NONE' ? interception : 'REDIRECT',
    ...(httpProxyPort === undefined ? {} : { httpProxyPort }),
    reservedPorts: reserved.filter((port) => port !== undefined),
    isUnprivileged: isTrue(metadata.UNPRIVILEGED_POD),
    speaksHttp10: isTrue(metadata.HTTP10),
    capturesDns: isTrue(metadata.DNS_CAPTURE),
    ...(text('LOOPBACK_ADDRESS') === '' ? {} : { loopback: text('LOOPBACK_ADDRESS') }),
    application: text('APPLICATION_ADDRESS') || '127.0.0.1',
    ...(isRecord(proxyConfig) && isRecord(proxyConfig.readinessProbe) ? { isProbed: true } : {}),
    // A configuration of its own stands for the mesh's as a whole.
    ...(isRecord(proxyConfig) ? { gateway: gatewayTopology(proxyConfig.gatewayTopology) } : {}),
  };
}

/** What is no port says nothing, so that no node can state what Envoy would refuse. */
function portOf(value: unknown): number | undefined {
  return wholeNumber(value, 65_535);
}

/** The container ports that have names, out of a list of them in JSON; undefined when there are none. */
function podPortsIn(text: unknown): { readonly [name: string]: number } | undefined {
  const found: { [name: string]: number } = {};
  for (const entry of listIn(text)) {
    if (!isRecord(entry)) continue;
    const port = portOf(entry.containerPort);
    if (typeof entry.name === 'string' && entry.name !== '' && port !== undefined) found[entry.name] = port;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function listIn(text: unknown): readonly unknown[] {
  if (typeof text !== 'string') return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
