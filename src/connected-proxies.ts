/** Connected proxies are rows too: what each one's scope is, and who must know when it moves to another. */
import type { Graph } from './incremental/graph.ts';
import type { Log } from './lib/log.ts';
import type { Mesh } from './mesh/mesh.ts';
import type { Proxy } from './model/proxy.ts';
import type { Scope } from './model/scope.ts';

export interface ConnectedProxiesOptions {
  readonly graph: Graph;
  readonly mesh: Mesh;
  readonly log: Log;
  /** The config cluster, as which proxies of clusters that nobody knows are served. */
  readonly cluster: string;
  /** Whether a cluster is known. */
  isKnown(cluster: string): boolean;
  /** Told of the scope of each proxy that comes, or goes. A move is both. */
  readonly watches: readonly { enter(scope: Scope): void; leave(scope: Scope): void }[];
  /** Makes staged rows visible now. */
  commit(): void;
  /** Makes them visible soon. */
  schedule(): void;
}

/** Nobody can fill the log, or the memory, with names of clusters. */
const mostUnknownClusters = 100;

export class ConnectedProxies {
  readonly #options: ConnectedProxiesOptions;
  /** Clusters that proxies named and nobody knows: each is worth one warning. */
  readonly #unknownClusters = new Set<string>();
  /** What the last commit wants done once all views are settled. */
  readonly #moves = new Set<() => void>();

  constructor(options: ConnectedProxiesOptions) {
    this.#options = options;
  }

  /** Makes a proxy known; `onScope` is told of each other scope that it moves to, in `settle`. */
  connect(proxy: Proxy, onScope: (scope: Scope) => void): { readonly scope: Scope; close(): void } {
    this.#noteCluster(proxy);
    const { graph, mesh, commit, schedule } = this.#options;
    const { proxies } = mesh.tables;
    proxies.put(proxy.connection, proxy);
    commit();
    // A view that is opened amid a commit would take some of its parts from before it.
    const watch = graph.watch(mesh.scope, proxy.connection, (next) => {
      if (next !== undefined) this.#moves.add(() => move(next));
    });
    const leave = () => {
      watch.close();
      proxies.remove(proxy.connection);
      schedule();
    };
    const scope = watch.value;
    if (scope === undefined) {
      leave();
      throw new Error(`proxy ${proxy.connection} has no scope`);
    }
    let current = scope;
    const move = (next: Scope) => {
      this.#enter(next);
      this.#leave(current);
      current = next;
      onScope(next);
    };
    this.#enter(scope);
    const close = () => {
      this.#leave(current);
      leave();
    };
    return { scope, close };
  }

  /** Moves proxies to the scopes that the last commit put them in: call it once all views are settled. */
  settle(): void {
    for (const move of this.#moves) {
      this.#moves.delete(move);
      move();
    }
  }

  /** A cluster is known from now on: should that end, it is worth a warning again. */
  clusterAdded(cluster: string): void {
    this.#unknownClusters.delete(cluster);
  }

  #noteCluster({ cluster, name }: Proxy): void {
    const isNoted = this.#unknownClusters.has(cluster) || this.#unknownClusters.size >= mostUnknownClusters;
    if (this.#options.isKnown(cluster) || isNoted) return;
    this.#unknownClusters.add(cluster);
    this.#options.log.warn(
      `expected CLUSTER_ID to be a cluster that is known, found ${JSON.stringify(cluster)}: served as in ${this.#options.cluster}`,
      { proxy: name },
    );
  }

  #enter(scope: Scope): void {
    for (const watch of this.#options.watches) watch.enter(scope);
  }

  #leave(scope: Scope): void {
    for (const watch of this.#options.watches) watch.leave(scope);
  }
}
