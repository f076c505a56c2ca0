/** Manifests as files have them: workloads with sidecars, everything else byte for byte as it was. */
import { parseYaml, type YamlDocument } from '../files/yaml.ts';
import { isRecord } from '../lib/schema.ts';
import { textsIn } from '../lib/texts.ts';
import type { Finding } from '../model/decode.ts';
import type { Problem } from '../model/problem.ts';
import { inject } from './inject.ts';
import { asPod } from './pod.ts';
import type { PodNamespace } from './refusal.ts';
import { rewritten } from './rewrite.ts';
import type { InjectionSettings } from './settings.ts';
import { hasPodsOfItsOwn, podPathIn, valueAt, type Workload, withValueAt, workloadOf } from './workload.ts';

/** A text with manifests, and the name to call it by. */
export interface Manifests {
  readonly file: string;
  readonly text: string;
}

export interface InjectedManifests {
  /** The texts, in the same order; of no use when there is an error among the problems. */
  readonly texts: readonly string[];
  /** `info` for each workload that has no sidecar, and why. In the order of the texts. */
  readonly problems: readonly Problem[];
}

export interface ManifestOptions {
  readonly settings: InjectionSettings;
  /** That of objects which state none. */
  readonly namespace: string;
}

/** Namespaces that are among the manifests count with their labels. */
export function injectManifests(inputs: readonly Manifests[], options: ManifestOptions): InjectedManifests {
  const problems: Problem[] = [];
  const files = inputs.map(({ file, text }) => piecesOf(text).map((piece) => ({ ...piece, file, ...read(piece) })));
  const namespaces = new Map<string, PodNamespace>();
  for (const { document } of files.flat())
    for (const { object } of objectsIn(document)) {
      const { name, labels } = metadataOf(object);
      if (object.kind === 'Namespace' && object.apiVersion === 'v1')
        namespaces.set(name, { name, labels: textsIn(labels) });
    }
  const texts = files.map((pieces) =>
    pieces
      .map(({ file, document, error, ...piece }) => {
        if (error !== undefined) problems.push({ ...error, file });
        if (document === undefined) return piece.marker + piece.body;
        const { after, found } = injectedDocument(document, namespaces, options);
        problems.push(...found.map((problem) => ({ ...problem, file })));
        if (after === document.value) return piece.marker + piece.body;
        const marker = piece.marker === '---' ? `---${/\r?\n/.exec(piece.body)?.[0] ?? '\n'}` : piece.marker;
        return marker + rewritten(piece.body, document.value, after);
      })
      .join(''),
  );
  return { texts, problems };
}

/** A part of a text: a marker of YAML, and all up to the next one. Together the parts are the text. */
interface Piece {
  readonly marker: string;
  readonly body: string;
  /** The line that the marker is in, from 1. */
  readonly line: number;
}

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let [marker, body, start] = ['', '', 1];
  const lines = text.split(/(?<=\n)/);
  for (const [i, line] of lines.entries()) {
    const found = /^(---(?=\s|$)|\.\.\.[ \t]*(\r?\n|$))/.exec(line)?.[0];
    if (found !== undefined) {
      pieces.push({ marker, body, line: start });
      [marker, body, start] = [found, '', i + 1];
    }
    body += found === undefined ? line : line.slice(found.length);
  }
  return [...pieces, { marker, body, line: start }];
}

function read({ marker, body, line }: Piece): {
  readonly document?: YamlDocument;
  readonly error?: Omit<Problem, 'file'>;
} {
  const isSaying = body.split('\n').some((one) => one.trim() !== '' && !/^\s*#|^%/.test(one));
  if (!isSaying) return {};
  const document = parseYaml({ text: body, line: marker.endsWith('\n') ? line + 1 : line });
  return 'code' in document ? { error: { ...document, severity: 'error', path: '' } } : { document };
}

interface Stated {
  readonly object: { readonly [field: string]: unknown };
  /** The path to it in its document. */
  readonly path: string;
}

/** The object of a document, or those of its List. */
function objectsIn(document: YamlDocument | undefined): readonly Stated[] {
  const value = document?.value;
  if (!isRecord(value)) return [];
  if (!(typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items)))
    return [{ object: value, path: '' }];
  return value.items.flatMap((object: unknown, i) => (isRecord(object) ? [{ object, path: `items[${i}]` }] : []));
}

