/** For each proxy and type what was sent and what it has confirmed, in the forms of /debug/syncz and of its xDS twin. */
import type { AnyJson } from '../resource/json.ts';
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

/** The envoy.service.status.v3.ClientConfig of a proxy in the JSON form of protobuf. */
export function clientConfig({ proxy, types }: ConnectionStatus): AnyJson {
  return {
    '@type': 'type.googleapis.com/envoy.service.status.v3.ClientConfig',
    node: {
      id: proxy.name,
      metadata: { CLUSTER_ID: proxy.cluster, NAMESPACE: proxy.namespace, ISTIO_VERSION: proxy.version },
    },
    genericXdsConfigs: types.map(({ typeUrl, state, sentAtMs, lastError }) => ({
      typeUrl,
      configStatus: state,
      ...(sentAtMs === undefined ? {} : { lastUpdated: new Date(sentAtMs).toISOString() }),
      ...(state === 'ERROR' && lastError !== undefined
        ? { errorState: { lastUpdateAttempt: new Date(lastError.atMs).toISOString(), details: lastError.message } }
        : {}),
    })),
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
