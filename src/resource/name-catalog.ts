/** The names that agents answer for, as encoded resources: one for each host, and all of them in one for Istio's agents. */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { type ClientHost, type ClientNamespace, clientHostKey, clientNamespaceKey } from '../mesh/services.ts';
import { anywhere, type Client, clientOf, type Scope } from '../model/scope.ts';
import type { Interner } from './intern.ts';
import { nameResource, nameTable } from './name-table.ts';
import { ofHosts } from './of-hosts.ts';
import { type Part, partOf, samePartIds, sameResources } from './part.ts';
import type { Resource } from './resource.ts';
import { nameTableType, nameType } from './types.ts';

/** Names depend on a proxy as a client alone, in whatever place of its cluster. */
export function nameKey({ client }: Scope): string {
  return anywhere(client).key;
}

export interface NameCatalog {
  /** Resources of `nameType`. */
  readonly nameParts: Query<Scope, readonly Part[]>;
  /** The one of `nameTableType`. */
  readonly nameTableParts: Query<Scope, readonly Part[]>;
}

export function nameCatalog(graph: Graph, mesh: Mesh, { intern }: Interner): NameCatalog {
  const hostNames = graph.query<ClientHost, readonly Resource[]>('hostNames', {
    reads: [mesh.hostName],
    keyOf: clientHostKey,
    equal: sameResources,
    compute(read, key) {
      const ir = read.cell(mesh.hostName, key);
      return ir === undefined ? [] : [intern(nameType, nameResource(ir))];
    },
  });

  const namespaceNames = ofHosts(graph, mesh, 'namespaceNames', hostNames);

  /** The namespaces of a scope, each as the scope sees it; none where nobody answers DNS. */
  function namespacesOf(read: Reader, scope: Scope): readonly ClientNamespace[] {
    if (!scope.client.capturesDns) return [];
    const client = anywhere(scope.client);
    return read.cell(mesh.namespaces, client).map((namespace) => {
      const narrowed = read.cell(mesh.narrow, { client, namespace });
      return { client: within(narrowed, client.cluster), namespace };
    });
  }

  const nameParts = graph.query<Scope, readonly Part[]>('nameParts', {
    reads: [mesh.namespaces, mesh.narrow, namespaceNames],
    keyOf: nameKey,
    equal: samePartIds,
    compute: (read, scope) =>
      namespacesOf(read, scope).map((key) => partOf(namespaceNames, key, clientNamespaceKey(key))),
  });

  const table = graph.query<Scope, readonly Resource[]>('nameTable', {
    reads: [mesh.namespaces, mesh.narrow, namespaceNames],
    keyOf: nameKey,
    equal: sameResources,
    compute(read, scope) {
      const names = namespacesOf(read, scope).flatMap((key) => read.cell(namespaceNames, key));
      return [intern(nameTableType, nameTable(names))];
    },
  });

  const nameTableParts = graph.query<Scope, readonly Part[]>('nameTableParts', {
    reads: [table],
    keyOf: nameKey,
    equal: samePartIds,
    compute: (_read, scope) => [partOf(table, scope, nameKey(scope))],
  });

  return { nameParts, nameTableParts };
}

/** A headless service is the endpoints of the client's own cluster, which does not matter to how the service is called. */
function within(client: Client, cluster: string): Client {
  return client.cluster === cluster ? client : clientOf({ ...client, cluster });
}
