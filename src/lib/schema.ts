/**
 * Schemas of configuration: one value from which come the TypeScript type (Infer), the check of what users write with
 * messages that say place, expectation and finding, and the OpenAPI schema of a custom resource definition.
 *
 * The accepted form is protobuf's JSON as Kubernetes and Istio use it: camelCase or snake_case names, null for absent,
 * durations as `1.5s`, enums by name.
 */

import { distance } from './distance.ts';
import { type FieldTexts, withFieldTexts } from './field-texts.ts';

/** Where a value stands in its object: names and list positions from the object's root. */
export type Path = readonly (string | number)[];

/** `spec.http[0].route`; names that would be read as something else stand in brackets: `labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[^.[\]"]+$/.test(part)) return `[${JSON.stringify(part)}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

/** The parts of a formatted path. */
export function parsePath(text: string): Path {
  const parts = text.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g);
  return [...parts].map(([, quoted, index, name = '']) =>
    quoted !== undefined ? (JSON.parse(quoted) as string) : index !== undefined ? Number(index) : name,
  );
}

/** Told of each thing that is wrong, with the code of its kind. */
export type Report = (problem: SchemaProblem) => void;

export interface SchemaProblem {
  readonly kind:
    | 'unknown-field'
    | 'wrong-type'
    | 'wrong-value'
    | 'missing-field'
    | 'exclusive-fields'
    /** Nothing wrong, but nothing comes of it either. */
    | 'not-executed';
  readonly path: Path;
  readonly message: string;
}

/** A JSON schema as Kubernetes' structural schemas allow it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export interface Schema<T> {
  /** The checked value; undefined when it is absent (null) or so wrong that nothing can be said of it. */
  decode(value: unknown, path: Path, report: Report): T | undefined;
  readonly json: JsonSchema;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/** What was found, short enough for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function scalar<T>(expected: string, json: JsonSchema, read: (value: unknown) => T | undefined): Schema<T> {
  return {
    json,
    decode(value, path, report) {
      const found = read(value);
      if (found === undefined)
        report({ kind: 'wrong-type', path, message: `expected ${expected}, found ${describe(value)}` });
      return found;
    },
  };
}

export const string: Schema<string> = scalar('a string', { type: 'string' }, (value) =>
  typeof value === 'string' ? value : undefined,
);

export const boolean: Schema<boolean> = scalar('true or false', { type: 'boolean' }, (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** A number with or without a fraction; protobuf's JSON allows it as a string too. */
export const number: Schema<number> = scalar('a number', { type: 'number', format: 'double' }, (value) => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
});

/** A whole number within bounds, both included. */
export function integer(least: number, most: number): Schema<number> {
  const isInt32 = least >= -(2 ** 31) && most < 2 ** 31;
  return {
    // API servers hold nobody to a format: bounds have to be stated.
    json: { type: 'integer', format: isInt32 ? 'int32' : 'int64', minimum: least, maximum: most },
    decode(value, path, report) {
      const found = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
      if (typeof found === 'number' && Number.isInteger(found) && found >= least && found <= most) return found;
      const expected = `a whole number from ${least} to ${most}`;
      const kind = typeof found === 'number' ? 'wrong-value' : 'wrong-type';
      report({ kind, path, message: `expected ${expected}, found ${describe(value)}` });
      return undefined;
    },
  };
}

export const int32 = integer(-(2 ** 31), 2 ** 31 - 1);
export const uint32 = integer(0, 2 ** 32 - 1);
export const port = integer(0, 65535);

const durationUnits: { readonly [unit: string]: number } = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

const durationForm = /^(?:0|(-)?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|us|µs|ns|m|s))+)$/;

