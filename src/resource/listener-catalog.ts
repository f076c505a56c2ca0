/** The listeners of each scope, as encoded resources. */
import { listener } from '../envoy/listener/listener.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { ListenerIr } from '../ir/listener.ts';
import { boundAddress, boundListeners, virtualInbound } from '../mesh/inbound-listeners.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { httpProxyListener, virtualOutbound } from '../mesh/outbound-listener.ts';
import {
  type CapturedClient,
  type CapturedNamespace,
  type CapturedPlace,
  capturedClientKey,
  capturedNamespaceKey,
  capturedPlaceKey,
} from '../mesh/outbound-listeners.ts';
import { meshKey } from '../mesh/tables.ts';
import { anywhere, type Scope } from '../model/scope.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import { encodeResource } from './encode.ts';
import type { Interner } from './intern.ts';
import { type Overlay, overlay } from './overlay.ts';
import { type Part, partOf, samePartIds, sameResources, sorted } from './part.ts';
import type { Patcher } from './patcher.ts';
import type { Resource } from './resource.ts';
import { listenerType } from './types.ts';

export interface ListenerCatalog {
  readonly listenerParts: Query<Scope, readonly Part[]>;
  readonly listenerOverlay: Overlay;
}

function routeNames({ chains, fallback }: ListenerIr): readonly string[] {
  return [...chains, ...(fallback === undefined ? [] : [fallback])].flatMap(({ network }) =>
    network.kind === 'http' && network.manager.routes.kind === 'rds' ? [network.manager.routes.name] : [],
  );
}

export function listenerCatalog(graph: Graph, mesh: Mesh, { intern }: Interner, patcher: Patcher): ListenerCatalog {
  const toResource = (ir: ListenerIr) => {
    const routes = routeNames(ir);
    const resource = encodeResource(Listener, ir.name, listener(ir), ir.origins);
    return intern(listenerType, routes.length === 0 ? resource : { ...resource, routes });
  };

  const namespaceListeners = graph.query<CapturedNamespace, readonly Resource[]>('namespaceListeners', {
    reads: [mesh.addressedListeners],
    keyOf: capturedNamespaceKey,
    equal: sameResources,
    compute: (read, key) => sorted(read.cell(mesh.addressedListeners, key).map(toResource)),
  });

  const sharedListener = graph.query<CapturedPlace, Resource | undefined>('sharedListenerResource', {
    reads: [mesh.sharedListener],
    keyOf: capturedPlaceKey,
    equal: Object.is,
    compute(read, key) {
      const ir = read.cell(mesh.sharedListener, key);
      return ir === undefined ? undefined : toResource(ir);
    },
  });

  const sharedListeners = graph.query<CapturedClient, readonly Resource[]>('sharedListeners', {
    reads: [mesh.sharedPlaces, sharedListener],
    keyOf: capturedClientKey,
    equal: sameResources,
    compute: (read, { client, capture }) =>
      sorted(
        read
          .cell(mesh.sharedPlaces, { client, capture })
          .flatMap((place) => read.cellUnlessFailed(sharedListener, { client, capture, place }) ?? []),
      ),
  });

  /** Where a sidecar takes whatever leaves its workload. */
  const ownListeners = graph.query<Scope, readonly Resource[]>('ownListeners', {
    reads: [mesh.settings],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { client, capture }) {
      const outbound = {
        capture,
        settings: read.cell(mesh.settings, meshKey),
        family: client.family,
        chainsOf: () => [],
        originOf: () => '',
      };
      const proxy = httpProxyListener(outbound);
      const virtual = capture.interception === 'NONE' ? [] : [virtualOutbound(outbound)];
      return sorted([...(proxy === undefined ? [] : [proxy]), ...virtual].map(toResource));
    },
  });

  /** Where a sidecar takes what others send to its workload. */
  const workloadListeners = graph.query<Scope, readonly Resource[]>('workloadListeners', {
    reads: [mesh.settings, mesh.inboundPorts],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute(read, { capture, serving }) {
      const context = { settings: read.cell(mesh.settings, meshKey), capture, serving };
      const ports = read.cell(mesh.inboundPorts, serving);
      const captured = ports.filter((port) => boundAddress(port, context) === undefined);
      const virtual = capture.interception === 'NONE' ? [] : [virtualInbound(captured, context)];
      return sorted([...virtual, ...boundListeners(ports, context)].map(toResource));
    },
  });

  const gatewayListeners = graph.query<Scope, readonly Resource[]>('gatewayListenerResources', {
    reads: [mesh.gatewayListeners],
    keyOf: ({ key }) => key,
    equal: sameResources,
    compute: (read, { client, capture, serving }) =>
      sorted(
        read.cell(mesh.gatewayListeners, { client: anywhere(client), capture, serving }).listeners.map(toResource),
      ),
  });

  const queries = [namespaceListeners, sharedListeners, ownListeners, workloadListeners, gatewayListeners];
  const listenerOverlay = overlay(graph, mesh, patcher, 'LISTENER', queries);
  const { over } = listenerOverlay;

  function sidecarParts(read: Reader, scope: Scope): readonly Part[] {
    const { capture, patching } = scope;
    const client = anywhere(scope.client);
    const ofNamespaces = read.cell(mesh.namespaces, client).map((namespace) => {
      const key = { client: read.cell(mesh.narrow, { client, namespace }), capture, namespace };
      return partOf(namespaceListeners, key, capturedNamespaceKey(key));
    });
    const shared = partOf(sharedListeners, { client, capture }, capturedClientKey({ client, capture }));
    return [
      ...over([...ofNamespaces, shared, partOf(ownListeners, scope, scope.key)], patching.listeners),
      ...over([partOf(workloadListeners, scope, scope.key)], patching.inboundListeners),
    ];
  }

  const listenerParts = graph.query<Scope, readonly Part[]>('listenerParts', {
    reads: [mesh.namespaces, mesh.narrow, ...queries, ...listenerOverlay.queries],
    keyOf: ({ key }) => key,
    equal: samePartIds,
    compute: (read, scope) =>
      scope.client.type === 'router'
        ? over([partOf(gatewayListeners, scope, scope.key)], scope.patching.listeners)
        : sidecarParts(read, scope),
  });

  return { listenerParts, listenerOverlay };
}
