/** /debug/connections: who is connected, in the form of Istio's adsz. */

import type { Reply } from '../lib/http.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json, text } from './http-server.ts';

export function connectionsPage({ connections }: ConsoleData): Answer {
  return () => {
    const clients = connections().map(({ proxy, peer, connectedAtMs, types }) => ({
      connectionId: proxy.connection,
      connectedAt: new Date(connectedAtMs).toISOString(),
      address: peer,
      labels: proxy.labels,
      locality: proxy.locality,
      metadata: {
        CLUSTER_ID: proxy.cluster,
        ISTIO_VERSION: proxy.version,
        NAMESPACE: proxy.namespace,
        NETWORK: proxy.network,
        NODE_NAME: proxy.nodeName,
        SERVICE_ACCOUNT: proxy.serviceAccount,
        INTERCEPTION_MODE: proxy.interception,
      },
      watches: Object.fromEntries(types.map(({ typeUrl, subscribed }) => [typeUrl, subscribed])),
    }));
    return json({ totalClients: clients.length, clients });
  };
}

/** What istioctl knows as: ask another control plane. */
export const notConnected = 'Proxy not connected to this Pilot instance. It may be connected to another instance.';

/** Those whose connection, proxy or node is named. */
export function named(
  connections: readonly ConnectionStatus[],
  names: ReadonlySet<string>,
): readonly ConnectionStatus[] {
  return connections.filter(({ proxy }) =>
    [proxy.connection, proxy.name, proxy.nodeId].some((name) => names.has(name)),
  );
}

/** The connection that `?proxyID=` means: a connection, a proxy, or a part of either name; else what to answer. */
export function findConnection(connections: readonly ConnectionStatus[], id: string): ConnectionStatus | Reply {
  const names = connections.map(({ proxy }) => proxy.connection).join('\n');
  if (id === '') return text(`expected ?proxyID= with one of:\n${names}\n`, 400);
  return (
    named(connections, new Set([id])).at(-1) ??
    connections.findLast(({ proxy }) => proxy.connection.includes(id)) ??
    text(`${notConnected}\nConnected are:\n${names}\n`, 404)
  );
}