function metadataOf({ metadata }: Stated['object']) {
  const { name, generateName, namespace, labels } = isRecord(metadata) ? metadata : {};
  const prefix = typeof generateName === 'string' ? generateName : '';
  return {
    name: typeof name === 'string' ? name : '',
    /** What the name will begin with, where the API server makes it. */
    prefix,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : undefined,
    labels,
  };
}

function injectedDocument(
  document: YamlDocument,
  namespaces: ReadonlyMap<string, PodNamespace>,
  options: ManifestOptions,
): { readonly after: unknown; readonly found: readonly Problem[] } {
  const found: Problem[] = [];
  const { value } = document;
  const after = objectsIn(document).map((stated) => {
    const injected = injectedObject(stated.object, namespaces, options);
    const { name, prefix, namespace = '' } = metadataOf(stated.object);
    const isNameless = name === '' && prefix !== '';
    const object = { kind: String(stated.object.kind), namespace, name: isNameless ? `${prefix}…` : name };
    found.push(
      ...injected.findings.map((finding) => {
        const line = document.root.lineOf([stated.path, finding.path].filter((part) => part !== '').join('.'));
        return { ...finding, object, ...(line === undefined ? {} : { line }) };
      }),
    );
    return { ...stated, injected: injected.object };
  });
  const isChanged = after.some(({ object, injected }) => object !== injected);
  if (!isChanged || !isRecord(value)) return { after: value, found };
  if (after[0]?.path === '') return { after: after[0].injected, found };
  const byObject = new Map<unknown, unknown>(after.map(({ object, injected }) => [object, injected]));
  const items = (value.items as readonly unknown[]).map((item) => byObject.get(item) ?? item);
  return { after: { ...value, items }, found };
}

/** The same object when nothing of it changes. Paths of findings are within it. */
function injectedObject(
  object: Stated['object'],
  namespaces: ReadonlyMap<string, PodNamespace>,
  { settings, namespace: usual }: ManifestOptions,
): { readonly object: Stated['object']; readonly findings: readonly Finding[] } {
  const path = podPathIn(object);
  if (path === undefined) return { object, findings: hasPodsOfItsOwn(object) ? [unknownKind(object)] : [] };
  const findings: Finding[] = [];
  const pod = asPod(valueAt(object, path), path, findings);
  if (pod === undefined) return { object, findings };
  const { name, prefix, namespace = usual } = metadataOf(object);
  const workload: Workload =
    path.length === 0
      ? workloadOf(pod)
      : {
          apiVersion: String(object.apiVersion),
          kind: String(object.kind),
          name: name === '' ? prefix.replace(/-+$/, '') : name,
        };
  const result = inject({ pod, namespace: namespaces.get(namespace) ?? { name: namespace }, workload, settings });
  const { refusal } = result;
  const within = (inner: string) => [path.join('.'), inner].filter((part) => part !== '').join('.');
  const told: readonly Finding[] =
    refusal === undefined
      ? result.findings
      : [{ code: 'FW3201', severity: 'info', path: within(refusal.path), message: refusal.message }];
  return {
    object: result.pod === undefined ? object : (withValueAt(object, path, result.pod) as Stated['object']),
    findings: [
      ...findings,
      ...told.map((finding) => (refusal === undefined ? { ...finding, path: within(finding.path) } : finding)),
    ],
  };
}

function unknownKind({ apiVersion, kind }: Stated['object']): Finding {
  const message = `expected a kind of Kubernetes itself, found ${String(kind)} of ${String(apiVersion)}, whose pods get sidecars from the webhook`;
  return { code: 'FW3201', severity: 'info', path: '', message };
}
