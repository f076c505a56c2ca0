/**
 * The composition root: it reads top to bottom as the pipeline, and is the only file that knows every stage.
 *
 *      objects ─► registries, configuration ─► rows ─► commit ─► mesh ─► catalog ─► views ─► streams
 */
import { setImmediate } from 'node:timers';
import type { Config } from './config/config.ts';
import type { Kind } from './config/kinds.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import type { MeshNetworks } from './config/mesh-networks.ts';
import { ConfigObjects } from './config-objects.ts';
import { ConnectedProxies } from './connected-proxies.ts';
import { Diagnostics } from './diagnostics.ts';
import { GatewayWatch } from './gateway-watch.ts';
import { Graph, type Revision } from './incremental/graph.ts';
import type { Table } from './incremental/table.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { createMesh, type Mesh } from './mesh/mesh.ts';
import { meshKey } from './mesh/tables.ts';
import type { Catalog, CatalogChange } from './model/catalog.ts';
import { filesRegistry, kubernetesRegistry } from './model/cluster.ts';
import type { Inbound } from './model/inbound.ts';
import type { ObjectChange } from './model/kubernetes-object.ts';
import type { ObjectSink } from './model/object-source.ts';
import type { Origin } from './model/origin.ts';
import type { Proxy } from './model/proxy.ts';
import type { Scope } from './model/scope.ts';
import type { Sink } from './model/source.ts';
import { type Layer, ObjectLayers } from './object-layers.ts';
import { PatchWatch } from './patch-watch.ts';
import { CatalogRegistry } from './registry/catalog/registry.ts';
import { Clusters } from './registry/clusters.ts';
import type { RegistryChange } from './registry/registry.ts';
import { ServiceEntryRegistry } from './registry/service-entry/registry.ts';
import { VirtualAddresses } from './registry/virtual-addresses.ts';
import { rowStage } from './registry-rows.ts';
import { createCatalog } from './resource/catalog.ts';
import { ViewStore } from './resource/view-store.ts';
import { type SourceState, SourceStates } from './source-states.ts';
import type { ProxyHost } from './xds/ads-service.ts';

export interface ControlPlaneOptions {
  readonly log: Log;
  /** The id of the cluster that objects come from. */
  readonly cluster: string;
  readonly domainSuffix: string;
  /** What holds where the MeshConfig says nothing; Istio's defaults hold where this says nothing either. */
  readonly meshDefaults?: MeshConfig;
  /** The time, in milliseconds since the epoch. */
  readonly now?: () => number;
  /** For what is done a little later. */
  readonly clock?: Clock;
  /** Told of each commit and how long it took. */
  readonly onCommit?: (revision: Revision, durationMs: number) => void;
  /** Told of rows and objects that sources report. */
  readonly onInbound?: (type: Inbound, count: number) => void;
  /** Told of each computation, for tests that count them. */
  readonly onCompute?: (query: string, key: string) => void;
  /** Clients are not narrowed; only the oracle wants that. */
  readonly narrows?: boolean;
}

/** What a source reports. */
export interface SinkOptions {
  /** The config cluster when absent. */
  readonly cluster?: string;
  /** 0, which is beneath all others, when absent. */
  readonly layer?: Layer;
}
export interface CatalogSink extends Sink<CatalogChange> {
  /** How many instances are in force that the catalog does not name any more. */
  held(count: number): void;
}

const registrationLayer: Layer = -1;

export class ControlPlane implements ProxyHost {
  readonly graph: Graph;
  readonly mesh: Mesh;
  readonly diagnostics: Diagnostics;
  readonly views: ViewStore;
  readonly #options: ControlPlaneOptions;
  readonly #layers: ObjectLayers;
  readonly #sources: SourceStates;
  readonly #clusters: Clusters;
  readonly #rules: ConfigObjects;
  readonly #applyRows: (changes: readonly RegistryChange[]) => void;
  readonly #proxies: ConnectedProxies;
  readonly #addresses = new VirtualAddresses();
  readonly #patches: PatchWatch;
  #isScheduled = false;
  /** When the first change that is staged was seen. */
  #stagedAtMs: number | undefined;

