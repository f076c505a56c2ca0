/** Rows that a registry makes of objects in YAML. */

import { formatProblem, type Problem } from '../../src/model/problem.ts';
import { KubernetesRegistry } from '../../src/registry/kubernetes/registry.ts';
import type { RegistryChange } from '../../src/registry/registry.ts';
import { changesIn, removalsIn } from './objects.ts';

type TableName = RegistryChange['table'];
/** The rows of one table. */
export type RowOf<Name extends TableName> = NonNullable<Extract<RegistryChange, { readonly table: Name }>['row']>;

/** The Kubernetes registry of the cluster c1, and what it has said so far. */
export interface KubernetesRows {
  apply(yaml: string): void;
  remove(yaml: string): void;
  /** The rows of a table, by key. */
  rows<Name extends TableName>(table: Name): ReadonlyMap<string, RowOf<Name>>;
  /** The changes since the last call: `put endpointShard/kubernetes/shop/a-1/...`, `remove service/...`. */
  takeChanges(): readonly string[];
  problems(): readonly string[];
}

export function kubernetesRows(): KubernetesRows {
  const tables = new Map<TableName, Map<string, unknown>>();
  const problems = new Map<string, readonly Problem[]>();
  let changes: string[] = [];
  const table = (name: TableName) => {
    const known = tables.get(name) ?? new Map<string, unknown>();
    tables.set(name, known);
    return known;
  };
  const registry = new KubernetesRegistry(
    { name: 'kubernetes', cluster: 'c1', domainSuffix: 'cluster.local', systemNamespace: 'istio-system', now: () => 0 },
    {
      apply(all) {
        for (const change of all) {
          changes.push(`${change.row === undefined ? 'remove' : 'put'} ${change.table}/${change.key}`);
          if (change.row === undefined) table(change.table).delete(change.key);
          else table(change.table).set(change.key, change.row);
        }
      },
      problems: (object, found) => problems.set(object, found),
    },
  );
  return {
    apply: (yaml) => registry.apply(changesIn(yaml)),
    remove: (yaml) => registry.apply(removalsIn(yaml)),
    rows: <Name extends TableName>(name: Name) => table(name) as ReadonlyMap<string, RowOf<Name>>,
    takeChanges() {
      const taken = changes;
      changes = [];
      return taken;
    },
    problems: () => [...problems.values()].flat().map(formatProblem),
  };
}