/** Milliseconds of Go's and protobuf's form: `1.5s`, `250ms`, `1h30m`, `0`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = durationForm.exec(text);
  if (match === null) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)/g))
    ms += Number(amount) * (durationUnits[unit ?? ''] ?? 0);
  return match[1] === undefined ? ms : -ms;
}

/** A length of time, in milliseconds. */
export const duration: Schema<number> = scalar(
  'a duration such as 1.5s or 250ms',
  { type: 'string', pattern: durationForm.source },
  (value) => (typeof value === 'string' ? parseDuration(value) : undefined),
);

/** A point in time, in milliseconds since the epoch. */
export const timestamp: Schema<number> = scalar(
  'a time such as 2026-01-31T12:00:00Z',
  { type: 'string', format: 'date-time' },
  (value) => {
    if (value instanceof Date) return value.getTime();
    const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    return Number.isNaN(ms) ? undefined : ms;
  },
);

/** One of some names, in their own spelling. */
export function enumOf<const Name extends string>(...names: readonly Name[]): Schema<Name> {
  const known = new Set<string>(names);
  return {
    json: { type: 'string', enum: names },
    decode(value, path, report) {
      if (typeof value === 'string' && known.has(value)) return value as Name;
      report({ kind: 'wrong-value', path, message: `expected one of ${names.join(', ')}, found ${describe(value)}` });
      return undefined;
    },
  };
}

/** Any JSON value, kept as it is. */
export const any: Schema<unknown> = {
  json: { 'x-kubernetes-preserve-unknown-fields': true },
  decode: (value) => value ?? undefined,
};

/** Any JSON object, kept as it is. */
export const struct: Schema<{ readonly [key: string]: unknown }> = {
  json: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  decode(value, path, report) {
    if (isRecord(value)) return value;
    report({ kind: 'wrong-type', path, message: `expected an object, found ${describe(value)}` });
    return undefined;
  },
};

