/** MeshConfig and MeshNetworks, which Istio's installations keep in a ConfigMap, as a source. Without it the defaults hold. */
import type { ApiClient } from './kubernetes/api-client.ts';
import { InstalledKinds } from './kubernetes/installed-kinds.ts';
import { resourceWatch, type WatchTimes } from './kubernetes/resource-watch.ts';
import type { Log } from './lib/log.ts';
import { type ReadMeshConfig, readMeshConfigObject } from './mesh-config-object.ts';
import type { MeshConfigSource } from './mesh-config-source.ts';
import type { ObjectSource } from './model/object-source.ts';
import type { VisibilityLog } from './source/visibility-log.ts';

export interface MeshConfigMapOptions {
  readonly client: ApiClient;
  /** The source's name. */
  readonly name: string;
  /** Where the control plane's own objects are, such as `istio-system`. */
  readonly namespace: string;
  /** `istio`, or `istio-REVISION`. */
  readonly configMap: string;
  readonly log: Log;
  readonly visibility: VisibilityLog;
  readonly times?: Partial<WatchTimes>;
  /** What is put between the ConfigMap and who reads it. */
  readonly remember: (source: ObjectSource) => ObjectSource;
}

/** Follows the ConfigMap. What of it cannot be read leaves what it said before in force. */
export function meshConfigMap(given: MeshConfigMapOptions): MeshConfigSource {
  const { namespace, configMap, remember, ...options } = given;
  const watch = resourceWatch({
    ...options,
    installed: new InstalledKinds(),
    resource: {
      name: `${namespace}/${configMap}`,
      group: '',
      kind: 'ConfigMap',
      paths: [`/api/v1/namespaces/${namespace}/configmaps`],
      fieldSelector: `metadata.name=${configMap}`,
    },
  });
  const source = remember(watch);
  return (settings) => ({
    name: source.name,
    run: (sink, signal) =>
      source.run(
        {
          ...sink,
          apply(changes) {
            for (const { object } of changes) {
              const { config, networks, problems } = object === undefined ? defaults : readMeshConfigObject(object);
              sink.problems(source.name, problems);
              if (config !== undefined) settings.setMeshConfig(config);
              if (networks !== undefined) settings.setMeshNetworks(networks);
            }
          },
        },
        signal,
      ),
  });
}

const defaults: ReadMeshConfig = { config: {}, networks: {}, problems: [] };
