/**
 * Goldens of injection: manifests in, the same with sidecars out.
 *
 *      test/inject/<case>/in.yaml     the comments in front say what is shown
 *      test/inject/<case>/out.yaml    what `fairway inject` writes, after what it says, as comments
 *
 * The comments of in.yaml: sentences, then lines
 *
 *      # options: { nativeSidecars: false }     options of the command, by their names
 *      # mesh: { defaultConfig: { … } }         the MeshConfig
 *      # template: { spec: { … } }              the template
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { decodeMeshConfig } from '../../src/config/decode-mesh-config.ts';
import { type InjectedManifests, injectManifests } from '../../src/inject/manifests.ts';
import { injectedMesh } from '../../src/inject/mesh.ts';
import type { InjectionSettings } from '../../src/inject/settings.ts';
import { asTemplate } from '../../src/inject/template.ts';
import { formatProblem } from '../../src/model/problem.ts';

export const injectionFolder = fileURLToPath(new URL('../inject', import.meta.url));

export const usualSettings: InjectionSettings = {
  image: 'fairway-proxy:test',
  revision: 'default',
  hasNativeSidecars: true,
  cluster: 'Kubernetes',
  domainSuffix: 'cluster.local',
  mesh: injectedMesh({}).mesh,
};

export interface InjectionGolden {
  readonly name: string;
  readonly about: string;
  readonly text: string;
  readonly settings: InjectionSettings;
}

export function injectionGoldens(): readonly InjectionGolden[] {
  return readdirSync(injectionFolder).sort().map(readGolden);
}

interface Options extends Pick<InjectionSettings, 'resources' | 'pullPolicy' | 'logLevels'> {
  readonly nativeSidecars?: boolean;
  readonly revision?: string;
  readonly network?: string;
  readonly clusterId?: string;
  readonly domain?: string;
  readonly discoveryAddress?: string;
}

function readGolden(name: string): InjectionGolden {
  const text = readFileSync(`${injectionFolder}/${name}/in.yaml`, 'utf8');
  const [head = ''] = /^(#.*\n)*/.exec(text) ?? [];
  const comments = head.split('\n').map((line) => line.slice(2));
  const said = (key: string): unknown => {
    const found = comments.find((comment) => comment.startsWith(`${key}: `));
    return found === undefined ? undefined : parse(found.slice(key.length + 2));
  };
  const {
    nativeSidecars = true,
    clusterId = 'Kubernetes',
    domain = 'cluster.local',
    ...options
  } = (said('options') ?? {}) as Options;
  const template = said('template');
  const mesh = decodeMeshConfig(said('mesh') ?? {}).config;
  return {
    name,
    about: comments
      .filter((comment) => !/^(options|mesh|template): /.test(comment))
      .join(' ')
      .trim(),
    text,
    settings: {
      ...usualSettings,
      ...options,
      hasNativeSidecars: nativeSidecars,
      cluster: clusterId,
      domainSuffix: domain,
      mesh: injectedMesh(mesh ?? {}).mesh,
      ...(template === undefined ? {} : { template: asTemplate(template, []) ?? {} }),
    },
  };
}

export function injectedText(text: string, settings: InjectionSettings): InjectedManifests {
  return injectManifests([{ file: 'in.yaml', text }], { settings, namespace: 'default' });
}

/** What is said, as comments, and what is written. */
export function injectionOutput({ text, settings }: InjectionGolden): string {
  const { texts, problems } = injectedText(text, settings);
  const said = problems.map((problem) => `# said: ${problem.severity}: ${formatProblem(problem)}\n`);
  return [...said, ...texts].join('');
}
