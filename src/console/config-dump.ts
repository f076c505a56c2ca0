/** /debug/config_dump?proxyID=: what a proxy is to hold, in the form of Envoy's own config dump. */
import { type AnyJson, type Json, resourceJson } from '../resource/json.ts';
import type { Resource } from '../resource/resource.ts';
import {
  clusterType,
  endpointType,
  extensionType,
  listenerType,
  pushOrder,
  routeType,
  secretType,
  shortType,
  type TypeUrl,
} from '../resource/types.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import { findConnection } from './connections.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json, text } from './http-server.ts';

const admin = 'type.googleapis.com/envoy.admin.v3.';

/** `?types=`: only these, by short name or type URL, each with the resources of it; `&include_eds`: endpoints too. */
export function configDumpPage(data: ConsoleData): Answer {
  return (query) => {
    const found = findConnection(data.connections(), query.get('proxyID') ?? '');
    if ('status' in found) return found;
    const asked = (query.get('types') ?? '').split(',').filter((type) => type !== '');
    if (asked.length === 0)
      return json({ configs: configDump(found, data, query.has('include_eds') ? 'with endpoints' : 'as Envoy does') });
    const types = asked.map((type) => [type, pushOrder.find((known) => isMeant(type, known))] as const);
    const [unknown] = types.find(([, known]) => known === undefined) ?? [];
    return unknown === undefined
      ? json(Object.fromEntries(types.map(([, type = '']) => [type, resourcesOf(type, found, data)])))
      : text(`expected ?types= with some of ${pushOrder.map(shortType).join(', ')}, found ${unknown}\n`, 400);
  };
}

function isMeant(asked: string, type: TypeUrl): boolean {
  return asked === type || asked.toLowerCase() === shortType(type);
}

function resourcesOf(type: TypeUrl, { scope }: ConnectionStatus, data: ConsoleData): readonly object[] {
  return data.resources(type, scope).map((resource) => ({
    name: resource.name,
    version: resource.version,
    resource: resourceJson(resource),
  }));
}

/**
 * What a proxy is to hold: the parts of an envoy.admin.v3.ConfigDump. Envoy's own leaves endpoints out unless it is asked for them.
 */
export function configDump(
  connection: ConnectionStatus,
  data: ConsoleData,
  parts: 'as Envoy does' | 'with endpoints',
): readonly AnyJson[] {
  const version = (type: TypeUrl) => connection.types.find(({ typeUrl }) => typeUrl === type)?.sent ?? '';
  const list = (type: TypeUrl, wrap: (json: Json, resource: Resource) => Json) =>
    data.resources(type, connection.scope).map((resource) => wrap(resourceJson(resource), resource));
  return [
    {
      '@type': `${admin}ClustersConfigDump`,
      versionInfo: version(clusterType),
      dynamicActiveClusters: list(clusterType, (cluster, resource) => ({
        versionInfo: resource.version,
        cluster,
      })),
    },
    {
      '@type': `${admin}ListenersConfigDump`,
      versionInfo: version(listenerType),
      dynamicListeners: list(listenerType, (listener, resource) => ({
        name: resource.name,
        activeState: { versionInfo: resource.version, listener },
      })),
    },
    {
      '@type': `${admin}RoutesConfigDump`,
      dynamicRouteConfigs: list(routeType, (routeConfig, resource) => ({
        versionInfo: resource.version,
        routeConfig: routeConfig,
      })),
    },
    {
      '@type': `${admin}SecretsConfigDump`,
      dynamicActiveSecrets: list(secretType, (secret, resource) => ({
        name: resource.name,
        versionInfo: resource.version,
        secret,
      })),
    },
    {
      '@type': `${admin}EcdsConfigDump`,
      ecdsFilters: list(extensionType, (ecdsFilter, resource) => ({ versionInfo: resource.version, ecdsFilter })),
    },
    ...(parts === 'with endpoints'
      ? [
          {
            '@type': `${admin}EndpointsConfigDump`,
            dynamicEndpointConfigs: list(endpointType, (endpointConfig, resource) => ({
              versionInfo: resource.version,
              endpointConfig: endpointConfig,
            })),
          },
        ]
      : []),
  ];
}
