/** What Istio's installations keep as texts in a ConfigMap: MeshConfig under `mesh`, MeshNetworks under `meshNetworks`. */
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import { decodeMeshNetworks, type MeshNetworks } from './config/mesh-networks.ts';
import { parseYaml } from './files/yaml.ts';
import { isRecord } from './lib/schema.ts';
import type { Finding } from './model/decode.ts';
import type { KubernetesObject } from './model/kubernetes-object.ts';
import { type Problem, placeOf } from './model/problem.ts';

export interface ReadMeshConfig {
  /** Absent when there is an error among its problems. */
  readonly config?: MeshConfig;
  /** Likewise. */
  readonly networks?: MeshNetworks;
  /** Of both. */
  readonly problems: readonly Problem[];
}

type Stated = Pick<KubernetesObject, 'value' | 'origin'>;

/** Reads both keys; where one is not there the defaults hold. */
export function readMeshConfigObject(object: Stated): ReadMeshConfig {
  const config = readKey(object, 'mesh', (value) => {
    const { config: found, findings } = decodeMeshConfig(value);
    return { found, findings };
  });
  const networks = readKey(object, 'meshNetworks', (value) => {
    const { networks: found, findings } = decodeMeshNetworks(value);
    return { found, findings };
  });
  return {
    ...(config.found === undefined ? {} : { config: config.found }),
    ...(networks.found === undefined ? {} : { networks: networks.found }),
    problems: [...config.problems, ...networks.problems],
  };
}

function readKey<T>(
  { value, origin }: Stated,
  key: string,
  decode: (value: unknown) => { readonly found: T | undefined; readonly findings: readonly Finding[] },
): { readonly found: T | undefined; readonly problems: readonly Problem[] } {
  const place = placeOf(origin, undefined);
  const path = `data.${key}`;
  const text = isRecord(value.data) ? value.data[key] : undefined;
  const document = parseYaml({ text: typeof text === 'string' ? text : '', line: 1 });
  if ('code' in document) {
    const message = `${document.message}, in line ${document.line} of the text`;
    return { found: undefined, problems: [{ code: document.code, severity: 'error', path, message, ...place }] };
  }
  const { found, findings } = decode(document.value);
  const problems = findings.map((finding) => ({
    ...finding,
    path: finding.path === '' ? path : `${path}.${finding.path}`,
    ...place,
  }));
  return { found, problems };
}
