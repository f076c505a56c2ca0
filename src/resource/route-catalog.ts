/** Route configurations by name, as encoded resources put together from virtual hosts. */
import type { Effect } from '../envoy/patch/patch.ts';
import { type RouteName, sidecarRouteName } from '../envoy/patch/route-match.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { equal } from '../lib/equal.ts';
import type { LayoutEntry } from '../mesh/layout-entry.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { otherRequests } from '../mesh/outbound-policy.ts';
import { type RouteName as ClientRouteName, routeNameKey } from '../mesh/route-layout.ts';
import { anywhere, type PatchList } from '../model/scope.ts';
import type { Interner } from './intern.ts';
import { type ScopedName, scopedNameKey } from './part.ts';
import { type PatchedRoute, patchRoute, type RoutePieces } from './patched-route.ts';
import type { Patcher } from './patcher.ts';
import type { Resource } from './resource.ts';
import { assembleRouteConfiguration, type EncodedVirtualHost, encodeVirtualHost } from './route-configuration.ts';
import { routeType } from './types.ts';

export interface RouteCatalog {
  readonly route: Query<ScopedName, Resource | undefined>;
  /** What patches did to a configuration. */
  readonly routeEffects: Query<ScopedName, readonly Effect[]>;
}

export function routeCatalog(graph: Graph, mesh: Mesh, { intern }: Interner, patcher: Patcher): RouteCatalog {
  /** Encoded with the domains that the layout gives it. */
  const encodedHost = graph.query<LayoutEntry, EncodedVirtualHost | undefined>('encodedHost', {
    reads: [mesh.virtualHost, mesh.strayVirtualHost],
    keyOf: ({ key }) => key,
    compute(read, { client, host, port, rule, domains }) {
      const ir =
        rule === undefined
          ? read.cell(mesh.virtualHost, { client, host, port })
          : read.cell(mesh.strayVirtualHost, { client, host, port, rule });
      return ir === undefined ? undefined : encodeVirtualHost({ ...ir, domains });
    },
  });

  function sidecarPieces(read: Reader, { client, name }: ClientRouteName): RoutePieces {
    const layout = read.cell(mesh.routeLayout, { client, name });
    const hosts = (layout?.hosts ?? []).flatMap((entry) => read.cellUnlessFailed(encodedHost, entry) ?? []);
    const rest = layout?.others === undefined ? [] : [encodeVirtualHost(otherRequests(layout.others))];
    return { hosts: [...hosts, ...rest], namesPorts: layout?.namesPorts ?? false };
  }

  const sidecarRoute = graph.query<ClientRouteName, Resource>('sidecarRoute', {
    reads: [mesh.routeLayout, encodedHost],
    keyOf: routeNameKey,
    equal: Object.is,
    compute(read, key) {
      const { hosts, namesPorts } = sidecarPieces(read, key);
      return intern(routeType, assembleRouteConfiguration(key.name, hosts, namesPorts));
    },
  });

  function gatewayPieces(read: Reader, { scope: { client, serving }, name }: ScopedName): RoutePieces {
    const hosts: readonly VirtualHostIr[] = read.cell(mesh.gatewayHosts, { client, serving, name }) ?? [];
    return { hosts: hosts.map(encodeVirtualHost), namesPorts: false };
  }

  /** What patches may call a gateway's configuration by. */
  function gatewayRouteName(read: Reader, { scope: { serving }, name }: ScopedName): RouteName {
    const listener = read
      .cell(mesh.gatewayPlan, serving)
      .listeners.find(({ servers }) => servers.some(({ routeName }) => routeName === name));
    const server = listener?.servers.find(({ routeName }) => routeName === name);
    const isShared = server?.kind === 'http';
    return {
      name,
      ports: [...new Set((listener?.servers ?? []).map(({ port }) => port))],
      server: {
        portName: isShared ? '' : (server?.server.port?.name ?? ''),
        gateway: isShared ? '' : (server?.gateway ?? ''),
      },
    };
  }

  const gatewayRoute = graph.query<ScopedName, Resource>('gatewayRoute', {
    reads: [mesh.gatewayHosts],
    keyOf: scopedNameKey,
    equal: Object.is,
    compute(read, key) {
      const { hosts, namesPorts } = gatewayPieces(read, key);
      return intern(routeType, assembleRouteConfiguration(key.name, hosts, namesPorts));
    },
  });

  type Patched = ClientRouteName & { readonly patches: PatchList };
  const samePatched = (a: PatchedRoute, b: PatchedRoute) => a.resource === b.resource && equal(a.effects, b.effects);
  const interned = ({ resource, effects }: PatchedRoute) => ({ resource: intern(routeType, resource), effects });

  const patchedSidecarRoute = graph.query<Patched, PatchedRoute>('patchedSidecarRoute', {
    reads: [mesh.routeLayout, encodedHost, mesh.patches],
    keyOf: (key) => `${routeNameKey(key)}\n${key.patches}`,
    equal: samePatched,
    compute: (read, key) =>
      interned(
        patchRoute(
          sidecarRouteName(key.name),
          sidecarPieces(read, key),
          patcher.prepared(read.cell(mesh.patches, key.patches)),
        ),
      ),
  });

  const patchedGatewayRoute = graph.query<ScopedName, PatchedRoute>('patchedGatewayRoute', {
    reads: [mesh.gatewayHosts, mesh.gatewayPlan, mesh.patches],
    keyOf: scopedNameKey,
    equal: samePatched,
    compute: (read, key) =>
      interned(
        patchRoute(
          gatewayRouteName(read, key),
          gatewayPieces(read, key),
          patcher.prepared(read.cell(mesh.patches, key.scope.patching.routes)),
        ),
      ),
  });

  function patched(read: Reader, { scope, name }: ScopedName): PatchedRoute {
    if (scope.client.type === 'router') return read.cell(patchedGatewayRoute, { scope, name });
    const { routes: patches } = scope.patching;
    return read.cell(patchedSidecarRoute, { client: anywhere(scope.client), name, patches });
  }

  const route = graph.query<ScopedName, Resource | undefined>('route', {
    reads: [sidecarRoute, gatewayRoute, patchedSidecarRoute, patchedGatewayRoute],
    keyOf: scopedNameKey,
    equal: Object.is,
    compute(read, { scope, name }) {
      if (scope.patching.routes !== '') return patched(read, { scope, name }).resource;
      if (scope.client.type === 'router') return read.cell(gatewayRoute, { scope, name });
      // Where a client runs does not matter to its routes.
      return read.cell(sidecarRoute, { client: anywhere(scope.client), name });
    },
  });

  const routeEffects = graph.query<ScopedName, readonly Effect[]>('routeEffects', {
    reads: [patchedSidecarRoute, patchedGatewayRoute],
    keyOf: scopedNameKey,
    compute: (read, key) => (key.scope.patching.routes === '' ? [] : patched(read, key).effects),
  });

  return { route, routeEffects };
}