  constructor(options: ControlPlaneOptions) {
    const { log, cluster, domainSuffix, now = Date.now, clock = systemClock, onCompute, narrows } = options;
    this.#options = options;
    this.#sources = new SourceStates({ log, now });
    this.graph = new Graph({
      ...(onCompute === undefined ? {} : { onCompute }),
      onFailure: (query, key, error) =>
        log.error(`${query} failed; its last good value stays`, { resource: key, error }),
    });
    this.mesh = createMesh(this.graph, narrows === undefined ? {} : { narrows });
    const catalog = createCatalog(this.graph, this.mesh);
    this.views = new ViewStore(this.graph, catalog);
    this.diagnostics = new Diagnostics(log);
    this.#layers = new ObjectLayers((key, hidden) => this.diagnostics.replace(`hidden/${key}`, hidden));
    this.#patches = new PatchWatch({
      graph: this.graph,
      envoyFilters: this.mesh.tables.envoyFilters,
      effects: catalog.patchEffects,
      diagnostics: this.diagnostics,
      clock,
    });
    const onInbound = options.onInbound ?? (() => {});
    this.#applyRows = rowStage(this.mesh.tables, onInbound);
    const serviceEntries = new ServiceEntryRegistry(cluster, this.#addresses);
    this.#rules = new ConfigObjects(this.mesh.tables, serviceEntries, this.diagnostics, {
      rows: this.#applyRows,
      taken: (kind) => {
        onInbound('config', 1);
        if (kind === 'EnvoyFilter') this.#patches.changed();
      },
    });
    this.#clusters = new Clusters(
      { cluster, domainSuffix, now },
      {
        rows: this.#applyRows,
        others: (changes) => this.#rules.apply(changes),
        problems: (part, problems) => this.diagnostics.replace(part, problems),
        forget: (parts) => {
          for (const part of parts) this.diagnostics.forget(part);
        },
      },
    );
    this.#proxies = new ConnectedProxies({
      graph: this.graph,
      mesh: this.mesh,
      log,
      cluster,
      isKnown: (named) => this.#clusters.has(named),
      watches: [new GatewayWatch(this.graph, this.mesh, this.diagnostics), this.#patches],
      commit: () => this.commit(),
      schedule: () => this.#schedule(),
    });
    this.addCluster(cluster);
    this.setMeshConfig({});
  }

  /**
   * Where a source of objects delivers what it finds; of the config cluster unless another one is named, whose objects
   * those of higher layers lie over. All sinks are asked for before any is used.
   */
  sink(name: string, { cluster = this.#options.cluster, layer = 0 }: SinkOptions = {}): ObjectSink {
    this.#layers.expect(layer);
    const isConfig = cluster === this.#options.cluster;
    const registry = name === filesRegistry ? filesRegistry : kubernetesRegistry(cluster);
    const state = this.#sources.add({ name, cluster, registry, held: undefined });
    this.addCluster(cluster);
    return {
      apply: (changes) => this.apply(isConfig ? this.#layers.apply(layer, changes) : changes, cluster),
      problems: (part, problems) => this.#clusters.problems(cluster, part, problems),
      ...this.#reportsOf(state),
    };
  }

  /**
   * Where WorkloadEntries go that workloads have made by registering themselves: beneath all others, as what somebody has
   * written on purpose counts. Asked for before any sink is used.
   */
  registrations(): (changes: readonly ObjectChange[]) => void {
    this.#layers.expect(registrationLayer, 'WorkloadEntry');
    return (changes) => this.apply(this.#layers.apply(registrationLayer, changes));
  }

  /** Where the versions of an object of the config cluster stand, by layer from below; nothing while there is one layer. */
  originsOf(key: string): readonly Origin[] {
    return this.#layers.originsOf(key);
  }

  /** What a source says of itself. */
  #reportsOf(state: SourceState): Pick<ObjectSink, 'synced' | 'freshness'> {
    return {
      synced: () => {
        state.isSynced = true;
        this.commit();
      },
      freshness: (freshness) => {
        state.freshness = freshness;
      },
    };
  }

  /** Where a catalog of services delivers what it finds: past a guard, so that an emptied platform empties no mesh. */
  catalogSink({ name, kind }: Pick<Catalog, 'name' | 'kind'>): CatalogSink {
    const { cluster } = this.#options;
    const state = this.#sources.add({ name, cluster, registry: name, held: 0 });
    const problems: CatalogSink['problems'] = (part, found) => this.diagnostics.replace(part, found);
    const apply = (changes: readonly RegistryChange[]) => {
      this.#applyRows(changes);
      this.#schedule();
    };
    const registry = new CatalogRegistry({ name, kind, cluster, addresses: this.#addresses }, { apply, problems });
    return {
      apply: (changes) => registry.apply(changes),
      problems,
      ...this.#reportsOf(state),
      held: (count) => {
        state.held = count;
      },
    };
  }

  /** How each source is doing. */
  get sources(): readonly SourceState[] {
    return this.#sources.all;
  }

  /** Tells the log which sources nobody has seen for long: call it now and then. */
  noteLost(): void {
    this.#sources.noteLost();
  }

  /**
   * Takes changed objects of a cluster; what they mean is in force after the next commit, which follows at once. What does
   * not belong to a cluster that is known is passed over: a source may say its last words after its cluster is gone.
   */
  apply(changes: readonly ObjectChange[], cluster = this.#options.cluster): void {
    if (!this.#clusters.has(cluster)) return;
    this.#clusters.apply(cluster, changes);
    this.#schedule();
  }

  /** Makes a cluster known beside the config cluster, so that proxies may say that they run there. */
  addCluster(cluster: string): void {
    this.#clusters.add(cluster);
    this.#proxies.clusterAdded(cluster);
    this.mesh.tables.clusters.put(cluster, { id: cluster, isConfig: cluster === this.#options.cluster });
    this.#schedule();
  }

  /** Drops all that is known of another cluster than the config cluster, its sources too. */
  removeCluster(cluster: string): void {
    if (cluster === this.#options.cluster) return;
    this.#sources.removeCluster(cluster);
    this.#clusters.remove(cluster);
    this.mesh.tables.clusters.remove(cluster);
    this.#schedule();
  }

  /** Judges again what time alone can turn bad, such as certificates: call it now and then. */
  recheck(): void {
    this.#clusters.recheck();
    this.#schedule();
  }

  /** The tables of rules, by kind. */
  configTables(): readonly (readonly [Kind, Table<Config<unknown>>])[] {
    return this.#rules.tables();
  }

  setMeshConfig(stated: MeshConfig): void {
    const config = { ...this.#options.meshDefaults, ...stated };
    this.#options.onInbound?.('mesh', 1);
    this.mesh.tables.meshConfig.put(meshKey, config);
    this.#clusters.select(config.discoverySelectors ?? []);
    this.#schedule();
  }

  /** Takes MeshNetworks, of which there are none at first. */
  setMeshNetworks(networks: MeshNetworks): void {
    this.mesh.tables.meshNetworks.put(meshKey, networks);
    this.#schedule();
  }

  /** Makes everything staged visible and tells the streams. */
  commit(): void {
    const start = performance.now();
    const before = this.graph.revision;
    const revision = this.graph.commit();
    if (revision !== before) this.#options.onCommit?.(revision, performance.now() - start);
    this.views.settle(this.#stagedAtMs ?? Date.now());
    this.#stagedAtMs = undefined;
    this.#proxies.settle();
    this.views.closeUnused();
  }

  connect(proxy: Proxy, onScope: (scope: Scope) => void): { readonly scope: Scope; close(): void } {
    return this.#proxies.connect(proxy, onScope);
  }

  view(type: string, scope: Scope): ReturnType<ViewStore['view']> {
    return this.views.view(type, scope);
  }

  /** Lets go of what would still be done later. */
  close(): void {
    this.#patches.close();
  }

  /** The first change after quiet commits in this turn's end; what arrives meanwhile joins it. */
  #schedule(): void {
    this.#stagedAtMs ??= Date.now();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.commit();
    });
  }
}
