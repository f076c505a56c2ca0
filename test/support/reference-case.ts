/** Situations as data, kept beside the project: what users wrote, who asks, and what must come out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { decodeMeshConfig } from '../../src/config/decode-mesh-config.ts';
import type { ControlPlane } from '../../src/control-plane.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { toProxy } from '../../src/xds/node.ts';
import { controlPlaneOf } from './control-plane.ts';

/** The folder that holds them; it need not exist. */
export const referenceFolder =
  process.env.FAIRWAY_REFERENCE_CASES ??
  fileURLToPath(new URL('../../../shared/facts/reference-cases', import.meta.url));

export interface ReferenceCase {
  /** `situations/inbound-disable` */
  readonly name: string;
  readonly folder: string;
}

/** The cases that have a file of that name, by name. */
export function casesWith(file: string): readonly ReferenceCase[] {
  if (!existsSync(referenceFolder)) return [];
  return readdirSync(referenceFolder, { withFileTypes: true })
    .filter((group) => group.isDirectory())
    .flatMap(({ name: group }) =>
      readdirSync(join(referenceFolder, group)).map((name) => ({
        name: `${group}/${name}`,
        folder: join(referenceFolder, group, name),
      })),
    )
    .filter(({ folder }) => existsSync(join(folder, file)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A control plane that has read the case's inputs. */
export function controlPlaneFor({ folder }: ReferenceCase): ControlPlane {
  const controlPlane = controlPlaneOf(['k8s.yaml', 'istio.yaml'].map((file) => textOf(folder, file)).join('\n---\n'));
  const mesh = textOf(folder, 'mesh.yaml');
  if (mesh !== '') controlPlane.setMeshConfig(decodeMeshConfig(parse(mesh)).config ?? {});
  controlPlane.commit();
  return controlPlane;
}

export function proxyOf({ folder }: ReferenceCase): Proxy {
  const { id, cluster = '', metadata = {}, locality = {} } = parse(textOf(folder, 'node.yaml'));
  const { region = '', zone = '', sub_zone: subzone = '' } = locality;
  return toProxy({ id, cluster, metadata, locality: { region, zone, subzone }, userAgent: 'envoy' }, 1);
}

/** The resources that the reference generates, as JSON values, by what their comments call them: Listener, Cluster, … */
export function referenceResources({ folder }: ReferenceCase): ReadonlyMap<string, readonly unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const text of textOf(folder, 'reference.yaml').split(/^---\n/m)) {
    const kind = /^# (\w+)/m.exec(text)?.[1] ?? '';
    found.set(kind, [...(found.get(kind) ?? []), parse(text)]);
  }
  return found;
}

export function textOf(folder: string, file: string): string {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
