/**
 * What each scope is to hold, as encoded resources. Resources of one namespace make a part, which all scopes share that
 * look at the namespace alike; what a scope has alone lies over them.
 *
 *      IR of a host ─► resources of a host ─► part (a namespace as somebody sees it) ┐
 *      IR of a scope ─► own part ────────────────────────────────────────────────────┴─► parts of a scope
 */
import { cluster } from '../envoy/cluster/cluster.ts';
import { loadAssignment } from '../envoy/endpoint/endpoint.ts';
import { listener } from '../envoy/listener/listener.ts';
import { secret } from '../envoy/secret.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { ClusterIr } from '../ir/cluster.ts';
import type { ListenerIr } from '../ir/listener.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { sameItems } from '../lib/equal.ts';
import {
  blackHoleCluster,
  boundAddress,
  boundListeners,
  inboundClusters,
  passthroughClusters,
  virtualInbound,
} from '../mesh/inbound.ts';
import { type ListenerPlace, placeKey } from '../mesh/listener-place.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { httpProxyListener, virtualOutbound } from '../mesh/outbound-listener.ts';
import { byDnsCluster, otherRequests } from '../mesh/outbound-policy.ts';
import type { LayoutEntry } from '../mesh/route-layout.ts';
import { type ClientHost, type ClientNamespace, clientHostKey, clientNamespaceKey } from '../mesh/services.ts';
import { meshKey } from '../mesh/tables.ts';
import { anywhere, type Client, type Scope } from '../model/scope.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import { Secret } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import { encodeResource } from './encode.ts';
import { createInterner } from './intern.ts';
import type { Resource } from './resource.ts';
import { assembleRouteConfiguration, type EncodedVirtualHost, encodeVirtualHost } from './route-configuration.ts';
import { clusterType, endpointType, listenerType, routeType, secretType } from './types.ts';

/** A list of resources, sorted by name, that any number of scopes share. */
export interface Part {
  readonly id: string;
  readonly query: Query<unknown, readonly Resource[]>;
  readonly key: unknown;
}

export interface Catalog {
  /** The parts of a scope for the types that are asked for as a whole, the later over the earlier. */
  readonly clusterParts: Query<Scope, readonly Part[]>;
  readonly endpointParts: Query<Scope, readonly Part[]>;
  readonly listenerParts: Query<Scope, readonly Part[]>;
  /** Resources that are only asked for by name. */
  readonly route: Query<ScopedName, Resource | undefined>;
  readonly secret: Query<ScopedName, Resource | undefined>;
}

export interface ScopedName {
  readonly scope: Scope;
  readonly name: string;
}

const sameResources = (a: readonly Resource[], b: readonly Resource[]) => sameItems(a, b);
const samePartIds = (a: readonly Part[], b: readonly Part[]) => sameItems(a, b, (x, y) => x.id === y.id);
const sorted = (resources: readonly Resource[]) =>
  [...resources].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

