/** The MeshConfig that Istio's installations keep in a ConfigMap, as a source. Without one the defaults hold. */
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import { parseYaml } from './files/yaml.ts';
import type { ApiClient } from './kubernetes/api-client.ts';
import { InstalledKinds } from './kubernetes/installed-kinds.ts';
import { resourceWatch, type WatchTimes } from './kubernetes/resource-watch.ts';
import type { Log } from './lib/log.ts';
import { isRecord } from './lib/schema.ts';
import type { MeshConfigSource } from './mesh-config-source.ts';
import type { KubernetesObject } from './model/kubernetes-object.ts';
import { type Problem, placeOf } from './model/problem.ts';

export interface MeshConfigMapOptions {
  readonly client: ApiClient;
  /** The source's name. */
  readonly name: string;
  /** Where the control plane's own objects are, such as `istio-system`. */
  readonly namespace: string;
  /** `istio`, or `istio-REVISION`. */
  readonly configMap: string;
  readonly log: Log;
  readonly times?: Partial<WatchTimes>;
}

/** Follows the ConfigMap's key `mesh`. What cannot be read leaves what it said before in force. */
export function meshConfigMap({ namespace, configMap, ...options }: MeshConfigMapOptions): MeshConfigSource {
  const source = resourceWatch({
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
  return (set) => ({
    name: source.name,
    run: (sink, signal) =>
      source.run(
        {
          ...sink,
          apply(changes) {
            for (const { object } of changes) {
              const { config, problems } = object === undefined ? defaults : readMesh(object);
              sink.problems(source.name, problems);
              if (config !== undefined) set(config);
            }
          },
        },
        signal,
      ),
  });
}

const defaults: Read = { config: {}, problems: [] };

interface Read {
  /** Absent when there is an error among the problems. */
  readonly config?: MeshConfig;
  readonly problems: readonly Problem[];
}

function readMesh({ value, origin }: KubernetesObject): Read {
  const text = isRecord(value.data) ? value.data.mesh : undefined;
  const document = parseYaml({ text: typeof text === 'string' ? text : '', line: 1 });
  if ('code' in document) {
    const { code, message, line } = document;
    const found = `${message}, in line ${line} of the text; what it said before stays in force`;
    const problem = {
      code,
      severity: 'error',
      path: 'data.mesh',
      message: found,
      ...placeOf(origin, undefined),
    } as const;
    return { problems: [problem] };
  }
  const { config, findings } = decodeMeshConfig(document.value);
  const problems = findings.map((finding) => ({
    ...finding,
    path: finding.path === '' ? 'data.mesh' : `data.mesh.${finding.path}`,
    ...placeOf(origin, undefined),
  }));
  return config === undefined ? { problems } : { config, problems };
}
