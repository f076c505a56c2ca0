/** /debug/syncz: for each proxy and type what was sent and what it has confirmed, in the form that istioctl knows. */
import { clusterType, endpointType, extensionType, listenerType, routeType, type TypeUrl } from '../resource/types.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import type { TypeStatus } from '../xds/type-state.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

const names: readonly (readonly [string, TypeUrl])[] = [
  ['cluster', clusterType],
  ['listener', listenerType],
  ['route', routeType],
  ['endpoint', endpointType],
  ['extensionconfig', extensionType],
];

export function synczPage({ connections }: ConsoleData): Answer {
  return (query) => {
    const namespace = query.get('namespace') ?? '';
    const isMeant = ({ proxy }: ConnectionStatus) => namespace === '' || proxy.namespace === namespace;
    return json(connections().filter(isMeant).map(syncStatus));
  };
}

function syncStatus({ proxy, types, dialect, connectedAtMs }: ConnectionStatus): object {
  const byType = new Map(types.map((status) => [status.typeUrl, status]));
  return {
    cluster_id: proxy.cluster,
    proxy: proxy.name,
    proxy_type: proxy.type,
    proxy_version: proxy.envoyVersion ?? '',
    istio_version: proxy.version,
    connection: proxy.connection,
    dialect,
    connected_at: new Date(connectedAtMs).toISOString(),
    ...Object.fromEntries(
      names.flatMap(([name, type]) => {
        const status = byType.get(type);
        return [
          [`${name}_sent`, status?.sent ?? ''],
          [`${name}_acked`, status?.acked ?? ''],
        ];
      }),
    ),
    resources: Object.fromEntries(types.map((status) => [status.typeUrl, typeStatus(status)])),
  };
}

function typeStatus({ state, subscribed, sent, acked, sentAtMs, lastError }: TypeStatus): object {
  return {
    status: state,
    subscribed,
    sent,
    acked,
    sentTime: sentAtMs === undefined ? null : new Date(sentAtMs).toISOString(),
    lastError: state === 'ERROR' ? (lastError?.message ?? '') : '',
    // Ours: a rejection stays to be seen when a later response has been accepted.
    lastRejection:
      lastError === undefined
        ? null
        : { code: lastError.code, message: lastError.message, nonce: lastError.nonce, time: new Date(lastError.atMs) },
  };
}
