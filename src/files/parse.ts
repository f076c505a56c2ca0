/** From the text of one YAML document to Kubernetes objects. */
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { isRecord, timestamp } from '../lib/schema.ts';
import type { Code } from '../model/codes.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Labels } from '../model/labels.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { DocumentText } from './split.ts';

export interface Parsed {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly Problem[];
  /** Something in the text could not be read, so that objects may be missing from the list. */
  readonly isIncomplete: boolean;
}

/** Kinds without a namespace, of those that Fairway reads. */
const clusterScoped = new Set(['Namespace', 'Node', 'CustomResourceDefinition', 'GatewayClass']);

/** The Kubernetes API server takes no objects above 1.5 MiB; a document may be a list of them. */
const longestDocument = 16 * 1024 * 1024;

export function parseDocumentText({ text, line }: DocumentText, file: string): Parsed {
  const problem = (code: Code, message: string, at: number): Parsed => ({
    objects: [],
    problems: [{ code, severity: 'error', path: '', message, file, line: at }],
    isIncomplete: true,
  });
  if (text.length > longestDocument)
    return problem('FW0013', `expected a document of at most 16 MiB, found ${text.length} characters`, line);
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined)
      return problem(
        'FW0001',
        `expected YAML, found ${error.message.replace(/\s+/g, ' ')}`,
        line + counter.linePos(error.pos[0]).line - 1,
      );
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    if (value === null || value === undefined) return { objects: [], problems: [], isIncomplete: false };
    const lineAt = (node: Node | null | undefined) =>
      node?.range ? line + counter.linePos(node.range[0]).line - 1 : undefined;
    return readObjects(value, document.contents, { file, line, lineAt });
  } catch (error) {
    // Too many aliases, or nesting that exhausts the stack.
    return problem('FW0013', `expected a document of usual depth and size, found ${(error as Error).message}`, line);
  }
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly lineAt: (node: Node | null | undefined) => number | undefined;
}

function readObjects(value: unknown, node: Node | null, place: Place): Parsed {
  if (isRecord(value) && value.kind === 'List' && Array.isArray(value.items)) {
    const list = isMap(node) ? node.get('items', true) : undefined;
    const items = isSeq(list) ? list.items : [];
    const parsed = value.items.map((item: unknown, i) =>
      readObjects(item, (items[i] as Node | undefined) ?? null, place),
    );
    return {
      objects: parsed.flatMap(({ objects }) => objects),
      problems: parsed.flatMap(({ problems }) => problems),
      isIncomplete: parsed.some(({ isIncomplete }) => isIncomplete),
    };
  }
  const line = place.lineAt(node) ?? place.line;
  const refuse = (message: string): Parsed => ({
    objects: [],
    problems: [{ code: 'FW0008', severity: 'error', path: '', message, file: place.file, line }],
    isIncomplete: true,
  });
  if (!isRecord(value)) return refuse('expected a Kubernetes object, found something else');
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return refuse('expected apiVersion and kind, found none');
  if (!isRecord(metadata) || typeof metadata.name !== 'string' || metadata.name === '')
    return refuse(`expected metadata.name of the ${kind}, found none`);
  const namespace = clusterScoped.has(kind) ? '' : metadata.namespace === undefined ? 'default' : metadata.namespace;
  if (typeof namespace !== 'string') return refuse('expected metadata.namespace to be a text, found something else');
  const name = metadata.name;
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/', 2) as [string, string]) : ['', apiVersion];
  const lines = linesOf(node, place.lineAt);
  const origin: Origin = { kind, namespace, name, file: place.file, line, lines };
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
    lineOf: (path) => lineOfPath(node, path, place.lineAt),
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
function linesOf(root: Node | null, lineAt: Place['lineAt']): { readonly [path: string]: number } {
  const lines: { [path: string]: number } = {};
  const visit = (node: unknown, path: string, depth: number): void => {
    if (depth > deepestLine) return;
    if (isMap(node)) {
      for (const { key, value } of node.items)
        if (isScalar(key)) visit(value, `${path}.${String(key.value)}`, depth + 1);
    } else if (isSeq(node)) {
      for (const [i, item] of node.items.entries()) {
        const line = lineAt(item as Node);
        if (isMap(item) && line !== undefined) lines[`${path}[${i}]`] = line;
        visit(item, `${path}[${i}]`, depth + 1);
      }
    }
  };
  visit(isMap(root) ? root.get('spec', true) : undefined, 'spec', 0);
  return lines;
}

/** The line of a field, or of the nearest part above it that is there. */
function lineOfPath(root: Node | null, path: string, lineAt: Place['lineAt']): number | undefined {
  let node: unknown = root;
  let line = lineAt(root);
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      if (!isPair(pair)) break;
      line = lineAt(pair.key as Node) ?? line;
      node = pair.value;
    } else if (isSeq(node) && index !== undefined) {
      node = node.items[Number(index)];
      line = lineAt(node as Node) ?? line;
    } else break;
  }
  return line;
}
