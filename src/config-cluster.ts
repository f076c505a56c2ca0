/** The cluster that holds services and rules, with all that is read of it. */
import { kinds } from './config/kinds.ts';
import type { ClusterAccess } from './kubernetes/access.ts';
import { ApiClient } from './kubernetes/api-client.ts';
import { clusterSources } from './kubernetes/cluster-sources.ts';
import type { WatchTimes } from './kubernetes/resource-watch.ts';
import { customResource, registryResources, secretResources } from './kubernetes/resources.ts';
import type { WatchedResource } from './kubernetes/watched-resource.ts';
import type { Log } from './lib/log.ts';
import { meshConfigMap } from './mesh-config-map.ts';
import type { MeshConfigSource } from './mesh-config-source.ts';
import { kubernetesRegistry } from './model/cluster.ts';
import type { ObjectSource } from './model/object-source.ts';
import { type ClusterHost, remoteClusters } from './remote-clusters.ts';

export interface ConfigClusterOptions {
  readonly access: ClusterAccess;
  /** Its id, by which proxies and other clusters know it. */
  readonly id: string;
  readonly version: string;
  /** Where the control plane's own objects are. */
  readonly systemNamespace: string;
  /** The ConfigMap with the MeshConfig. */
  readonly meshConfigMap: string;
  readonly log: Log;
  readonly times?: Partial<WatchTimes>;
}

export interface ConfigCluster {
  readonly client: ApiClient;
  readonly sources: readonly ObjectSource[];
  readonly meshConfig: MeshConfigSource;
  /** The source of further clusters, which they are made known to. */
  readonly others: (host: ClusterHost) => ObjectSource;
}

export function configCluster(options: ConfigClusterOptions): ConfigCluster {
  const { access, id, version, systemNamespace: namespace, log, times = {} } = options;
  const userAgent = `fairway/${version}`;
  const client = new ApiClient({ access, userAgent });
  const name = kubernetesRegistry(id);
  const resources = [...registryResources, ...secretResources, ...istioResources()];
  return {
    client,
    sources: clusterSources({ client, name, resources, log, times }),
    meshConfig: meshConfigMap({
      client,
      name: `${name}/mesh configuration`,
      namespace,
      configMap: options.meshConfigMap,
      log,
      times,
    }),
    others: (host) => remoteClusters({ client, configCluster: id, namespace, userAgent, log, times }, host),
  };
}

/** Newest first: all versions of a group have one form. */
const versions: { readonly [group: string]: readonly string[] } = {
  'networking.istio.io': ['v1', 'v1beta1', 'v1alpha3'],
  'security.istio.io': ['v1', 'v1beta1'],
  'telemetry.istio.io': ['v1', 'v1alpha1'],
  'extensions.istio.io': ['v1alpha1'],
};

function istioResources(): readonly WatchedResource[] {
  return Object.entries(kinds).map(([kind, { group, status }]) => ({
    ...customResource({ group, kind, plural: pluralOf(kind) }, versions[group] ?? []),
    // Nobody waits for what is only checked.
    isOptional: status === 'pending',
  }));
}

function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`.replace(/ys$/, (end) => (kind.endsWith('ay') ? end : 'ies'));
}
