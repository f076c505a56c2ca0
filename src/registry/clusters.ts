/**
 * The Kubernetes clusters of a mesh: for each a registry of its own, over the objects that discoverySelectors choose there.
 *
 *      objects of the config cluster ─┬► its registry ─► rows
 *                                     └► rules
 *      objects of another cluster ─────► its registry ─► rows
 *
 * Rules and secrets come from the config cluster alone: whoever may write into another cluster rules only what runs there.
 */
import type { MeshConfig } from '../config/mesh-config.ts';
import { ensure } from '../lib/ensure.ts';
import { kubernetesRegistry } from '../model/cluster.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import type { Problem } from '../model/problem.ts';
import { DiscoveredObjects } from './discovery.ts';
import { isKubernetesKind, KubernetesRegistry, type KubernetesRegistryOptions } from './kubernetes/registry.ts';
import type { RegistryChange } from './registry.ts';

export interface ClustersOptions extends Omit<KubernetesRegistryOptions, 'name' | 'systemNamespace'> {
  /** The id of the config cluster, which is there from the start. */
  readonly cluster: string;
}

export interface ClustersSink {
  rows(changes: readonly RegistryChange[]): void;
  /** Objects of the config cluster that its registry does not read. */
  others(changes: readonly ObjectChange[]): void;
  problems(part: string, problems: readonly Problem[]): void;
  /** Nobody looks at these parts any more. */
  forget(parts: Iterable<string>): void;
}

type Selectors = NonNullable<MeshConfig['discoverySelectors']>;

interface Cluster {
  readonly objects: DiscoveredObjects;
  readonly registry: KubernetesRegistry;
  /** The parts that problems were reported of. */
  readonly parts: Set<string>;
}

export class Clusters {
  readonly #options: ClustersOptions;
  readonly #sink: ClustersSink;
  readonly #clusters = new Map<string, Cluster>();
  #selectors: Selectors = [];

  constructor(options: ClustersOptions, sink: ClustersSink) {
    this.#options = options;
    this.#sink = sink;
    this.add(options.cluster);
  }

  has(cluster: string): boolean {
    return this.#clusters.has(cluster);
  }

  /** Makes a cluster known, so that proxies may say that they run there. */
  add(cluster: string): void {
    ensure(this.#clusters, cluster, () => this.#create(cluster));
  }

  /** Takes changed objects of a cluster that is known and emits the rows that follow. */
  apply(cluster: string, changes: readonly ObjectChange[]): void {
    const objects = this.#clusters.get(cluster)?.objects;
    if (objects === undefined) return;
    const own =
      cluster === this.#options.cluster
        ? changes
        : changes.filter(isOfAnyCluster).map((change) => marked(change, cluster));
    this.#applyDiscovered(cluster, objects.apply(own));
  }

  /** Takes MeshConfig's discoverySelectors, which hold for every cluster, by its own namespaces. */
  select(selectors: Selectors): void {
    this.#selectors = selectors;
    for (const [cluster, { objects }] of this.#clusters) this.#applyDiscovered(cluster, objects.select(selectors));
  }

  /** Emits that all rows of a cluster are gone. The config cluster stays. */
  remove(cluster: string): void {
    const known = this.#clusters.get(cluster);
    if (known === undefined || cluster === this.#options.cluster) return;
    this.#clusters.delete(cluster);
    known.registry.clear();
    this.#sink.forget(known.parts);
  }

  /** Judges again what time alone can turn bad: call it now and then. */
  recheck(): void {
    for (const { registry } of this.#clusters.values()) registry.recheck();
  }

  /** All that is wrong with a part of a cluster's source, replacing what was said of it before. */
  problems(cluster: string, part: string, problems: readonly Problem[]): void {
    if (cluster === this.#options.cluster) {
      this.#sink.problems(part, problems);
      return;
    }
    const known = this.#clusters.get(cluster);
    if (known === undefined) return;
    const own = `cluster ${cluster}: ${part}`;
    if (problems.length === 0) known.parts.delete(own);
    else known.parts.add(own);
    this.#sink.problems(own, problems);
  }

  #create(cluster: string): Cluster {
    const objects = new DiscoveredObjects();
    objects.select(this.#selectors);
    const { domainSuffix, now } = this.#options;
    const registry = new KubernetesRegistry(
      { name: kubernetesRegistry(cluster), cluster, domainSuffix, systemNamespace, now },
      {
        apply: (changes) => this.#sink.rows(changes),
        problems: (object, problems) => this.problems(cluster, object, problems),
      },
    );
    return { objects, registry, parts: new Set() };
  }

  #applyDiscovered(cluster: string, changes: readonly ObjectChange[]): void {
    this.#clusters.get(cluster)?.registry.apply(changes.filter(isKubernetesKind));
    if (cluster === this.#options.cluster) this.#sink.others(changes.filter((change) => !isKubernetesKind(change)));
  }
}

/** Where istiod would run; its label names the network of the cluster. */
const systemNamespace = 'istio-system';

/** Whether an object counts in whichever cluster it is: what runs there, and where. */
function isOfAnyCluster(change: ObjectChange): boolean {
  return isKubernetesKind(change) && change.kind !== 'Secret' && change.kind !== 'ConfigMap';
}

/** The change of an object that tells which cluster it is of. */
function marked({ object, ...identity }: ObjectChange, cluster: string): ObjectChange {
  return object === undefined
    ? identity
    : { ...identity, object: { ...object, origin: { ...object.origin, cluster } } };
}
