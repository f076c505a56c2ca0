/**
 * What each scope is to hold, as encoded resources. Resources of one namespace make a part, which all scopes share that
 * look at the namespace alike; what a scope has alone lies over them.
 *
 *      IR of a host ─► resources of a host ─► part (a namespace as somebody sees it) ┐
 *      IR of a scope ─► own part ────────────────────────────────────────────────────┴─► parts of a scope
 */
import { secret } from '../envoy/secret.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Scope } from '../model/scope.ts';
import { Secret } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import { clusterCatalog } from './cluster-catalog.ts';
import { encodeResource } from './encode.ts';
import { createInterner } from './intern.ts';
import { listenerCatalog } from './listener-catalog.ts';
import type { Part, ScopedName } from './part.ts';
import type { Resource } from './resource.ts';
import { routeCatalog } from './route-catalog.ts';
import { secretType } from './types.ts';

export interface Catalog {
  /** The parts of a scope for the types that are asked for as a whole, the later over the earlier. */
  readonly clusterParts: Query<Scope, readonly Part[]>;
  readonly endpointParts: Query<Scope, readonly Part[]>;
  readonly listenerParts: Query<Scope, readonly Part[]>;
  /** Resources that are only asked for by name. */
  readonly route: Query<ScopedName, Resource | undefined>;
  readonly secret: Query<ScopedName, Resource | undefined>;
}

export function createCatalog(graph: Graph, mesh: Mesh): Catalog {
  const interner = createInterner();
  const { intern } = interner;

  const secretResource = graph.query<ScopedName, Resource | undefined>('secretResource', {
    reads: [mesh.secret],
    keyOf: ({ scope, name }) => `${scope.key}\n${name}`,
    equal: Object.is,
    compute(read, { scope: { client, serving }, name }) {
      const ir = read.cell(mesh.secret, { client, serving, name });
      return ir === undefined ? undefined : intern(secretType, encodeResource(Secret, ir.name, secret(ir), ir.origins));
    },
  });

  return {
    ...clusterCatalog(graph, mesh, interner),
    listenerParts: listenerCatalog(graph, mesh, interner),
    route: routeCatalog(graph, mesh, interner),
    secret: secretResource,
  };
}
