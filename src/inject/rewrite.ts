/** A changed value into the YAML that it was read from: what has not changed keeps its comments and its form. */
import { type Document, isMap, isScalar, isSeq, parseDocument, stringify, visit } from 'yaml';
import { equal } from '../lib/equal.ts';
import { isRecord } from '../lib/schema.ts';

/** The text of one document, with `after` in the place of `before`, and with its line ends. */
export function rewritten(text: string, before: unknown, after: unknown): string {
  const found = withFeeds(text, before, after);
  return /\r\n/.test(text) ? found.replaceAll(/\r?\n/g, '\r\n') : found;
}

function withFeeds(text: string, before: unknown, after: unknown): string {
  if (/^\s*\{/.test(text)) return `${JSON.stringify(after, null, 2)}\n`;
  const document = parseDocument(text, { stringKeys: true, uniqueKeys: false, logLevel: 'silent' });
  const options = { lineWidth: 0, indentSeq: !hasFlushLists(text) };
  // What an alias stands for cannot be changed in one place and stay in the others.
  if (hasAliases(document)) return stringify(after, { ...options, aliasDuplicateObjects: false });
  document.contents = changed(document, document.contents, before, after) as typeof document.contents;
  return document.toString(options);
}

function hasAliases(document: Document): boolean {
  let found = false;
  visit(document, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** Whether the items of a list stand as far left as its key. */
function hasFlushLists(text: string): boolean {
  return /^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(text);
}

function changed(document: Document, node: unknown, before: unknown, after: unknown): unknown {
  if (equal(before, after)) return node;
  if (isMap(node) && isRecord(before) && isRecord(after)) {
    node.flow = false;
    for (const key of Object.keys(before)) if (after[key] === undefined) node.delete(key);
    for (const [key, value] of Object.entries(after)) {
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === key);
      if (pair !== undefined) pair.value = changed(document, pair.value, before[key], value) as typeof pair.value;
      else if (value !== undefined) node.add(document.createPair(key, value, { aliasDuplicateObjects: false }));
    }
    return node;
  }
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) {
    node.flow = false;
    const items = [...node.items];
    node.items = after.map((item: unknown) => {
      const at = before.findIndex((one) => equal(one, item) || isSameThing(one, item));
      return at < 0
        ? document.createNode(item, { aliasDuplicateObjects: false })
        : changed(document, items[at], before[at], item);
    });
    return node;
  }
  return document.createNode(after, { aliasDuplicateObjects: false });
}

function isSameThing(a: unknown, b: unknown): boolean {
  return isRecord(a) && isRecord(b) && a.name !== undefined && a.name === b.name && equal(a.metadata, b.metadata);
}
