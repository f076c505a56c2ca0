/** A control plane that has read YAML texts, without anything around it. */
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { decodeMeshConfig } from '../../src/config/decode-mesh-config.ts';
import type { MeshConfig } from '../../src/config/mesh-config.ts';
import { ControlPlane, type ControlPlaneOptions } from '../../src/control-plane.ts';
import { silent } from '../../src/lib/log.ts';
import { changesIn } from './objects.ts';

export function controlPlaneOf(yaml: string, options: Partial<ControlPlaneOptions> = {}): ControlPlane {
  const plane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local', ...options });
  plane.apply(changesIn(yaml));
  plane.commit();
  return plane;
}

/** A MeshConfig that has nothing wrong with it. */
export function meshConfigIn(yaml: string): MeshConfig {
  const { config, findings } = decodeMeshConfig(parse(yaml) ?? {});
  assert.deepEqual(findings, []);
  return config ?? {};
}
