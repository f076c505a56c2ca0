/** From the text of one YAML document to a plain value, with the line of every part of it. */
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Code } from '../model/codes.ts';
import type { DocumentText } from './split.ts';

export interface YamlDocument {
  /** Plain objects, arrays and scalars; undefined for a document without content. */
  readonly value: unknown;
  readonly root: YamlNode;
}

/** A part of a document and where it stands. */
export interface YamlNode {
  /** From 1; undefined for a part that is not there. */
  readonly line: number | undefined;
  readonly items: readonly YamlNode[];
  readonly fields: ReadonlyMap<string, YamlNode>;
  /** The line of the field at a path such as `spec.http[0].match`, or of the nearest part above it that is there. */
  lineOf(path: string): number | undefined;
}

/** Why a text is not a document. */
export interface YamlError {
  readonly code: Code;
  readonly message: string;
  readonly line: number;
}

/** The Kubernetes API server takes no objects above 1.5 MiB; a document may be a list of them. */
const longestDocument = 16 * 1024 * 1024;

export function parseYaml({ text, line }: DocumentText): YamlDocument | YamlError {
  if (text.length > longestDocument)
    return {
      code: 'FW0013',
      message: `expected a document of at most 16 MiB, found ${text.length} characters`,
      line,
    };
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined)
      return {
        code: 'FW0001',
        message: `expected YAML, found ${error.message.replace(/\s+/g, ' ')}`,
        line: line + counter.linePos(error.pos[0]).line - 1,
      };
    const lineAt = (node: Node) => (node.range ? line + counter.linePos(node.range[0]).line - 1 : undefined);
    return { value: document.toJS({ maxAliasCount: 1000 }) ?? undefined, root: nodeOf(document.contents, lineAt) };
  } catch (error) {
    // Too many aliases, or nesting that exhausts the stack.
    return {
      code: 'FW0013',
      message: `expected a document of usual depth and size, found ${(error as Error).message}`,
      line,
    };
  }
}

type LineAt = (node: Node) => number | undefined;

function nodeOf(node: unknown, lineAt: LineAt): YamlNode {
  return {
    get line() {
      return node === null || node === undefined ? undefined : lineAt(node as Node);
    },
    get items() {
      return isSeq(node) ? node.items.map((item) => nodeOf(item, lineAt)) : [];
    },
    get fields() {
      const pairs = isMap(node) ? node.items.filter(({ key }) => isScalar(key)) : [];
      return new Map(pairs.map(({ key, value }) => [String((key as { value: unknown }).value), nodeOf(value, lineAt)]));
    },
    lineOf: (path) => lineOfPath(node, path, lineAt),
  };
}

function lineOfPath(root: unknown, path: string, lineAt: LineAt): number | undefined {
  const lineOf = (node: unknown) => (node === null || node === undefined ? undefined : lineAt(node as Node));
  let node = root;
  let line = lineOf(root);
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      if (!isPair(pair)) break;
      line = lineOf(pair.key) ?? line;
      node = pair.value;
    } else if (isSeq(node) && index !== undefined) {
      node = node.items[Number(index)];
      line = lineOf(node) ?? line;
    } else break;
  }
  return line;
}
