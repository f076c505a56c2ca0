/**
 * Istio's ServiceEntry and WorkloadEntry as a registry: services that a user states.
 *
 *      ServiceEntry ──► service row and endpoint shard row, for each host; address row for a host without any
 *      WorkloadEntry ─► workload row, which services select by its labels
 */
import type { Config } from '../../config/config.ts';
import type { ServiceEntry, WorkloadEntry } from '../../config/service-entry.ts';
import { shardKey } from '../../model/endpoint.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import { serviceKey } from '../../model/service.ts';
import { workloadKey } from '../../model/workload.ts';
import type { RegistryChange } from '../registry.ts';
import type { VirtualAddresses } from '../virtual-addresses.ts';
import { toShard } from './endpoint-shard.ts';
import { toServices } from './service.ts';
import { toWorkload } from './workload.ts';

export class ServiceEntryRegistry {
  readonly #cluster: string;
  /** The rows that each ServiceEntry has made. */
  readonly #rows = new Map<string, ReadonlyMap<string, RegistryChange>>();
  readonly #addresses: VirtualAddresses;

  constructor(cluster: string, addresses: VirtualAddresses) {
    this.#cluster = cluster;
    this.#addresses = addresses;
  }

  /** The changes of rows that follow from a ServiceEntry that is new, different or (undefined) gone. */
  serviceEntry(key: string, config: Config<ServiceEntry> | undefined): readonly RegistryChange[] {
    const rows = new Map(
      (config === undefined ? [] : this.#rowsOf(config)).map((change) => [`${change.table}/${change.key}`, change]),
    );
    const gone = [...(this.#rows.get(key) ?? [])].filter(([id]) => !rows.has(id));
    if (config === undefined) this.#rows.delete(key);
    else this.#rows.set(key, rows);
    const services = [...rows.values()].flatMap((change) =>
      change.table === 'service' && change.row !== undefined ? [change.row] : [],
    );
    const addresses = this.#addresses.seek(`${statedRegistry}/${key}`, services);
    return [...gone.map(([, change]) => ({ ...change, row: undefined })), ...rows.values(), ...addresses];
  }

  /** The change of a row that follows from a WorkloadEntry that is new, different or (undefined) gone. */
  workloadEntry(namespace: string, name: string, config: Config<WorkloadEntry> | undefined): RegistryChange {
    const key = workloadKey({ registry: statedRegistry, kind: 'workload-entry', namespace, name });
    return { table: 'workload', key, row: config === undefined ? undefined : toWorkload(config, this.#cluster) };
  }

  #rowsOf(config: Config<ServiceEntry>): readonly RegistryChange[] {
    return toServices(config).flatMap((service) => {
      const shard = toShard(config, service.hostname, this.#cluster);
      const row: RegistryChange = { table: 'service', key: serviceKey(service), row: service };
      return shard === undefined ? [row] : [row, { table: 'endpointShard', key: shardKey(shard), row: shard }];
    });
  }
}
