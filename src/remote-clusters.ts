/**
 * Further clusters of the mesh, whose kubeconfigs stand in Secrets of the config cluster, as a source.
 *
 *      Secrets labelled istio/multiCluster=true ─► kubeconfig per cluster ─► the cluster's own sources ─► its registry
 *
 * Each cluster is a failure domain of its own: one that cannot be reached keeps what is known of it, and nobody else waits
 * for it longer than `patienceMs`, at the start. A Secret that changes gives its cluster new credentials without a gap; one
 * that is gone takes its cluster along.
 */

import { ApiClient } from './kubernetes/api-client.ts';
import { clusterSources } from './kubernetes/cluster-sources.ts';
import { InstalledKinds } from './kubernetes/installed-kinds.ts';
import { parseKubeconfig } from './kubernetes/kubeconfig.ts';
import { resourceWatch, type WatchTimes } from './kubernetes/resource-watch.ts';
import { registryResources } from './kubernetes/resources.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { isRecord } from './lib/schema.ts';
import type { ServerAccess } from './lib/server-access.ts';
import { AccessError } from './lib/server-access.ts';
import { kubernetesRegistry } from './model/cluster.ts';
import { type KubernetesObject, objectKey } from './model/kubernetes-object.ts';
import type { ObjectSink, ObjectSource } from './model/object-source.ts';
import { type Problem, placeOf } from './model/problem.ts';
import { VisibilityLog } from './source/visibility-log.ts';

export interface RemoteClustersOptions {
  /** Of the config cluster. */
  readonly client: ApiClient;
  readonly configCluster: string;
  /** Where the Secrets are. */
  readonly namespace: string;
  readonly userAgent: string;
  readonly log: Log;
  /** Of the config cluster. */
  readonly visibility: VisibilityLog;
  readonly times?: Partial<WatchTimes>;
  /** What is put between each source, of other clusters too, and whoever takes its changes; nothing when absent. */
  readonly remember?: (source: ObjectSource) => ObjectSource;
  /** How long the start waits for clusters that do not answer, in milliseconds. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
}

/** Where clusters are made known, and report. */
export interface ClusterHost {
  sink(name: string, options: { readonly cluster: string }): ObjectSink;
  removeCluster(cluster: string): void;
}

/** A cluster as a Secret states it. */
interface Statement {
  readonly secret: KubernetesObject;
  readonly kubeconfig: string;
}

interface RemoteCluster {
  readonly client: ApiClient;
  readonly stop: AbortController;
  readonly synced: Promise<void>;
  kubeconfig: string;
}

export function remoteClusters(options: RemoteClustersOptions, host: ClusterHost): ObjectSource {
  const { client, configCluster, namespace, log, visibility, times = {}, remember = (source) => source } = options;
  const watch = resourceWatch({
    client,
    name: `${kubernetesRegistry(configCluster)}/remote clusters`,
    resource: {
      name: 'remote clusters',
      group: '',
      kind: 'Secret',
      paths: [`/api/v1/namespaces/${namespace}/secrets`],
      labelSelector: 'istio/multiCluster=true',
      isOptional: true,
    },
    installed: new InstalledKinds(),
    log,
    visibility,
    times,
  });
  const source = remember(watch);
  return {
    name: source.name,
    async run(sink, signal) {
      const clusters = new RemoteClusters(options, host, sink, signal);
      const synced = () => void clusters.settled().then(() => sink.synced());
      await source.run({ ...sink, synced, apply: (changes) => clusters.apply(changes) }, signal);
    },
  };
}

class RemoteClusters {
  readonly #options: RemoteClustersOptions;
  readonly #host: ClusterHost;
  readonly #sink: ObjectSink;
  readonly #signal: AbortSignal;
  /** By `namespace/name`. */
  readonly #secrets = new Map<string, KubernetesObject>();
  readonly #clusters = new Map<string, RemoteCluster>();

  constructor(options: RemoteClustersOptions, host: ClusterHost, sink: ObjectSink, signal: AbortSignal) {
    this.#options = options;
    this.#host = host;
    this.#sink = sink;
    this.#signal = signal;
  }

  apply(changes: Parameters<ObjectSink['apply']>[0]): void {
    for (const change of changes) {
      const key = objectKey(change);
      if (change.object === undefined) {
        this.#secrets.delete(key);
        this.#sink.problems(partOf(key), []);
      } else this.#secrets.set(key, change.object);
    }
    this.#reconcile();
  }

