/**
 * A catalog of services as a registry: Consul, Nomad, or whatever somebody writes an adapter for.
 *
 *      service of the catalog ─► service row, endpoint shard row and address row, for each of its names
 *
 * What cannot be called or connected to is left out and told as a problem; the rest of the service goes on.
 */
import type { CatalogChange, CatalogInstance, CatalogService } from '../../model/catalog.ts';
import { type Endpoint, type EndpointShard, shardKey } from '../../model/endpoint.ts';
import { type Hostname, namespaceInName } from '../../model/hostname.ts';
import { nowhere } from '../../model/locality.ts';
import type { Origin } from '../../model/origin.ts';
import { type Service, serviceKey, youngest } from '../../model/service.ts';
import type { RegistryChange, RegistrySink } from '../registry.ts';
import type { VirtualAddresses } from '../virtual-addresses.ts';
import { checkService, isDnsAddress } from './check.ts';

export interface CatalogRegistryOptions {
  /** The registry's name in rows and messages, such as `consul/dc1`. */
  readonly name: string;
  /** What messages call its services: `ConsulService`. */
  readonly kind: string;
  /** The cluster that its instances count as. */
  readonly cluster: string;
  /** Where its hosts get virtual addresses; they have none when absent. */
  readonly addresses?: VirtualAddresses;
}

export class CatalogRegistry {
  readonly #options: CatalogRegistryOptions;
  readonly #sink: RegistrySink;
  /** The rows that each service has made, by service and table. */
  readonly #rows = new Map<string, ReadonlyMap<string, RegistryChange>>();

  constructor(options: CatalogRegistryOptions, sink: RegistrySink) {
    this.#options = options;
    this.#sink = sink;
  }

  /** Takes changed services and emits the rows that follow, all at once. */
  apply(changes: readonly CatalogChange[]): void {
    this.#sink.apply(changes.flatMap((change) => this.#change(change)));
  }

  /** Emits that all rows are gone. */
  clear(): void {
    this.apply([...this.#rows.keys()].map((name) => ({ name, service: undefined })));
  }

  #change({ name, service }: CatalogChange): readonly RegistryChange[] {
    const before = this.#rows.get(name) ?? new Map<string, RegistryChange>();
    const part = `${this.#options.name}: ${name}`;
    const seeker = `${this.#options.name}/${name}`;
    if (service === undefined) {
      this.#rows.delete(name);
      this.#sink.problems(part, []);
      const gone = [...before.values()].map((change) => ({ ...change, row: undefined }));
      return [...gone, ...this.#seek(seeker, [])];
    }
    const { kind, name: cluster } = this.#options;
    const origin: Origin = { kind, namespace: service.namespace, name, cluster };
    const { usable, problems } = checkService(service, origin);
    this.#sink.problems(part, problems);
    const rows = new Map(this.#rowsOf(usable, origin).map((change) => [`${change.table}/${change.key}`, change]));
    this.#rows.set(name, rows);
    const gone = [...before].filter(([id]) => !rows.has(id)).map(([, change]) => ({ ...change, row: undefined }));
    const services = [...rows.values()].flatMap((change) =>
      change.table === 'service' && change.row !== undefined ? [change.row] : [],
    );
    return [...gone, ...rows.values(), ...this.#seek(seeker, services)];
  }

  #seek(seeker: string, services: readonly Service[]): readonly RegistryChange[] {
    return this.#options.addresses?.seek(seeker, services) ?? [];
  }

  #rowsOf(service: CatalogService, origin: Origin): readonly RegistryChange[] {
    return service.hostnames.flatMap((hostname): readonly RegistryChange[] => {
      const row = this.#toService(service, hostname, origin);
      const shard = this.#toShard(service, row);
      return [
        { table: 'service', key: serviceKey(row), row },
        { table: 'endpointShard', key: shardKey(shard), row: shard },
      ];
    });
  }

  #toService(service: CatalogService, hostname: Hostname, origin: Origin): Service {
    const { namespace, ports, labels = {}, createdAt = youngest, instances } = service;
    return {
      registry: this.#options.name,
      hostname,
      namespace: namespaceInName(hostname) ?? namespace,
      // Keys are read from their ends, so that a name must not have parts.
      name: encodeURIComponent(origin.name),
      ports,
      addresses: [],
      resolution: instances.some(({ address }) => isDnsAddress(address)) ? 'dns' : 'static',
      isExternal: false,
      isHeadless: false,
      createdAt,
      labels,
      origin,
    };
  }

  #toShard({ instances }: CatalogService, { hostname, namespace, name, origin }: Service): EndpointShard {
    const endpoints = instances.map((instance) => this.#toEndpoint(instance, namespace));
    return { registry: this.#options.name, hostname, namespace, name, endpoints, origin };
  }

  #toEndpoint(instance: CatalogInstance, namespace: string): Endpoint {
    const { id, address, ports, labels = {}, locality = nowhere, weight = 1, health = 'unknown' } = instance;
    const { network = '', serviceAccount = '', nodeName = '' } = instance;
    return {
      address,
      ports,
      labels,
      locality,
      weight,
      health,
      network,
      serviceAccount,
      nodeName,
      workload: id,
      namespace,
      cluster: this.#options.cluster,
    };
  }
}
