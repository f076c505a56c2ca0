/** All that a proxy would be given, read back from its bytes. */
import { fromBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { ControlPlane } from '../../src/control-plane.ts';
import { decodeAny } from '../../src/descriptors/decode.ts';
import { type Configuration, configurationOf, opened } from '../../src/evaluate/configuration.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import type { Cluster } from '../../src/proto/envoy/config/cluster/v3/cluster.ts';
import type { ClusterLoadAssignment } from '../../src/proto/envoy/config/endpoint/v3/endpoint.ts';
import type { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import type { RouteConfiguration } from '../../src/proto/envoy/config/route/v3/route.ts';
import { HttpConnectionManager } from '../../src/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { Resource } from '../../src/resource/resource.ts';
import { clusterType, endpointType, listenerType, routeType, type TypeUrl } from '../../src/resource/types.ts';

/** Resources of each type, those of RouteConfigurations that the listeners ask for included. */
export type ProxyResources = ReadonlyMap<TypeUrl, readonly Resource[]>;

/** Connects a proxy, takes everything that it would ask for, and disconnects it. */
export function resourcesFor(controlPlane: ControlPlane, proxy: Proxy): ProxyResources {
  const connection = controlPlane.connect(proxy, () => {});
  const all = (type: TypeUrl, names: readonly string[] = []) => {
    const contents = controlPlane.view(type, connection.scope)?.contents;
    contents?.follow(names);
    return [...(contents?.resources() ?? [])];
  };
  const listeners = all(listenerType);
  const resources = new Map([
    [clusterType, all(clusterType)],
    [endpointType, all(endpointType)],
    [listenerType, listeners],
    [routeType, all(routeType, listeners.map((one) => message<Listener>(one)).flatMap(routeNames))],
  ]);
  connection.close();
  return resources;
}

export function configurationIn(resources: ProxyResources): Configuration {
  const messages = <T>(type: TypeUrl) => (resources.get(type) ?? []).map((resource) => message<T>(resource));
  return configurationOf(
    {
      listeners: messages<Listener>(listenerType),
      routeConfigurations: messages<RouteConfiguration>(routeType),
      clusters: messages<Cluster>(clusterType),
      assignments: messages<ClusterLoadAssignment>(endpointType),
    },
    decodeAny,
  );
}

function message<T>({ chunks }: Resource): T {
  return decodeAny(fromBinary(AnySchema, Buffer.concat(chunks))) as T;
}

/** The RouteConfigurations that a listener names. */
export function routeNames({ filterChains = [], defaultFilterChain }: Listener): readonly string[] {
  const chains = defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
  return chains.flatMap(({ filters = [] }) =>
    filters.flatMap(({ configType }) => {
      const envelope = configType?.$case === 'typedConfig' ? configType.value : undefined;
      const routes = opened(decodeAny, HttpConnectionManager, envelope)?.routeSpecifier;
      return routes?.$case === 'rds' && routes.value.routeConfigName !== undefined
        ? [routes.value.routeConfigName]
        : [];
    }),
  );
}
