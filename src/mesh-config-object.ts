/** The MeshConfig that Istio's installations keep as a text in a ConfigMap. */
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import { parseYaml } from './files/yaml.ts';
import { isRecord } from './lib/schema.ts';
import type { KubernetesObject } from './model/kubernetes-object.ts';
import { type Problem, placeOf } from './model/problem.ts';

export interface ReadMeshConfig {
  /** Absent when there is an error among the problems. */
  readonly config?: MeshConfig;
  readonly problems: readonly Problem[];
}

/** Reads the key `mesh`; without it the defaults hold. */
export function readMeshConfigObject({ value, origin }: Pick<KubernetesObject, 'value' | 'origin'>): ReadMeshConfig {
  const place = placeOf(origin, undefined);
  const text = isRecord(value.data) ? value.data.mesh : undefined;
  const document = parseYaml({ text: typeof text === 'string' ? text : '', line: 1 });
  if ('code' in document) {
    const message = `${document.message}, in line ${document.line} of the text`;
    return { problems: [{ code: document.code, severity: 'error', path: 'data.mesh', message, ...place }] };
  }
  const { config, findings } = decodeMeshConfig(document.value);
  const problems = findings.map((finding) => ({
    ...finding,
    path: finding.path === '' ? 'data.mesh' : `data.mesh.${finding.path}`,
    ...place,
  }));
  return config === undefined ? { problems } : { config, problems };
}
