/** The names that agents answer for, as encoded resources: one for each host, so that a change costs one of them. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type ClientHost, type ClientNamespace, clientHostKey, clientNamespaceKey } from '../mesh/services.ts';
import { anywhere, type Client, clientOf, type Scope } from '../model/scope.ts';
import { encodeResource } from './encode.ts';
import type { Interner } from './intern.ts';
import { nameTable } from './name-table.ts';
import { type Part, partOf, samePartIds, sameResources, sorted } from './part.ts';
import type { Resource } from './resource.ts';
import { nameTableType } from './types.ts';

/** Names depend on a proxy as a client alone, in whatever place of its cluster. */
export function nameKey({ client }: Scope): string {
  return anywhere(client).key;
}

export function nameCatalog(graph: Graph, mesh: Mesh, { intern }: Interner): Query<Scope, readonly Part[]> {
  const hostNames = graph.query<ClientHost, readonly Resource[]>('hostNames', {
    reads: [mesh.hostName],
    keyOf: clientHostKey,
    equal: sameResources,
    compute(read, key) {
      const ir = read.cell(mesh.hostName, key);
      return ir === undefined ? [] : [intern(nameTableType, encodeResource(nameTable, ir.host, ir, ir.origins))];
    },
  });

  const namespaceNames = graph.query<ClientNamespace, readonly Resource[]>('namespaceNames', {
    reads: [mesh.importedHosts, hostNames],
    keyOf: clientNamespaceKey,
    equal: sameResources,
    compute: (read, { client, namespace }) =>
      sorted(
        read
          .cell(mesh.importedHosts, { client, namespace })
          .flatMap((host) => read.cellUnlessFailed(hostNames, { client, host }) ?? []),
      ),
  });

  return graph.query<Scope, readonly Part[]>('nameParts', {
    reads: [mesh.namespaces, mesh.narrow, namespaceNames],
    keyOf: nameKey,
    equal: samePartIds,
    compute(read, scope) {
      if (!scope.client.capturesDns) return [];
      const client = anywhere(scope.client);
      return read.cell(mesh.namespaces, client).map((namespace) => {
        const narrowed = read.cell(mesh.narrow, { client, namespace });
        const key = { client: within(narrowed, client.cluster), namespace };
        return partOf(namespaceNames, key, clientNamespaceKey(key));
      });
    },
  });
}

/** A headless service is the endpoints of the client's own cluster, which does not matter to how the service is called. */
function within(client: Client, cluster: string): Client {
  return client.cluster === cluster ? client : clientOf({ ...client, cluster });
}
