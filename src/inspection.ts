/** Configuration that is looked at without being served: texts are read once, into a control plane that nobody connects to. */
import { analyze, createAnalyses, type LineOf } from './analysis/analysis.ts';
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import { ControlPlane } from './control-plane.ts';
import { FileParser } from './files/file.ts';
import { MergedObjects } from './files/merge.ts';
import { scan } from './files/scan.ts';
import { readText } from './files/text.ts';
import { parseYaml } from './files/yaml.ts';
import { locateInFile } from './files/yaml-file.ts';
import { silent } from './lib/log.ts';
import type { ObjectChange } from './model/kubernetes-object.ts';
import { lineOf, originKey } from './model/origin.ts';
import { compareProblems, type Problem } from './model/problem.ts';

/** A text with objects, and the name to call it by. */
export interface Input {
  readonly file: string;
  /** The text, or what stands in the way of reading it. */
  readonly text: string | Problem;
}

/** Paths of which nothing can be read. */
export class PathError extends Error {}

/** The texts under some paths, in order: files, and the manifests of folders. Throws PathError where there is nothing. */
export function readInputs(paths: readonly string[]): readonly Input[] {
  const { files, unseen } = scan(paths);
  for (const path of paths) {
    const found = unseen.get(path);
    if (found !== undefined) throw new PathError(`expected a file or folder at ${path}, found ${found}`);
  }
  const inputs = [...files.keys()].map((file) => ({ file, text: readText(file) }));
  const faults = [...unseen].map(([file, found]): Input => {
    const message = `expected a file or folder, found ${found}`;
    return { file, text: { code: 'FW0010', severity: 'error', path: '', message, file } };
  });
  return [...inputs, ...faults].sort((a, b) => (a.file < b.file ? -1 : 1));
}

export interface InspectionOptions {
  readonly inputs: readonly Input[];
  /** How far to look: at each object by itself, or at what they are together, too. */
  readonly depth: 'objects' | 'mesh';
  readonly meshConfig?: Input;
  readonly domainSuffix?: string;
}

export interface Inspection {
  /** What is wrong with the texts and what they state, sorted. */
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly objects: number;
}

export function inspect({ inputs, depth, meshConfig, domainSuffix = 'cluster.local' }: InspectionOptions): Inspection {
  const controlPlane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix });
  const { graph } = controlPlane;
  const analyses = depth === 'mesh' ? createAnalyses(graph, controlPlane.mesh) : [];
  const problems: Problem[] = [];
  const merged = new MergedObjects();
  const keys = new Map<string, readonly string[]>();
  let objects = 0;
  for (const { file, text } of inputs) {
    if (typeof text !== 'string') {
      problems.push(text);
      continue;
    }
    const content = new FileParser(file).parse(text);
    for (const problem of content.problems) problems.push(problem);
    objects += content.objects.size;
    keys.set(file, [...content.objects.keys()]);
    for (const [key, object] of content.objects) merged.put(key, file, object);
  }
  const { changes } = merged.takeChanges();
  for (const [file, held] of keys) for (const problem of merged.duplicatesIn(file, held)) problems.push(problem);
  if (meshConfig !== undefined) {
    const { config, problems: found } = readMeshConfig(meshConfig);
    problems.push(...found);
    if (config !== undefined) controlPlane.setMeshConfig(config);
  }
  controlPlane.apply(changes);
  controlPlane.commit();
  return {
    // Not by `push(...)`: what a hundred thousand objects have in common is more than a call has arguments for.
    problems: [...problems, ...controlPlane.diagnostics.all(), ...analyze(graph, analyses, lineFinder(changes))].sort(
      compareProblems,
    ),
    files: inputs.length + (meshConfig === undefined ? 0 : 1),
    objects,
  };
}

/** Lines as the objects know them, to the last item; rows know those of routes and the like. */
function lineFinder(changes: readonly ObjectChange[]): LineOf {
  const objects = new Map(
    changes.flatMap(({ object }) => (object === undefined ? [] : [[originKey(object), object] as const])),
  );
  return (origin, path) => objects.get(originKey(origin))?.lineOf?.(path) ?? lineOf(origin, path);
}

function readMeshConfig({ file, text }: Input): {
  readonly config?: MeshConfig;
  readonly problems: readonly Problem[];
} {
  if (typeof text !== 'string') return { problems: [text] };
  const document = parseYaml({ text, line: 1 });
  if ('code' in document) return { problems: [{ ...document, severity: 'error', path: '', file }] };
  const { config, findings } = decodeMeshConfig(document.value);
  const problems = locateInFile(findings, file, document);
  return config === undefined ? { problems } : { config, problems };
}
