import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type ClientHost, type ClientNamespace, clientNamespaceKey } from '../mesh/services.ts';
import { sameResources, sorted } from './part.ts';
import type { Resource } from './resource.ts';

/**
 * The resources of all hosts of a namespace that a client imports. One host that cannot be resolved must not take its namespace
 * with it.
 */
export function ofHosts(
  graph: Graph,
  { importedHosts }: Pick<Mesh, 'importedHosts'>,
  name: string,
  query: Query<ClientHost, readonly Resource[]>,
): Query<ClientNamespace, readonly Resource[]> {
  return graph.query<ClientNamespace, readonly Resource[]>(name, {
    reads: [importedHosts, query],
    keyOf: clientNamespaceKey,
    equal: sameResources,
    compute: (read, { client, namespace }) =>
      sorted(
        read
          .cell(importedHosts, { client, namespace })
          .flatMap((host) => read.cellUnlessFailed(query, { client, host }) ?? []),
      ),
  });
}
