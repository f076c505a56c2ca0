/**
 * Goldens: what a proxy is given for a few objects, one folder for each rule.
 *
 *      test/golden/<resource>/<case>/in.yaml    objects as a user writes them; the comments in front say what is shown
 *      test/golden/<resource>/<case>/out.yaml   the parts of the proxy's configuration that the rule is about
 *
 * The comments of in.yaml: sentences about the rule, then lines
 *
 *      # proxy: sidecar client.shop { labels: { app: client } }     who asks; this is the default but for the labels
 *      # mesh: { outboundTrafficPolicy: { mode: REGISTRY_ONLY } }   the MeshConfig, if it matters
 *      # shows: Cluster outbound|80||a.example.com                  a resource; `*` in its name stands for any text
 *      # shows: RouteConfiguration 80 virtualHosts[*].routes[0].match
 *      # shows: Cluster outbound* names                             only their names
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { ControlPlane } from '../../src/control-plane.ts';
import { parseLocality } from '../../src/model/locality.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { toProxy } from '../../src/xds/node.ts';
import { controlPlaneOf, meshConfigIn } from './control-plane.ts';

export const goldenFolder = fileURLToPath(new URL('../golden', import.meta.url));

export interface Golden {
  /** `route/a-prefix-is-a-prefix-of-the-text` */
  readonly name: string;
  readonly folder: string;
  readonly about: string;
  readonly shows: readonly Shown[];
  readonly proxy: Proxy;
  readonly controlPlane: () => ControlPlane;
}

/** A part of a proxy's configuration. */
export interface Shown {
  readonly text: string;
  /** `RouteConfiguration` */
  readonly kind: string;
  readonly name: RegExp;
  /** `names`, or a path into the resource; empty for all of it. */
  readonly path: string;
}

export function goldens(): readonly Golden[] {
  return folders(goldenFolder)
    .flatMap((resource) => folders(join(goldenFolder, resource)).map((name) => `${resource}/${name}`))
    .filter((name) => existsSync(join(goldenFolder, name, 'in.yaml')))
    .map(readGolden);
}

export function folders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function readGolden(name: string): Golden {
  const folder = join(goldenFolder, name);
  const text = readFileSync(join(folder, 'in.yaml'), 'utf8');
  const comments = [...text.matchAll(/^# ?(.*)$/gm)].map(([, comment = '']) => comment);
  const said = (key: string) =>
    comments.filter((comment) => comment.startsWith(`${key}: `)).map((comment) => comment.slice(key.length + 2));
  const mesh = said('mesh')[0];
  return {
    name,
    folder,
    about: comments.filter((comment) => !/^(proxy|mesh|shows): /.test(comment)).join(' '),
    shows: said('shows').map(shownOf),
    proxy: proxyOf(said('proxy')[0] ?? 'sidecar client.shop'),
    controlPlane() {
      const controlPlane = controlPlaneOf(text);
      if (mesh !== undefined) controlPlane.setMeshConfig(meshConfigIn(mesh));
      controlPlane.commit();
      return controlPlane;
    },
  };
}

function shownOf(text: string): Shown {
  const [kind = '', name = '', path = ''] = text.split(' ');
  const escaped = name.replace(/[.|()[\]^$+?]/g, '\\$&').replaceAll('*', '.*');
  return { text, kind, name: new RegExp(`^${escaped}$`), path };
}

/** `sidecar client.shop { labels: { app: client }, ip: 10.0.0.9, locality: region/zone/subzone, metadata: { … } }` */
function proxyOf(text: string): Proxy {
  const [, type = '', name = '', options = '{}'] = /^(\w+) ([^ ]+) ?(.*)$/.exec(text) ?? [];
  const {
    labels = { app: name.split('.')[0] },
    ip = '10.9.9.9',
    locality = '',
    metadata = {},
  } = parse(options || '{}');
  const namespace = name.split('.')[1] ?? '';
  return toProxy(
    {
      id: `${type}~${ip}~${name}~${namespace}.svc.cluster.local`,
      cluster: name,
      metadata: { NAMESPACE: namespace, LABELS: labels, INSTANCE_IPS: ip, CLUSTER_ID: 'Kubernetes', ...metadata },
      locality: parseLocality(locality),
      userAgent: 'envoy',
    },
    1,
  );
}