export function createCatalog(graph: Graph, mesh: Mesh): Catalog {
  const { intern } = createInterner();
  const toCluster = (ir: ClusterIr) => intern(clusterType, encodeResource(Cluster, ir.name, cluster(ir), ir.origins));
  const toListener = (ir: ListenerIr) =>
    intern(listenerType, encodeResource(Listener, ir.name, listener(ir), ir.origins));

  function part<K>(query: Query<K, readonly Resource[]>, key: K, id: string): Part {
    return { id: `${query.name}\n${id}`, query: query as Query<unknown, readonly Resource[]>, key };
  }

  /** The parts of a scope's namespaces, each as the scope sees it. */
  function namespaceParts(
    read: Reader,
    client: Client,
    query: Query<ClientNamespace, readonly Resource[]>,
  ): readonly Part[] {
    return read.cell(mesh.namespaces, client).map((namespace) => {
      const key = { client: read.cell(mesh.narrow, { client, namespace }), namespace };
      return part(query, key, clientNamespaceKey(key));
    });
  }

  const hostClusters = graph.query<ClientHost, readonly Resource[]>('hostClusters', {
    reads: [mesh.clusters],
    keyOf: clientHostKey,
    equal: sameResources,
    compute: (read, key) => read.cell(mesh.clusters, key).map(toCluster),
  });

  const hostAssignments = graph.query<ClientHost, readonly Resource[]>('hostAssignments', {
    reads: [mesh.assignments],
    keyOf: clientHostKey,
    equal: sameResources,
    compute: (read, key) =>
      read
        .cell(mesh.assignments, key)
        .map((ir) =>
          intern(endpointType, encodeResource(ClusterLoadAssignment, ir.cluster, loadAssignment(ir), ir.origins)),
        ),
  });

  /** One host that cannot be resolved must not take its namespace with it. */
  function ofHosts(
    name: string,
    query: Query<ClientHost, readonly Resource[]>,
  ): Query<ClientNamespace, readonly Resource[]> {
    return graph.query<ClientNamespace, readonly Resource[]>(name, {
      reads: [mesh.importedHosts, query],
      keyOf: clientNamespaceKey,
      equal: sameResources,
      compute: (read, { client, namespace }) =>
        sorted(
          read
            .cell(mesh.importedHosts, { client, namespace })
            .flatMap((host) => read.cellUnlessFailed(query, { client, host }) ?? []),
        ),
    });
  }
  const namespaceClusters = ofHosts('namespaceClusters', hostClusters);
  const namespaceAssignments = ofHosts('namespaceAssignments', hostAssignments);

  const ownClusters = graph.query<Scope, readonly Resource[]>('ownClusters', {
    reads: [mesh.settings, mesh.inboundPorts],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { client, capture, serving }) {
      const settings = read.cell(mesh.settings, meshKey);
      if (client.type === 'router') return [toCluster(blackHoleCluster(settings))];
      const context = { settings, capture, serving };
      const ports = read.cell(mesh.inboundPorts, serving);
      return sorted(
        [
          blackHoleCluster(settings),
          ...passthroughClusters(context),
          ...(capture.family === undefined ? [] : [byDnsCluster(capture.family, settings)]),
          ...inboundClusters(ports, context),
        ].map(toCluster),
      );
    },
  });

  const clusterParts = graph.query<Scope, readonly Part[]>('clusterParts', {
    reads: [mesh.namespaces, mesh.narrow, namespaceClusters, ownClusters],
    keyOf: ({ key }) => key,
    equal: samePartIds,
    compute: (read, scope) => [
      ...namespaceParts(read, scope.client, namespaceClusters),
      part(ownClusters, scope, scope.key),
    ],
  });

  const endpointParts = graph.query<Scope, readonly Part[]>('endpointParts', {
    reads: [mesh.namespaces, mesh.narrow, namespaceAssignments],
    keyOf: ({ client }) => client.key,
    equal: samePartIds,
    compute: (read, { client }) => namespaceParts(read, client, namespaceAssignments),
  });

  type Captured = Pick<Scope, 'client' | 'capture'> & { readonly namespace: string };
  const capturedKey = ({ client, capture, namespace }: Captured) => `${client.key}\n${capture.key}\n${namespace}`;

  const namespaceListeners = graph.query<Captured, readonly Resource[]>('namespaceListeners', {
    reads: [mesh.addressedListeners],
    keyOf: capturedKey,
    equal: sameResources,
    compute: (read, key) => sorted(read.cell(mesh.addressedListeners, key).map(toListener)),
  });

  const sharedListener = graph.query<
    Pick<Scope, 'client' | 'capture'> & { readonly place: ListenerPlace },
    Resource | undefined
  >('sharedListenerResource', {
    reads: [mesh.sharedListener],
    keyOf: ({ client, capture, place }) => `${client.key}\n${capture.key}\n${placeKey(place)}`,
    equal: Object.is,
    compute(read, key) {
      const ir = read.cell(mesh.sharedListener, key);
      return ir === undefined ? undefined : toListener(ir);
    },
  });

  const sharedListeners = graph.query<Pick<Scope, 'client' | 'capture'>, readonly Resource[]>('sharedListeners', {
    reads: [mesh.sharedPlaces, sharedListener],
    keyOf: ({ client, capture }) => `${client.key}\n${capture.key}`,
    equal: sameResources,
    compute: (read, { client, capture }) =>
      sorted(
        read
          .cell(mesh.sharedPlaces, { client, capture })
          .flatMap((place) => read.cellUnlessFailed(sharedListener, { client, capture, place }) ?? []),
      ),
  });

  const ownListeners = graph.query<Scope, readonly Resource[]>('ownListeners', {
    reads: [mesh.settings, mesh.inboundPorts, mesh.gatewayListeners],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { client, capture, serving }) {
      if (client.type === 'router')
        return sorted(read.cell(mesh.gatewayListeners, { client, capture, serving }).map(toListener));
      const settings = read.cell(mesh.settings, meshKey);
      const ports = read.cell(mesh.inboundPorts, serving);
      const outbound = {
        capture,
        settings,
        isDualStack: client.family === 'dual',
        chainsOf: () => [],
        originOf: () => '',
      };
      const inbound = { settings, capture, serving };
      const proxy = httpProxyListener(outbound);
      const captured = ports.filter((port) => boundAddress(port, inbound) === undefined);
      const virtual =
        capture.interception === 'NONE' ? [] : [virtualOutbound(outbound), virtualInbound(captured, inbound)];
      const own = [...virtual, ...boundListeners(ports, inbound)];
      return sorted([...(proxy === undefined ? [] : [proxy]), ...own].map(toListener));
    },
  });

  const listenerParts = graph.query<Scope, readonly Part[]>('listenerParts', {
    reads: [mesh.namespaces, mesh.narrow, namespaceListeners, sharedListeners, ownListeners],
    keyOf: ({ key }) => key,
    equal: samePartIds,
    compute(read, scope) {
      const { capture } = scope;
      const own = part(ownListeners, scope, scope.key);
      if (scope.client.type === 'router') return [own];
      const client = anywhere(scope.client);
      const ofNamespaces = read.cell(mesh.namespaces, client).map((namespace) => {
        const key = { client: read.cell(mesh.narrow, { client, namespace }), capture, namespace };
        return part(namespaceListeners, key, capturedKey(key));
      });
      return [...ofNamespaces, part(sharedListeners, { client, capture }, `${client.key}\n${capture.key}`), own];
    },
  });

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

  const route = graph.query<ScopedName, Resource | undefined>('route', {
    reads: [sidecarRoute, gatewayRoute],
    keyOf: ({ scope, name }) => `${scope.key}\n${name}`,
    equal: Object.is,
    compute(read, { scope, name }) {
      if (scope.client.type === 'router') return read.cell(gatewayRoute, { scope, name });
      // Where a client runs does not matter to its routes.
      return read.cell(sidecarRoute, { client: anywhere(scope.client), name });
    },
  });

  const secretResource = graph.query<ScopedName, Resource | undefined>('secretResource', {
    reads: [mesh.secret],
    keyOf: ({ scope, name }) => `${scope.key}\n${name}`,
    equal: Object.is,
    compute(read, { scope: { client, serving }, name }) {
      const ir = read.cell(mesh.secret, { client, serving, name });
      return ir === undefined ? undefined : intern(secretType, encodeResource(Secret, ir.name, secret(ir), ir.origins));
    },
  });

  return { clusterParts, endpointParts, listenerParts, route, secret: secretResource };
}
