/** From the text of one YAML document to a plain value, with the line of every part of it. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLParseError,
} from 'yaml';
import { parsePath } from '../lib/schema.ts';
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

/**
 * A document may be a List of objects, each of which the Kubernetes API server limits to 1.5 MiB. A MiB takes half a second
 * to read, during which nothing else happens.
 */
const longestDocument = 4 * 1024 * 1024;
/** As deep as protobuf's readers go. */
const deepest = 100;
/** Parts of a document with what aliases stand for counted each time. */
const mostParts = 1_000_000;
/** The time to follow aliases grows with the square of their number. */
const mostAliases = 1000;

/**
 * Keys are texts, as in JSON, and `<<` merges maps, as kubectl reads it. The reader's own search for keys that come twice
 * takes the square of a map's size.
 */
const reading = { prettyErrors: false, logLevel: 'silent', merge: true, stringKeys: true, uniqueKeys: false } as const;

export function parseYaml({ text, line }: DocumentText): YamlDocument | YamlError {
  if (text.length > longestDocument)
    return tooMuch(
      `of at most 4 MiB (--- between objects makes several of one), found ${text.length} characters`,
      line,
    );
  const counter = new LineCounter();
  const document = parseDocument(text, { ...reading, lineCounter: counter });
  const [error] = document.errors;
  if (error !== undefined) {
    // What has no end is missing it on the last line that says something.
    const at = line + Math.min(counter.linePos(error.pos[0]).line, text.trimEnd().split('\n').length) - 1;
    if (error.code === 'RESOURCE_EXHAUSTION') return tooDeep(at);
    return { code: 'FW0001', message: `expected YAML, found ${describeError(error)}`, line: at };
  }
  const lineAt = (node: Node) => (node.range ? line + counter.linePos(node.range[0]).line - 1 : undefined);
  const { aliases, repeated } = survey(document);
  if (repeated !== undefined)
    return {
      code: 'FW0001',
      message: `expected YAML, found the key ${JSON.stringify(repeated.value)} a second time`,
      line: lineAt(repeated) ?? line,
    };
  if (aliases > mostAliases) return tooManyAliases(line);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases }) ?? undefined;
  } catch (fault) {
    return aliasError((fault as Error).message, text, (at) => line + counter.linePos(at).line - 1);
  }
  const excess = excessIn(value);
  if (excess === 'depth') return tooDeep(line);
  if (excess === 'parts') return tooMuch(`of at most ${mostParts} parts, found more once aliases are followed`, line);
  return { value, root: nodeOf(document.contents, lineAt) };
}

function tooMuch(what: string, line: number): YamlError {
  return { code: 'FW0013', message: `expected a document ${what}`, line };
}

function tooDeep(line: number): YamlError {
  return tooMuch(`of at most ${deepest} levels, found a deeper one`, line);
}

function tooManyAliases(line: number): YamlError {
  return tooMuch(`with at most ${mostAliases} aliases, found more`, line);
}

/** Counts aliases, and finds the first key that comes twice in a map. */
function survey(document: Document.Parsed): { readonly aliases: number; readonly repeated: Scalar | undefined } {
  let aliases = 0;
  let repeated: Scalar | undefined;
  const walk = (node: unknown) => {
    if (isAlias(node)) aliases += 1;
    else if (isSeq(node)) for (const item of node.items) walk(item);
    else if (isMap(node)) {
      const seen = new Set<unknown>();
      for (const { key, value } of node.items) {
        walk(value);
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) repeated ??= key;
        seen.add(key.value);
      }
    }
  };
  walk(document.contents);
  return { aliases, repeated };
}

/** What following the aliases has found wrong; the reader's message on one without an anchor ends in its name. */
function aliasError(message: string, text: string, lineAt: (index: number) => number): YamlError {
  if (message.startsWith('Excessive alias count')) return tooManyAliases(lineAt(0));
  const name = /^Unresolved alias .*: (.*)$/s.exec(message)?.[1];
  if (name === undefined)
    return { code: 'FW0001', message: `expected YAML, found ${inOneLine(message)}`, line: lineAt(0) };
  const found = `*${name} without an anchor before it`;
  return {
    code: 'FW0001',
    message: `expected YAML, found ${found}`,
    line: lineAt(Math.max(0, text.indexOf(`*${name}`))),
  };
}

/** The reader's message, in our words where it is a frequent one. */
function describeError({ code, message }: YAMLParseError): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab where only spaces may indent';
    case 'NON_STRING_KEY':
      return 'a key that is a list or a map';
    default:
      return inOneLine(message);
  }
}

function inOneLine(message: string): string {
  return message.replace(/\s+/g, ' ').trim();
}

/** What there is too much of in a value; aliases may make it large, or endless, while its text is short. */
function excessIn(root: unknown): 'depth' | 'parts' | undefined {
  let parts = 0;
  const visit = (value: unknown, depth: number): 'depth' | 'parts' | undefined => {
    parts += 1;
    if (parts > mostParts) return 'parts';
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth >= deepest) return 'depth';
    for (const child of Array.isArray(value) ? value : Object.values(value)) {
      const excess = visit(child, depth + 1);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  return visit(root, 0);
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
  for (const part of parsePath(path)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      if (!isPair(pair)) break;
      line = lineOf(pair.key) ?? line;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      line = lineOf(node) ?? line;
    } else break;
  }
  return line;
}
