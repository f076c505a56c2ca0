/** From the text of one YAML document to Kubernetes objects. */
import { isRecord, timestamp } from '../lib/schema.ts';
import type { Code } from '../model/codes.ts';
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
  return readObjects(value, root, { file, text, path: '' });
}

interface Place {
  readonly file: string;
  readonly text: DocumentText;
  /** Where the object stands within its document: empty, or such as `items[3].`. */
  readonly path: string;
}

/**
 * Finds the lines of an object's fields. Only problems ask for them, so that the text is read again then; a closure made
 * where the syntax tree is at hand would keep it alive.
 */
function linesIn({ text, path: start }: Place): (path: string) => number | undefined {
  return (path) => {
    const document = parseYaml(text);
    return 'code' in document ? undefined : document.root.lineOf(`${start}${path}`);
  };
}

function refuse(code: Code, message: string, file: string, line: number | undefined): Parsed {
  const at = line === undefined ? {} : { line };
  return { objects: [], problems: [{ code, severity: 'error', path: '', message, file, ...at }], isIncomplete: true };
}

function readObjects(value: unknown, node: YamlNode | undefined, place: Place): Parsed {
  if (isRecord(value) && value.kind === 'List' && Array.isArray(value.items)) {
    const nodes = node?.fields.get('items')?.items ?? [];
    const parsed = value.items.map((item: unknown, i) =>
      readObjects(item, nodes[i], { ...place, path: `${place.path}items[${i}].` }),
    );
    return {
      objects: parsed.flatMap(({ objects }) => objects),
      problems: parsed.flatMap(({ problems }) => problems),
      isIncomplete: parsed.some(({ isIncomplete }) => isIncomplete),
    };
  }
  const { file } = place;
  const unusable = (message: string) => refuse('FW0008', message, file, node?.line);
  if (!isRecord(value)) return unusable('expected a Kubernetes object, found something else');
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return unusable('expected apiVersion and kind, found none');
  if (!isRecord(metadata) || typeof metadata.name !== 'string' || metadata.name === '')
    return unusable(`expected metadata.name of the ${kind}, found none`);
  const namespace = clusterScoped.has(kind) ? '' : (metadata.namespace ?? 'default');
  if (typeof namespace !== 'string') return unusable('expected metadata.namespace to be a text, found something else');
  const name = metadata.name;
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
  const object: KubernetesObject = {
    group,
    version,
    kind,
    namespace,
    name,
    createdAt: timestamp.decode(metadata.creationTimestamp ?? 0, [], () => {}) ?? 0,
    labels: textsOf(metadata.labels),
    annotations: textsOf(metadata.annotations),
    value,
    origin,
    lineOf: linesIn(place),
  };
  return { objects: [object], problems: [], isIncomplete: false };
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
