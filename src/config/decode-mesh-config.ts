/** From an undecoded value to a MeshConfig, or to the list of what is wrong with it. */
import { isRecord } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError } from '../model/decode.ts';
import { collect } from './check/check.ts';
import { checkMeshConfig } from './check/mesh-config.ts';
import { type MeshConfig, meshConfig } from './mesh-config.ts';

export interface DecodedMeshConfig {
  /** Absent when there is an error among the findings. */
  readonly config?: MeshConfig;
  readonly findings: readonly Finding[];
}

/**
 * Decodes a MeshConfig as Istio's installations hold it: the bare document, the `meshConfig` of an IstioOperator's spec or
 * of Helm values.
 */
export function decodeMeshConfig(value: unknown): DecodedMeshConfig {
  const { part, path } = meshConfigIn(value);
  const findings: Finding[] = [];
  const config = decodeWith(meshConfig, part ?? {}, path, findings);
  if (config !== undefined && !hasError(findings))
    checkMeshConfig(config, path, collect({ namespace: '', name: '', annotations: {} }, findings));
  return hasError(findings) || config === undefined ? { findings } : { config, findings };
}

function meshConfigIn(value: unknown): { readonly part: unknown; readonly path: readonly string[] } {
  if (!isRecord(value)) return { part: value, path: [] };
  if (isRecord(value.spec) && isRecord(value.spec.meshConfig))
    return { part: value.spec.meshConfig, path: ['spec', 'meshConfig'] };
  if (isRecord(value.meshConfig)) return { part: value.meshConfig, path: ['meshConfig'] };
  return { part: value, path: [] };
}
