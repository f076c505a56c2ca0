/** /debug/config_dump?proxyID=: what a proxy is to hold, in the form of Envoy's own config dump. */
import { type Json, resourceJson } from '../resource/json.ts';
import type { Resource } from '../resource/resource.ts';
import { clusterType, endpointType, listenerType, routeType, secretType, type TypeUrl } from '../resource/types.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import { findConnection } from './connections.ts';
import type { ConsoleData } from './data.ts';
import { json, type Page } from './http-server.ts';

const admin = 'type.googleapis.com/envoy.admin.v3.';

export function configDumpPage(data: ConsoleData): Page {
  return (query) => {
    const found = findConnection(data.connections(), query.get('proxyID') ?? '');
    if ('status' in found) return found;
    return json(configDump(found, data, query.has('include_eds')));
  };
}

function configDump(connection: ConnectionStatus, data: ConsoleData, includesEndpoints: boolean): object {
  const version = (type: TypeUrl) => connection.types.find(({ typeUrl }) => typeUrl === type)?.sent ?? '';
  const list = (type: TypeUrl, wrap: (json: Json, resource: Resource) => object) =>
    [...(data.view(type, connection.scope)?.contents.resources() ?? [])].map((resource) =>
      wrap(resourceJson(resource), resource),
    );
  return {
    configs: [
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
      ...(includesEndpoints
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
    ],
  };
}