  /** Resolves when every cluster that is known now has been listed, or has had its time. */
  async settled(): Promise<void> {
    const { patienceMs = 30_000, clock = systemClock, log } = this.#options;
    const waiting = new Set(this.#clusters.keys());
    const all = [...this.#clusters].map(([id, { synced }]) => synced.then(() => waiting.delete(id)));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(patienceMs, resolve);
    await Promise.race([Promise.all(all), late]);
    cancel();
    if (waiting.size > 0)
      log.warn(
        `nobody waits any longer for the clusters ${[...waiting].join(', ')}: they join the mesh when they answer`,
      );
  }

  #reconcile(): void {
    const { statements, problems } = this.#stated();
    for (const [id, { stop }] of this.#clusters)
      if (!statements.has(id)) {
        stop.abort();
        this.#clusters.delete(id);
        this.#host.removeCluster(id);
        this.#options.log.info(`cluster ${id} has left the mesh`, { registry: kubernetesRegistry(id) });
      }
    for (const [id, statement] of statements) {
      const fault = this.#use(id, statement);
      if (fault !== undefined) problems.get(objectKey(statement.secret))?.push(fault);
    }
    for (const [key, found] of problems) this.#sink.problems(partOf(key), found);
  }

  /** The clusters that Secrets state, each by the first of them by name; with what is wrong with Secrets. */
  #stated(): {
    readonly statements: ReadonlyMap<string, Statement>;
    readonly problems: ReadonlyMap<string, Problem[]>;
  } {
    const statements = new Map<string, Statement>();
    const problems = new Map<string, Problem[]>();
    for (const [key, secret] of [...this.#secrets].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const found: Problem[] = [];
      problems.set(key, found);
      const data = isRecord(secret.value.data) ? secret.value.data : {};
      if (Object.keys(data).length === 0)
        found.push(problemOf(secret, 'data', 'expected a kubeconfig by the id of its cluster, found none'));
      for (const [id, text] of Object.entries(data)) {
        const path = `data[${JSON.stringify(id)}]`;
        const other = statements.get(id)?.secret.name;
        if (id === this.#options.configCluster)
          found.push(problemOf(secret, path, `expected another cluster, found the one that this Secret is in, ${id}`));
        else if (other !== undefined)
          found.push(
            problemOf(
              secret,
              path,
              `expected each cluster once, found ${id} in the Secret ${other} too, which is the one that counts`,
            ),
          );
        else statements.set(id, { secret, kubeconfig: Buffer.from(String(text), 'base64').toString('utf8') });
      }
    }
    return { statements, problems };
  }

  /** Starts a cluster, or gives it new credentials; yields what is wrong with its kubeconfig. */
  #use(id: string, { secret, kubeconfig }: Statement): Problem | undefined {
    const known = this.#clusters.get(id);
    if (known?.kubeconfig === kubeconfig) return undefined;
    let access: ServerAccess;
    try {
      access = parseKubeconfig(kubeconfig, 'kubeconfig', {});
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      return problemOf(secret, `data[${JSON.stringify(id)}]`, error.message);
    }
    if (known === undefined) {
      this.#clusters.set(id, this.#start(id, access, kubeconfig));
      this.#options.log.info(`cluster ${id} joins the mesh`, { registry: kubernetesRegistry(id) });
    } else {
      known.client.use(access);
      known.kubeconfig = kubeconfig;
      this.#options.log.info(`cluster ${id} is reached by a new kubeconfig`, { registry: kubernetesRegistry(id) });
    }
    return undefined;
  }

  #start(id: string, access: ServerAccess, kubeconfig: string): RemoteCluster {
    const { userAgent, log, times = {}, remember = (source) => source } = this.#options;
    const client = new ApiClient({ access, userAgent });
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    signal.addEventListener('abort', () => client.close());
    const sources = clusterSources({
      client,
      name: kubernetesRegistry(id),
      resources: registryResources,
      log,
      visibility: new VisibilityLog({ name: kubernetesRegistry(id), log, clock: this.#options.clock ?? systemClock }),
      times,
    }).map(remember);
    const synced = sources.map((source) => {
      const sink = this.#host.sink(source.name, { cluster: id });
      return new Promise<void>((resolve) => {
        const done = () => {
          sink.synced();
          resolve();
        };
        source
          .run({ ...sink, synced: done }, signal)
          .catch((error: unknown) => log.error('a source has failed', { registry: source.name, error }));
      });
    });
    return { client, stop, synced: Promise.all(synced).then(() => {}), kubeconfig };
  }
}

/** The same Secret is looked at for certificates too, by others. */
function partOf(key: string): string {
  return `remote clusters/${key}`;
}

function problemOf({ origin }: KubernetesObject, path: string, message: string): Problem {
  return { code: 'FW0805', severity: 'error', path, message, ...placeOf(origin, undefined) };
}
