/**
 * What each scope is to hold, as encoded resources. Resources of one namespace make a part, which all scopes share that
 * look at the namespace alike; what a scope has alone lies over them.
 *
 *      IR of a host ─► resources of a host ─► part (a namespace as somebody sees it) ┐
 *      IR of a scope ─► own part ────────────────────────────────────────────────────┴─► overlay ─► parts of a scope
 */
import type { Effect } from '../envoy/patch/patch.ts';
import { secret } from '../envoy/secret.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { PatchList, Scope } from '../model/scope.ts';
import { Secret } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import { clusterCatalog } from './cluster-catalog.ts';
import { encodeResource } from './encode.ts';
import { createInterner } from './intern.ts';
import { listenerCatalog } from './listener-catalog.ts';
import { nameCatalog } from './name-catalog.ts';
import { type Part, type ScopedName, scopedNameKey } from './part.ts';
import { type AddedResources, createPatcher } from './patcher.ts';
import type { Resource } from './resource.ts';
import { routeCatalog } from './route-catalog.ts';
import { secretType } from './types.ts';

export interface Catalog {
  /** The parts of a scope for the types that are asked for as a whole, the later over the earlier. */
  readonly clusterParts: Query<Scope, readonly Part[]>;
  readonly endpointParts: Query<Scope, readonly Part[]>;
  readonly listenerParts: Query<Scope, readonly Part[]>;
  readonly nameParts: Query<Scope, readonly Part[]>;
  readonly nameTableParts: Query<Scope, readonly Part[]>;
  /** Resources that are only asked for by name. */
  readonly route: Query<ScopedName, Resource | undefined>;
  readonly secret: Query<ScopedName, Resource | undefined>;
  readonly extension: Query<ScopedName, Resource | undefined>;
  /** What the patches in force for a scope did to what it is to hold. */
  readonly patchEffects: Query<Scope, readonly Effect[]>;
}

export function createCatalog(graph: Graph, mesh: Mesh): Catalog {
  const interner = createInterner();
  const { intern } = interner;

  const secretResource = graph.query<ScopedName, Resource | undefined>('secretResource', {
    reads: [mesh.secret],
    keyOf: scopedNameKey,
    equal: Object.is,
    compute(read, { scope: { client, serving }, name }) {
      const ir = read.cell(mesh.secret, { client, serving, name });
      return ir === undefined ? undefined : intern(secretType, encodeResource(Secret, ir.name, secret(ir), ir.origins));
    },
  });

  const patcher = createPatcher(interner);
  const { clusterParts, endpointParts, clusterOverlay } = clusterCatalog(graph, mesh, interner, patcher);
  const { listenerParts, listenerOverlay } = listenerCatalog(graph, mesh, interner, patcher);

  const { nameParts, nameTableParts } = nameCatalog(graph, mesh, interner);

  const extensions = graph.query<PatchList, AddedResources>('addedExtensions', {
    reads: [mesh.patches],
    compute: (read, patches) => patcher.added('EXTENSION_CONFIG', read.cell(mesh.patches, patches)),
  });

  const extension = graph.query<ScopedName, Resource | undefined>('extension', {
    reads: [extensions],
    keyOf: ({ scope, name }) => `${scope.patching.extensions}\n${name}`,
    equal: Object.is,
    compute(read, { scope: { patching }, name }) {
      if (patching.extensions === '') return undefined;
      return read.cell(extensions, patching.extensions).resources.find((resource) => resource.name === name);
    },
  });

  const routes = routeCatalog(graph, mesh, interner, patcher);

  /** The route configurations that a scope's listeners ask for. */
  const routeNames = graph.query<Scope, readonly string[]>('routeNames', {
    reads: [listenerParts, ...listenerOverlay.queries],
    keyOf: ({ key }) => key,
    compute: (read, scope) =>
      read
        .cell(listenerParts, scope)
        .flatMap((part) => read.cell(part.query, part.key).flatMap((one) => one.routes ?? [])),
  });

  const patchEffects = graph.query<Scope, readonly Effect[]>('patchEffects', {
    reads: [
      clusterParts,
      listenerParts,
      extensions,
      routeNames,
      routes.routeEffects,
      ...clusterOverlay.queries,
      ...listenerOverlay.queries,
    ],
    keyOf: ({ key }) => key,
    compute(read, scope) {
      const names = scope.patching.routes === '' ? [] : read.cell(routeNames, scope);
      return [
        ...clusterOverlay.effects(read, read.cell(clusterParts, scope)),
        ...listenerOverlay.effects(read, read.cell(listenerParts, scope)),
        ...[...new Set(names)].flatMap((name) => read.cell(routes.routeEffects, { scope, name })),
        ...(scope.patching.extensions === '' ? [] : read.cell(extensions, scope.patching.extensions).effects),
      ];
    },
  });

  return {
    clusterParts,
    endpointParts,
    listenerParts,
    nameParts,
    nameTableParts,
    route: routes.route,
    secret: secretResource,
    extension,
    patchEffects,
  };
}
