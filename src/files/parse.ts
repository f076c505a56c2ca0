/** From the text of one YAML document to Kubernetes objects. */
import { describe, formatPath, isRecord, timestamp } from '../lib/schema.ts';
import type { Code } from '../model/codes.ts';
import { locate } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Labels } from '../model/labels.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { DocumentText } from './split.ts';
import { parseYaml, type YamlNode } from './yaml.ts';

export interface Parsed {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly Problem[];
  /** Something in the text could not be read, so that objects may be missing from the list. */
  readonly isIncomplete: boolean;
}

/** Kinds without a namespace, of those that Fairway reads. */
const clusterScoped = new Set(['Namespace', 'Node', 'CustomResourceDefinition', 'GatewayClass']);

export function parseDocumentText(text: DocumentText, file: string): Parsed {
  const document = parseYaml(text);
  if ('code' in document) return refuse(document.code, document.message, file, document.line);
  const { value, root } = document;
  if (value === undefined) return { objects: [], problems: [], isIncomplete: false };
  return readObjects(value, root, { file, path: '', linesFrom: linesIn(text) });
}

interface Place {
  readonly file: string;
  /** Where the object stands within its document: empty, or such as `items[3].`. */
  readonly path: string;
  readonly linesFrom: LineOf;
}

type LineOf = (path: string) => number | undefined;

/**
 * Finds the lines of a document's fields. Only problems ask for them, so that the text is read again then: a syntax tree
 * is many times as large as its text. Of many problems in a row the first one reads it.
 */
function linesIn(text: DocumentText): LineOf {
  let read: WeakRef<YamlNode> | undefined;
  return (path) => {
    let root = read?.deref();
    if (root === undefined) {
      const document = parseYaml(text);
      if ('code' in document) return undefined;
      root = document.root;
      read = new WeakRef(root);
    }
    return root.lineOf(path);
  };
}

/**
 * The lines of one object's fields. Made here because a closure keeps all that any closure of its function asks for: made
 * beside one that asks for a node, it would keep the document's syntax tree as long as the object lives.
 */
function linesUnder({ path: start, linesFrom }: Place): LineOf {
  return (path) => linesFrom(`${start}${path}`);
}

function refuse(code: Code, message: string, file: string, line: number | undefined): Parsed {
  const at = line === undefined ? {} : { line };
  return { objects: [], problems: [{ code, severity: 'error', path: '', message, file, ...at }], isIncomplete: true };
}

function readObjects(value: unknown, node: YamlNode | undefined, place: Place): Parsed {
  if (isRecord(value) && isList(value)) return readList(value, node, place);
  const { file } = place;
  const unusable = (message: string) => refuse('FW0008', message, file, node?.line);
  if (!isRecord(value)) return unusable(`expected a Kubernetes object, found ${describe(value)}`);
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return unusable(`expected a text in apiVersion, found ${describe(apiVersion)}`);
  if (typeof kind !== 'string' || kind === '') return unusable(`expected a text in kind, found ${describe(kind)}`);
  if (!isRecord(metadata)) return unusable(`expected metadata of the ${kind}, found ${describe(metadata)}`);
  const { name } = metadata;
  if (typeof name !== 'string' || !isName(name))
    return unusable(`expected a name in metadata.name of the ${kind}, found ${describe(name)}`);
  const namespace = clusterScoped.has(kind) ? '' : (metadata.namespace ?? '') || 'default';
  if (typeof namespace !== 'string' || (namespace !== '' && !isName(namespace)))
    return unusable(`expected a name in metadata.namespace of the ${kind}, found ${describe(namespace)}`);
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/', 2) as [string, string]) : ['', apiVersion];
  const line = node?.line;
  const origin: Origin = {
    kind,
    namespace,
    name,
    file,
    ...(line === undefined ? {} : { line }),
    lines: node === undefined ? {} : linesOf(node),
  };
  const lineOf = linesUnder(place);
  const { createdAt, problems } = ageOf(metadata, { origin, lineOf });
  const object: KubernetesObject = {
    group,
    version,
    kind,
    namespace,
    name,
    createdAt,
    labels: textsOf(metadata.labels),
    annotations: textsOf(metadata.annotations),
    value,
    origin,
    lineOf,
  };
  return { objects: [object], problems, isIncomplete: false };
}

function ageOf(
  { creationTimestamp }: { readonly [field: string]: unknown },
  object: Pick<KubernetesObject, 'origin' | 'lineOf'>,
): { readonly createdAt: number; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  if (creationTimestamp === undefined || creationTimestamp === null) return { createdAt: 0, problems };
  const createdAt = timestamp.decode(creationTimestamp, ['metadata', 'creationTimestamp'], ({ path, message }) =>
    problems.push(
      locate(
        { code: 'FW0004', severity: 'warning', path: formatPath(path), message: `${message}; its age is unknown` },
        object,
      ),
    ),
  );
  return { createdAt: createdAt ?? 0, problems };
}

/** What `kubectl get -o yaml` prints (kind List), or what an API server answers (such as ServiceList). */
function isList({ kind, items, metadata }: { readonly [field: string]: unknown }): boolean {
  if (typeof kind !== 'string' || !kind.endsWith('List')) return false;
  return kind === 'List' || (Array.isArray(items) && !(isRecord(metadata) && 'name' in metadata));
}

function readList(value: { readonly [field: string]: unknown }, node: YamlNode | undefined, place: Place): Parsed {
  const items = value.items ?? [];
  if (!Array.isArray(items))
    return refuse('FW0008', `expected a list in items, found ${describe(items)}`, place.file, node?.line);
  const nodes = node?.fields.get('items')?.items ?? [];
  // An API server states version and kind of the items once, for the list.
  const { apiVersion, kind } = value;
  const common = kind === 'List' ? {} : { apiVersion, kind: String(kind).replace(/List$/, '') };
  const parsed = items.map((item: unknown, i) =>
    readObjects(isRecord(item) ? { ...common, ...item } : item, nodes[i], {
      ...place,
      path: `${place.path}items[${i}].`,
    }),
  );
  return {
    objects: parsed.flatMap(({ objects }) => objects),
    problems: parsed.flatMap(({ problems }) => problems),
    isIncomplete: parsed.some(({ isIncomplete }) => isIncomplete),
  };
}

/** What can be the name of an object: something that stands in a path as one part. */
function isName(text: string): boolean {
  return /^[^\s/]+$/.test(text) && text.length <= 253;
}

/** Labels and annotations; numbers and booleans, which people write without quotes, count as their text. */
function textsOf(value: unknown): Labels {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter(([, text]) => text !== null && typeof text !== 'object');
  return Object.fromEntries(entries.map(([key, text]) => [key, String(text)]));
}

/** Deeper parts are found by the nearest part above them. */
const deepestLine = 6;

/** The lines of the list items under `spec`: routes, servers, subsets, and the like. */
function linesOf(root: YamlNode): { readonly [path: string]: number } {
  const lines: { [path: string]: number } = {};
  const visit = (node: YamlNode, path: string, depth: number): void => {
    if (depth > deepestLine) return;
    for (const [name, field] of node.fields) visit(field, `${path}.${name}`, depth + 1);
    for (const [i, item] of node.items.entries()) {
      const { line } = item;
      if (item.fields.size > 0 && line !== undefined) lines[`${path}[${i}]`] = line;
      visit(item, `${path}[${i}]`, depth + 1);
    }
  };
  const spec = root.fields.get('spec');
  if (spec !== undefined) visit(spec, 'spec', 0);
  return lines;
}
