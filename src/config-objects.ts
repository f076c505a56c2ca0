/**
 * Objects of the config cluster that are rules, or nothing of ours: what they mean, and what is wrong with them.
 *
 *      object ─► decoded ─┬► its kind's table
 *                         ├► rows of services that it states
 *                         └► problems
 */
import { type Config, configKey } from './config/config.ts';
import { decodeConfig } from './config/decode.ts';
import { foreignProblems } from './config/foreign-object.ts';
import { istioKind, type Kind, type Spec } from './config/kinds.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Table } from './incremental/table.ts';
import type { Tables } from './mesh/tables.ts';
import { type ObjectChange, objectKey } from './model/kubernetes-object.ts';
import type { RegistryChange } from './registry/registry.ts';
import type { ServiceEntryRegistry } from './registry/service-entry/registry.ts';

export interface ConfigObjectsSink {
  /** Rows of services and workloads that rules state. */
  rows(changes: readonly RegistryChange[]): void;
  /** A rule has been taken. */
  taken(kind: Kind): void;
}

type ConfigTables = { readonly [K in Kind]?: Table<Config<Spec<K>>> };

export class ConfigObjects {
  readonly #tables: ConfigTables;
  readonly #serviceEntries: ServiceEntryRegistry;
  readonly #diagnostics: Diagnostics;
  readonly #sink: ConfigObjectsSink;

  constructor(tables: Tables, serviceEntries: ServiceEntryRegistry, diagnostics: Diagnostics, sink: ConfigObjectsSink) {
    this.#tables = {
      VirtualService: tables.virtualServices,
      DestinationRule: tables.destinationRules,
      ServiceEntry: tables.serviceEntries,
      WorkloadEntry: tables.workloadEntries,
      WorkloadGroup: tables.workloadGroups,
      Gateway: tables.gateways,
      Sidecar: tables.sidecars,
      EnvoyFilter: tables.envoyFilters,
    };
    this.#serviceEntries = serviceEntries;
    this.#diagnostics = diagnostics;
    this.#sink = sink;
  }

  /** The tables of rules, by kind. */
  tables(): readonly (readonly [Kind, Table<Config<unknown>>])[] {
    return Object.entries(this.#tables) as [Kind, Table<Config<unknown>>][];
  }

  /** Stages what changed objects mean for the next commit. */
  apply(changes: readonly ObjectChange[]): void {
    for (const change of changes) {
      const kind = istioKind(change);
      if (kind !== undefined) this.#applyRule(kind, change);
      else this.#noteForeign(change);
    }
  }

  #applyRule(kind: Kind, change: ObjectChange): void {
    const { object } = change;
    const part = objectKey(change);
    const table = this.#tables[kind] as Table<Config<unknown>> | undefined;
    if (object === undefined) {
      this.#diagnostics.replace(part, []);
      table?.remove(configKey(change));
      this.#applyToRegistry(kind, change, undefined);
    } else {
      const { config, problems } = decodeConfig(kind, object);
      this.#diagnostics.replace(part, problems);
      // An object with errors keeps its last good version.
      if (config === undefined) return;
      table?.put(configKey(change), config as Config<unknown>);
      this.#applyToRegistry(kind, change, config as Config<unknown>);
    }
    this.#sink.taken(kind);
  }

  #applyToRegistry(kind: Kind, change: ObjectChange, config: Config<unknown> | undefined): void {
    if (kind === 'ServiceEntry')
      this.#sink.rows(
        this.#serviceEntries.serviceEntry(configKey(change), config as Config<Spec<'ServiceEntry'>> | undefined),
      );
    if (kind === 'WorkloadEntry')
      this.#sink.rows([
        this.#serviceEntries.workloadEntry(
          change.namespace,
          change.name,
          config as Config<Spec<'WorkloadEntry'>> | undefined,
        ),
      ]);
  }

  /** Objects of Kubernetes that say nothing of traffic are passed over; others may be a mistake. */
  #noteForeign(change: ObjectChange): void {
    const problems = change.object === undefined ? [] : foreignProblems(change.object);
    this.#diagnostics.replace(objectKey(change), problems);
  }
}
