/** What registries report, on its way into the mesh's tables. */
import type { Table } from './incremental/table.ts';
import type { Tables } from './mesh/tables.ts';
import type { Inbound } from './model/inbound.ts';
import type { RegistryChange } from './registry/registry.ts';

const inboundOf: { readonly [table in RegistryChange['table']]?: Inbound } = {
  service: 'svc',
  endpointShard: 'eds',
  workload: 'workload',
  namespace: 'namespace',
  secret: 'secret',
};

/** Stages rows for the next commit; `onInbound` is told of each that counts as reported. */
export function rowStage(
  { services, shards, workloads, namespaces, autoAddresses, secrets }: Tables,
  onInbound: (type: Inbound, count: number) => void,
): (changes: readonly RegistryChange[]) => void {
  const tables = {
    service: services,
    endpointShard: shards,
    workload: workloads,
    namespace: namespaces,
    autoAddress: autoAddresses,
    secret: secrets,
  } as const;
  return (changes) => {
    for (const { table, key, row } of changes) {
      const inbound = inboundOf[table];
      if (inbound !== undefined) onInbound(inbound, 1);
      if (row === undefined) tables[table].remove(key);
      else (tables[table] as Table<unknown>).put(key, row);
    }
  };
}
