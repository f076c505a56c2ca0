/** Route configurations by name, as encoded resources put together from virtual hosts. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { otherRequests } from '../mesh/outbound-policy.ts';
import type { LayoutEntry } from '../mesh/route-layout.ts';
import { anywhere, type Client } from '../model/scope.ts';
import type { Interner } from './intern.ts';
import type { ScopedName } from './part.ts';
import type { Resource } from './resource.ts';
import { assembleRouteConfiguration, type EncodedVirtualHost, encodeVirtualHost } from './route-configuration.ts';
import { routeType } from './types.ts';

export function routeCatalog(graph: Graph, mesh: Mesh, { intern }: Interner): Query<ScopedName, Resource | undefined> {
  /** Encoded with the domains that the layout gives it. */
  const encodedHost = graph.query<LayoutEntry, EncodedVirtualHost | undefined>('encodedHost', {
    reads: [mesh.virtualHost, mesh.strayVirtualHost],
    keyOf: ({ client, host, port, rule = '', domains }) =>
      `${client.key}\n${port}\n${host}\n${rule}\n${domains.join(' ')}`,
    compute(read, { client, host, port, rule, domains }) {
      const ir =
        rule === undefined
          ? read.cell(mesh.virtualHost, { client, host, port })
          : read.cell(mesh.strayVirtualHost, { client, host, port, rule });
      return ir === undefined ? undefined : encodeVirtualHost({ ...ir, domains });
    },
  });

  const sidecarRoute = graph.query<{ client: Client; name: string }, Resource>('sidecarRoute', {
    reads: [mesh.settings, mesh.routeLayout, encodedHost],
    keyOf: ({ client, name }) => `${client.key}\n${name}`,
    equal: Object.is,
    compute(read, { client, name }) {
      const layout = read.cell(mesh.routeLayout, { client, name });
      const hosts = (layout?.hosts ?? []).flatMap((entry) => read.cellUnlessFailed(encodedHost, entry) ?? []);
      const rest = layout?.others === undefined ? [] : [encodeVirtualHost(otherRequests(layout.others))];
      return intern(routeType, assembleRouteConfiguration(name, [...hosts, ...rest], layout?.namesPorts));
    },
  });

  const gatewayRoute = graph.query<ScopedName, Resource>('gatewayRoute', {
    reads: [mesh.gatewayHosts],
    keyOf: ({ scope, name }) => `${scope.key}\n${name}`,
    equal: Object.is,
    compute(read, { scope: { client, serving }, name }) {
      const hosts: readonly VirtualHostIr[] = read.cell(mesh.gatewayHosts, { client, serving, name }) ?? [];
      return intern(routeType, assembleRouteConfiguration(name, hosts.map(encodeVirtualHost)));
    },
  });

  return graph.query<ScopedName, Resource | undefined>('route', {
    reads: [sidecarRoute, gatewayRoute],
    keyOf: ({ scope, name }) => `${scope.key}\n${name}`,
    equal: Object.is,
    compute(read, { scope, name }) {
      if (scope.client.type === 'router') return read.cell(gatewayRoute, { scope, name });
      // Where a client runs does not matter to its routes.
      return read.cell(sidecarRoute, { client: anywhere(scope.client), name });
    },
  });
}
