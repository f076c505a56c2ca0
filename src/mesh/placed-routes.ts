/** The HTTP routes of a rule with delegated ones in their places. Names are relative to the rule that states them. */
import type { Config } from '../config/config.ts';
import type { Destination, HttpRoute, VirtualService } from '../config/virtual-service.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { resolveShortName } from '../model/hostname.ts';
import { originKey } from '../model/origin.ts';
import { delegatedRoutes } from './delegate.ts';
import type { PlacedRoute } from './http-route.ts';
import { delegateKey, gatewayName } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { exportToOr, isVisible } from './visibility.ts';

export interface PlacedRouteQueries {
  /** Keyed `namespace/name` of the rule. */
  readonly placedRoutes: Query<string, readonly PlacedRoute[]>;
}

export function placedRouteQueries(graph: Graph, tables: Tables, { visibility }: ServiceQueries): PlacedRouteQueries {
  const { virtualServices } = tables;

  const placedRoutes = graph.query<string, readonly PlacedRoute[]>('placedRoutes', {
    reads: [virtualServices, visibility],
    compute(read, key) {
      const config = read.row(virtualServices, key);
      return config === undefined ? [] : (config.spec.http ?? []).flatMap((route, i) => place(read, config, route, i));
    },
  });

  function place(read: Reader, root: Config<VirtualService>, route: HttpRoute, index: number): readonly PlacedRoute[] {
    if (route.delegate === undefined) return [{ route, object: originKey(root.origin), path: `spec.http[${index}]` }];
    const { defaultVirtualServiceExportTo } = read.cell(visibility, meshKey);
    const delegate = read.row(virtualServices, delegateKey(route.delegate, root.namespace));
    if (delegate === undefined || (delegate.spec.hosts?.length ?? 0) > 0) return [];
    const shown = exportToOr(delegate.spec.exportTo, defaultVirtualServiceExportTo);
    if (!isVisible(shown, delegate.namespace, root.namespace)) return [];
    const usable = (delegate.spec.http ?? [])
      .map((one, i) => ({ one, i }))
      .filter(({ one }) => one.delegate === undefined);
    const namespaces = { root: root.namespace, delegate: delegate.namespace };
    const routes = usable.map(({ one }) => withFullNames(one, delegate.namespace));
    return delegatedRoutes(route, routes, namespaces).map((merged) => ({
      route: merged.route,
      object: originKey(delegate.origin),
      path: `spec.http[${usable[merged.index]?.i}]`,
    }));
  }

  return { placedRoutes };
}

/** The same route for another namespace: its short names mean what they mean where it stands. */
function withFullNames(route: HttpRoute, namespace: string): HttpRoute {
  const full = (destination: Destination): Destination => ({
    ...destination,
    host: resolveShortName(destination.host, namespace),
  });
  return {
    ...route,
    ...(route.match === undefined
      ? {}
      : {
          match: route.match.map((match) => ({
            ...match,
            ...(match.gateways === undefined
              ? {}
              : { gateways: match.gateways.map((gateway) => gatewayName(gateway, namespace)) }),
          })),
        }),
    ...(route.route === undefined
      ? {}
      : { route: route.route.map((one) => ({ ...one, destination: full(one.destination) })) }),
    ...(route.mirror === undefined ? {} : { mirror: full(route.mirror) }),
    ...(route.mirrors === undefined
      ? {}
      : { mirrors: route.mirrors.map((one) => ({ ...one, destination: full(one.destination) })) }),
  };
}
