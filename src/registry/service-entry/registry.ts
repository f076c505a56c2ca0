/**
 * Istio's ServiceEntry and WorkloadEntry as a registry: services that a user states.
 *
 *      ServiceEntry ──► service row and endpoint shard row, for each host; address row for a host without any
 *      WorkloadEntry ─► workload row, which services select by its labels
 */
import type { Config } from '../../config/config.ts';
import type { ServiceEntry, WorkloadEntry } from '../../config/service-entry.ts';
import { ensure } from '../../lib/ensure.ts';
import { shardKey } from '../../model/endpoint.ts';
import { isWildcard } from '../../model/hostname.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import { serviceKey } from '../../model/service.ts';
import { workloadKey } from '../../model/workload.ts';
import type { RegistryChange } from '../registry.ts';
import { type AddressClaim, AutoAddresses } from './auto-addresses.ts';
import { toShard } from './endpoint-shard.ts';
import { toServices } from './service.ts';
import { toWorkload } from './workload.ts';

export class ServiceEntryRegistry {
  readonly #cluster: string;
  /** The rows that each ServiceEntry has made. */
  readonly #rows = new Map<string, ReadonlyMap<string, RegistryChange>>();
  readonly #addresses = new AutoAddresses();
  /** For each host that wants an address, when the ServiceEntries that state it were made. */
  readonly #seekers = new Map<string, Map<string, number>>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  /** The changes of rows that follow from a ServiceEntry that is new, different or (undefined) gone. */
  serviceEntry(key: string, config: Config<ServiceEntry> | undefined): readonly RegistryChange[] {
    const rows = new Map(
      (config === undefined ? [] : this.#rowsOf(config)).map((change) => [`${change.table}/${change.key}`, change]),
    );
    const gone = [...(this.#rows.get(key) ?? [])].filter(([id]) => !rows.has(id));
    const before = [...(this.#rows.get(key)?.values() ?? [])].flatMap(seekerOf);
    if (config === undefined) this.#rows.delete(key);
    else this.#rows.set(key, rows);
    const addresses = this.#seekAddresses(key, before, [...rows.values()].flatMap(seekerOf));
    return [...gone.map(([, change]) => ({ ...change, row: undefined })), ...rows.values(), ...addresses];
  }

  /** The change of a row that follows from a WorkloadEntry that is new, different or (undefined) gone. */
  workloadEntry(namespace: string, name: string, config: Config<WorkloadEntry> | undefined): RegistryChange {
    const key = workloadKey({ registry: statedRegistry, kind: 'workload-entry', namespace, name });
    return { table: 'workload', key, row: config === undefined ? undefined : toWorkload(config, this.#cluster) };
  }

  /** Takes what hosts a ServiceEntry wanted addresses for, and for which it does now. */
  #seekAddresses(
    entry: string,
    before: readonly AddressClaim[],
    now: readonly AddressClaim[],
  ): readonly RegistryChange[] {
    const changed = new Set<string>();
    for (const { key } of before) this.#seekers.get(key)?.delete(entry);
    for (const { key, createdAt } of now) ensure(this.#seekers, key, () => new Map()).set(entry, createdAt);
    for (const key of new Set([...before, ...now].map((claim) => claim.key))) {
      const ages = [...(this.#seekers.get(key)?.values() ?? [])];
      if (ages.length === 0) this.#seekers.delete(key);
      const moved =
        ages.length === 0 ? this.#addresses.release(key) : this.#addresses.claim({ key, createdAt: Math.min(...ages) });
      for (const one of moved) changed.add(one);
    }
    return [...changed].map((key) => {
      const row = this.#addresses.addressesOf(key);
      return { table: 'autoAddress', key, row: row.length === 0 ? undefined : row };
    });
  }

  #rowsOf(config: Config<ServiceEntry>): readonly RegistryChange[] {
    return toServices(config).flatMap((service) => {
      const shard = toShard(config, service.hostname, this.#cluster);
      const row: RegistryChange = { table: 'service', key: serviceKey(service), row: service };
      return shard === undefined ? [row] : [row, { table: 'endpointShard', key: shardKey(shard), row: shard }];
    });
  }
}

/** The claim of a service that states no address and whose connections can be told by one. */
function seekerOf({ table, row }: RegistryChange): readonly AddressClaim[] {
  if (table !== 'service' || row === undefined) return [];
  const { hostname, namespace, addresses, resolution, labels, createdAt } = row;
  const isOff = labels['networking.istio.io/enable-autoallocate-ip'] === 'false';
  if (isOff || addresses.length > 0 || resolution === 'passthrough' || isWildcard(hostname)) return [];
  return [{ key: `${namespace}/${hostname}`, createdAt }];
}
