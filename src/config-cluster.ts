/** The cluster that holds services and rules, with all that is read of it. */
import { customResources } from './config/custom-resources.ts';
import { kinds } from './config/kinds.ts';
import { ApiClient } from './kubernetes/api-client.ts';
import { clusterSources } from './kubernetes/cluster-sources.ts';
import type { WatchTimes } from './kubernetes/resource-watch.ts';
import { customResource, registryResources, secretResources } from './kubernetes/resources.ts';
import type { WatchedResource } from './kubernetes/watched-resource.ts';
import { systemClock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { ServerAccess } from './lib/server-access.ts';
import { meshConfigMap } from './mesh-config-map.ts';
import type { MeshConfigSource } from './mesh-config-source.ts';
import { kubernetesRegistry } from './model/cluster.ts';
import type { ObjectSource } from './model/object-source.ts';
import { type ClusterHost, remoteClusters } from './remote-clusters.ts';
import { VisibilityLog } from './source/visibility-log.ts';

export interface ConfigClusterOptions {
  readonly access: ServerAccess;
  /** Its id, by which proxies and other clusters know it. */
  readonly id: string;
  readonly version: string;
  /** Where the control plane's own objects are. */
  readonly systemNamespace: string;
  /** The ConfigMap with the MeshConfig. */
  readonly meshConfigMap: string;
  readonly log: Log;
  readonly times?: Partial<WatchTimes>;
  /** What is put between each source and whoever takes its changes; nothing when absent. */
  readonly remember?: (source: ObjectSource) => ObjectSource;
  /** How long an answer may take to begin, and to go on, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface ConfigCluster {
  readonly client: ApiClient;
  readonly sources: readonly ObjectSource[];
  readonly meshConfig: MeshConfigSource;
  /** The source of further clusters, which they are made known to. */
  readonly others: (host: ClusterHost) => ObjectSource;
}

export function configCluster(options: ConfigClusterOptions): ConfigCluster {
  const { access, id, version, systemNamespace: namespace, log, times = {}, timeoutMs } = options;
  const { remember = (source) => source } = options;
  const userAgent = `fairway/${version}`;
  const client = new ApiClient({ access, userAgent, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  const name = kubernetesRegistry(id);
  const visibility = new VisibilityLog({ name, log, clock: systemClock });
  const resources = [...registryResources, ...secretResources, ...istioResources()];
  return {
    client,
    sources: clusterSources({ client, name, resources, log, visibility, times }).map(remember),
    meshConfig: meshConfigMap({
      client,
      name: `${name}/mesh configuration`,
      namespace,
      configMap: options.meshConfigMap,
      log,
      visibility,
      times,
      remember,
    }),
    others: (host) =>
      remoteClusters({ client, configCluster: id, namespace, userAgent, log, visibility, times, remember }, host),
  };
}

function istioResources(): readonly WatchedResource[] {
  return customResources.map(({ versions, ...names }) => ({
    ...customResource(names, versions),
    // Nobody waits for what is only checked.
    isOptional: kinds[names.kind].status === 'pending',
  }));
}