/** A number or a string, such as a port given by number or by name. */
export const intOrString: Schema<number | string> = scalar(
  'a number or a name',
  { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
  (value) => (typeof value === 'string' || Number.isInteger(value) ? (value as number | string) : undefined),
);

/** A field that is known and checked but not acted upon, which whoever sets it is told. */
export function notExecuted<T>(schema: Schema<T>): Schema<T> {
  return {
    json: schema.json,
    decode(value, path, report) {
      report({ kind: 'not-executed', path, message: `${path.at(-1)} is not executed by this version` });
      return schema.decode(value, path, report);
    },
  };
}

export function list<T>(item: Schema<T>): Schema<readonly T[]> {
  return {
    json: { type: 'array', items: item.json },
    decode(value, path, report) {
      if (!Array.isArray(value)) {
        report({ kind: 'wrong-type', path, message: `expected a list, found ${describe(value)}` });
        return undefined;
      }
      return value.flatMap((element: unknown, i) => {
        const decoded = item.decode(element, [...path, i], report);
        return decoded === undefined ? [] : [decoded];
      });
    },
  };
}

export function map<T>(item: Schema<T>): Schema<{ readonly [key: string]: T }> {
  return {
    json: { type: 'object', additionalProperties: item.json },
    decode(value, path, report) {
      if (!isRecord(value)) {
        report({ kind: 'wrong-type', path, message: `expected an object, found ${describe(value)}` });
        return undefined;
      }
      const decoded: { [key: string]: T } = Object.create(null);
      for (const [key, element] of Object.entries(value)) {
        const found = item.decode(element, [...path, key], report);
        if (found !== undefined) decoded[key] = found;
      }
      return { ...decoded };
    },
  };
}

type Fields = { readonly [name: string]: Schema<unknown> };

export interface ObjectOptions<F extends Fields, Required extends keyof F & string> {
  /** Fields that must be there. A value that lacks one is reported, so whoever gets the value without reports has it. */
  readonly required?: readonly Required[];
  /** Fields beside these are left alone: for objects of which only a part is read. */
  readonly isOpen?: boolean;
  /** Groups of fields of which at most one may be there. */
  readonly exclusive?: readonly (readonly (keyof F & string)[])[];
  /** What each field is for, and by paths what those of inner objects are for that have no texts of their own. */
  readonly about?: FieldTexts & { readonly [Name in keyof F]: string };
}

type ObjectOf<F extends Fields, Required extends keyof F> = {
  readonly [Name in Exclude<keyof F, Required>]?: Infer<F[Name]>;
} & { readonly [Name in Required]: Infer<F[Name]> };

/** An object with these fields, each of them optional unless `required` says otherwise, and no others unless it is open. */
export function object<F extends Fields, const Required extends keyof F & string = never>(
  fields: F,
  options: ObjectOptions<F, Required> = {},
): Schema<ObjectOf<F, Required>> {
  const { required = [], exclusive = [], isOpen = false } = options;
  const names = new Map(
    Object.keys(fields).flatMap((name) => [[name, name] as const, [snakeCase(name), name] as const]),
  );
  return {
    json: objectJson(fields, options),
    decode(value, path, report) {
      if (!isRecord(value)) {
        report({ kind: 'wrong-type', path, message: `expected an object, found ${describe(value)}` });
        return undefined;
      }
      const decoded: { [name: string]: unknown } = {};
      for (const [key, element] of Object.entries(value)) {
        const name = names.get(key);
        if (name === undefined) {
          if (isOpen) continue;
          report({ kind: 'unknown-field', path: [...path, key], message: unknownField(key, Object.keys(fields)) });
        } else if (element !== null && element !== undefined) {
          const found = fields[name]?.decode(element, [...path, key], report);
          if (found !== undefined) decoded[name] = found;
        }
      }
      for (const name of required)
        if (value[name] === undefined || value[name] === null)
          report({ kind: 'missing-field', path, message: `expected the field ${name}, found none` });
      for (const group of exclusive) {
        const present = group.filter((name) => name in decoded);
        if (present.length > 1)
          report({
            kind: 'exclusive-fields',
            path,
            message: `expected at most one of ${group.join(', ')}, found ${present.join(' and ')}`,
          });
      }
      return decoded as ObjectOf<F, Required>;
    },
  };
}

function objectJson<F extends Fields>(
  fields: F,
  { required = [], exclusive = [], isOpen = false, about }: ObjectOptions<F, keyof F & string>,
): JsonSchema {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, { json }]) => [name, json]));
  const json = {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(exclusive.length > 0 ? { 'x-kubernetes-validations': exclusive.map(atMostOne) } : {}),
    ...(isOpen ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
  return about === undefined ? json : withFieldTexts(json, about);
}

function atMostOne(group: readonly string[]): JsonSchema {
  return { rule: atMostOneRule(group), message: `expected at most one of ${group.join(', ')}` };
}

/**
 * The rule in CEL. It asks each field once, whichever are there: API servers reckon with the dearest way and with lists as
 * long as a request may be, and to ask for all pairs of four fields within two lists is too dear for them already.
 */
function atMostOneRule([first, ...rest]: readonly string[]): string {
  const [second, third] = rest;
  if (third === undefined) return `!(has(self.${first}) && has(self.${second}))`;
  return `has(self.${first}) ? ${rest.map((other) => `!has(self.${other})`).join(' && ')} : ${atMostOneRule(rest)}`;
}

function unknownField(found: string, known: readonly string[]): string {
  const near = nearName(found, known);
  return near === undefined
    ? `expected one of ${[...known].sort().join(', ')}, found the unknown field ${found}`
    : `expected a known field such as ${near}, found the unknown field ${found}`;
}

/** The known name that was probably meant, the nearest one; undefined when none is near. */
export function nearName(found: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(found.length / 4));
  const text = found.toLowerCase();
  // Names may be as long as a document; their lengths tell that nothing is near, which the distance takes long to find.
  const near = known
    .filter((name) => Math.abs(name.length - found.length) <= most)
    .map((name) => ({ name, steps: distance(name.toLowerCase(), text) }))
    .filter(({ steps }) => steps <= most);
  return near.toSorted((a, b) => a.steps - b.steps)[0]?.name;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
