/** From the body of a request to the object to keep, all of it computing: how long it takes is somebody else's care. */
import { decodeConfig } from '../config/decode.ts';
import type { Kind } from '../config/kinds.ts';
import { splitDocuments } from '../files/split.ts';
import { parseYaml, type YamlDocument } from '../files/yaml.ts';
import { describe, isRecord } from '../lib/schema.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Labels } from '../model/labels.ts';
import type { Problem } from '../model/problem.ts';

/** A body, and the object that it has to be. */
export interface Question {
  readonly body: Uint8Array;
  readonly group: string;
  readonly version: string;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

export interface Judgement {
  /** What to keep, in JSON; absent when there is an error among the problems. */
  readonly stated?: string;
  /** With lines of the body. */
  readonly problems: readonly Problem[];
}

/** What problems call the body, in which their lines are. */
const bodyFile = 'body';

/** Judges an object; a text says that the body is not the one that the path names. */
export function judge(question: Question): Judgement | string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(question.body);
  } catch {
    return 'expected a body in UTF-8, found other bytes';
  }
  const [document, ...more] = splitDocuments(text);
  if (document === undefined || more.length > 0)
    return `expected a body of one object, found ${document === undefined ? 'none' : more.length + 1}`;
  const parsed = parseYaml(document);
  if ('code' in parsed) return { problems: [{ ...parsed, severity: 'error', path: '', file: bodyFile }] };
  const stated = statedIn(question, parsed.value);
  if (typeof stated === 'string') return stated;
  const { problems } = decodeConfig(question.kind, objectOf(question, stated, parsed));
  if (problems.some(({ severity }) => severity === 'error')) return { problems };
  return { stated: JSON.stringify(stated), problems };
}

/** What the user decides of an object: what a server adds, such as its status, is left out. */
export interface Stated {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly spec: unknown;
}

function statedIn({ group, version, kind, namespace, name }: Question, value: unknown): Stated | string {
  if (!isRecord(value)) return `expected a Kubernetes object, found ${describe(value)}`;
  const metadata = value.metadata ?? {};
  if (!isRecord(metadata)) return `expected metadata of the ${kind}, found ${describe(metadata)}`;
  const apiVersion = `${group}/${version}`;
  const expected = [
    ['apiVersion', apiVersion, value.apiVersion],
    ['kind', kind, value.kind],
    ['metadata.namespace', namespace, metadata.namespace ?? namespace],
    ['metadata.name', name, metadata.name ?? name],
  ] as const;
  for (const [field, wanted, found] of expected)
    if (found !== wanted) return `expected ${wanted} in ${field}, as the path says, found ${describe(found)}`;
  const { labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, ...texts('labels', labels), ...texts('annotations', annotations) },
    spec: value.spec ?? {},
  };
}

/** Numbers and booleans, which people write without quotes, count as their text. */
function texts(field: 'labels' | 'annotations', value: unknown): { readonly [name in typeof field]?: Labels } {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter(([, text]) => text !== null && typeof text !== 'object');
  return entries.length === 0 ? {} : { [field]: Object.fromEntries(entries.map(([key, text]) => [key, String(text)])) };
}

function objectOf(
  { group, version, kind, namespace, name }: Question,
  stated: Stated,
  { root }: YamlDocument,
): KubernetesObject {
  const { labels = {}, annotations = {} } = stated.metadata;
  const line = root.line;
  return {
    group,
    version,
    kind,
    namespace,
    name,
    createdAt: 0,
    labels,
    annotations,
    value: { ...stated },
    origin: { kind, namespace, name, file: bodyFile, ...(line === undefined ? {} : { line }) },
    lineOf: (path) => root.lineOf(path),
  };
}
