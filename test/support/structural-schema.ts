/**
 * What an API server refuses by the schema of a CustomResourceDefinition: only the keywords that structural schemas of
 * ours have, and any other is a bug. test/kubernetes/ asks a real API server the same.
 */
import { formatPath, isRecord, type Path } from '../../src/lib/schema.ts';

export interface Node {
  readonly type?: 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number';
  readonly description?: string;
  readonly format?: string;
  readonly properties?: { readonly [name: string]: Node };
  readonly additionalProperties?: Node;
  readonly items?: Node;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly { readonly type: string }[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
  readonly 'x-kubernetes-list-type'?: 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

const keywords = new Set([
  ...['type', 'description', 'format', 'properties', 'additionalProperties', 'items', 'required', 'enum', 'pattern'],
  ...[
    'minimum',
    'maximum',
    'anyOf',
    'x-kubernetes-validations',
    'x-kubernetes-int-or-string',
    'x-kubernetes-preserve-unknown-fields',
  ],
  ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
]);

/** Every node of a schema with its path, from the root on: `spec.http[].match[].headers{}`. */
export function nodesOf(schema: unknown, path = ''): readonly (readonly [path: string, node: Node])[] {
  const node = schema as Node;
  const below = [
    ...Object.entries(node.properties ?? {}).flatMap(([name, one]) =>
      nodesOf(one, path === '' ? name : `${path}.${name}`),
    ),
    ...(node.items === undefined ? [] : nodesOf(node.items, `${path}[]`)),
    ...(node.additionalProperties === undefined ? [] : nodesOf(node.additionalProperties, `${path}{}`)),
  ];
  return [[path, node], ...below];
}

/** What keeps a schema from being structural, as API servers demand. */
export function structuralProblems(schema: unknown): readonly string[] {
  return nodesOf(schema).flatMap(([path, node]) => [
    ...Object.keys(node)
      .filter((keyword) => !keywords.has(keyword))
      .map((keyword) => `${path}: ${keyword}`),
    ...(isTyped(node) ? [] : [`${path}: no type`]),
    ...(node.properties !== undefined && node.additionalProperties !== undefined
      ? [`${path}: properties and others`]
      : []),
    ...[...(node.required ?? []), ...exclusiveGroups(node).flatMap((group) => [...group])]
      .filter((name) => node.properties?.[name] === undefined)
      .map((name) => `${path}: no field ${name}`),
  ]);
}

function isTyped(node: Node): boolean {
  const isIntOrString = node['x-kubernetes-int-or-string'] === true;
  return (node.type === undefined) === isIntOrString;
}

/** The places that are refused, each as `path: keyword`. Fields that are null count as absent, as when an object is created. */
export function refusals(schema: unknown, value: unknown, path: Path = []): readonly string[] {
  const node = schema as Node;
  const at = formatPath(path);
  if (!isOfType(node, value)) return [`${at}: type`];
  if (isRecord(value)) return objectRefusals(node, value, path);
  if (Array.isArray(value)) return value.flatMap((item: unknown, i) => refusals(node.items ?? {}, item, [...path, i]));
  return [
    ...(node.enum !== undefined && !node.enum.includes(value) ? [`${at}: enum`] : []),
    ...(node.pattern !== undefined && !new RegExp(node.pattern, 'u').test(String(value)) ? [`${at}: pattern`] : []),
    ...(node.minimum !== undefined && Number(value) < node.minimum ? [`${at}: minimum`] : []),
    ...(node.maximum !== undefined && Number(value) > node.maximum ? [`${at}: maximum`] : []),
  ];
}

function isOfType({ type, 'x-kubernetes-int-or-string': isIntOrString }: Node, value: unknown): boolean {
  if (isIntOrString === true) return typeof value === 'string' || Number.isInteger(value);
  if (type === 'object') return isRecord(value);
  if (type === 'array') return Array.isArray(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

function objectRefusals(node: Node, value: { readonly [name: string]: unknown }, path: Path): readonly string[] {
  const at = formatPath(path);
  const stated = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  const has = (name: string) => stated.some(([field]) => field === name);
  const isOpen = node['x-kubernetes-preserve-unknown-fields'] === true;
  return [
    ...stated.flatMap(([name, field]) => {
      const schema = node.properties?.[name] ?? node.additionalProperties;
      if (schema !== undefined) return refusals(schema, field, [...path, name]);
      return isOpen ? [] : [`${formatPath([...path, name])}: unknown`];
    }),
    ...(node.required ?? []).filter((name) => !has(name)).map((name) => `${formatPath([...path, name])}: required`),
    ...(exclusiveGroups(node).some((group) => [...group].filter(has).length > 1) ? [`${at}: validations`] : []),
  ];
}

/** Groups of fields of which at most one may be there, which is all that rules of ours say. */
function exclusiveGroups({ 'x-kubernetes-validations': rules = [] }: Node): readonly ReadonlySet<string>[] {
  return rules.map(({ rule }) => new Set([...rule.matchAll(/\bhas\(self\.(\w+)\)/g)].map(([, name = '']) => name)));
}
