/**
 * Messages from protobuf's JSON form as people write it, with everything that is wrong with it and where: the library's own
 * reader stops at the first mistake and does not say the place.
 */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { describe, isRecord, nearName, type Path } from '../lib/schema.ts';
import { typeNameOf } from '../lib/type-name.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

/** Something in a JSON value that its message has no place for. */
export interface JsonProblem {
  /** `unknown`: a field or a name of an enum that is left out; `misfit`: the message cannot be made. */
  readonly kind: 'unknown' | 'misfit';
  readonly path: Path;
  readonly message: string;
}

type Report = (problem: JsonProblem) => void;

/** The message of a JSON value, without what is unknown; undefined when something does not fit. Paths start with `path`. */
export function readJson(typeName: string, json: unknown, path: Path, report: Report): Message | undefined {
  let fits = true;
  const schema = envoyMessage(typeName);
  const kept = readMessage(schema, json, path, (problem) => {
    if (problem.kind === 'misfit') fits = false;
    report(problem);
  });
  if (!fits) return undefined;
  return fromJson(schema, kept as JsonValue, { registry: envoyRegistry() });
}

/** Messages whose JSON form is not an object of their fields. */
const special: { readonly [typeName: string]: string } = {
  'google.protobuf.Duration': 'a duration in seconds such as 1.5s',
  'google.protobuf.Timestamp': 'a time such as 2026-01-31T12:00:00Z',
  'google.protobuf.FieldMask': 'a list of field names as one text',
  'google.protobuf.Struct': 'an object',
  'google.protobuf.ListValue': 'a list',
  'google.protobuf.Value': 'any value',
  'google.protobuf.BoolValue': 'true or false',
  'google.protobuf.StringValue': 'a string',
  'google.protobuf.BytesValue': 'text in base64',
  'google.protobuf.DoubleValue': 'a number',
  'google.protobuf.FloatValue': 'a number',
  'google.protobuf.Int32Value': 'a whole number',
  'google.protobuf.Int64Value': 'a whole number',
  'google.protobuf.UInt32Value': 'a whole number from 0',
  'google.protobuf.UInt64Value': 'a whole number from 0',
};

/** The JSON value without what is unknown in it; undefined when it does not fit, which is reported. */
function readMessage(schema: DescMessage, json: unknown, path: Path, report: Report): unknown {
  const expected = special[schema.typeName];
  if (expected !== undefined) {
    if (canRead(schema, json)) return json;
    report({ kind: 'misfit', path, message: `expected ${expected}, found ${describe(json)}` });
    return undefined;
  }
  if (!isRecord(json)) {
    report({ kind: 'misfit', path, message: `expected an object, found ${describe(json)}` });
    return undefined;
  }
  return schema.typeName === 'google.protobuf.Any'
    ? readAny(json, path, report)
    : readFields(schema, Object.entries(json), path, report);
}

function canRead(schema: DescMessage, json: unknown): boolean {
  try {
    fromJson(schema, json as JsonValue);
    return true;
  } catch {
    return false;
  }
}

function readAny(json: { readonly [key: string]: unknown }, path: Path, report: Report): unknown {
  const { '@type': url, ...fields } = json;
  if (typeof url !== 'string') {
    report({ kind: 'misfit', path, message: 'expected an @type that says which message this is, found none' });
    return undefined;
  }
  const schema = envoyRegistry().getMessage(typeNameOf(url));
  if (schema === undefined) {
    const hint = /\.v2(alpha\d*)?\./.test(url) ? ' (Envoy has dropped version 2 of its API)' : '';
    const message = `expected a message of Envoy's API or a type.googleapis.com/xds.type.v3.TypedStruct, found ${url}${hint}`;
    report({ kind: 'misfit', path: [...path, '@type'], message });
    return undefined;
  }
  if (special[schema.typeName] === undefined)
    return { '@type': url, ...readFields(schema, Object.entries(fields), path, report) };
  return { '@type': url, value: readMessage(schema, fields.value, [...path, 'value'], report) };
}

function readFields(
  schema: DescMessage,
  entries: readonly (readonly [string, unknown])[],
  path: Path,
  report: Report,
): { readonly [key: string]: unknown } {
  const names = new Map(
    schema.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]),
  );
  const kept: { [key: string]: unknown } = {};
  const chosen = new Map<string, string>();
  for (const [key, value] of entries) {
    const field = names.get(key);
    if (field === undefined) {
      const near = nearName(
        key,
        schema.fields.map(({ name }) => name),
      );
      const expected = near === undefined ? `a field of ${schema.name}` : `a field of ${schema.name} such as ${near}`;
      const message = `expected ${expected}, found the unknown field ${key}`;
      report({ kind: 'unknown', path: [...path, key], message });
      continue;
    }
    if (value === null || value === undefined) continue;
    const other = field.oneof === undefined ? undefined : chosen.get(field.oneof.name);
    if (other !== undefined)
      report({ kind: 'misfit', path: [...path, key], message: `expected one of ${other} and ${key}, found both` });
    if (field.oneof !== undefined) chosen.set(field.oneof.name, key);
    const found = readField(field, value, [...path, key], report);
    if (found !== undefined) kept[key] = found;
  }
  return kept;
}

function readField(field: DescField, json: unknown, path: Path, report: Report): unknown {
  switch (field.fieldKind) {
    case 'list': {
      if (!Array.isArray(json)) {
        report({ kind: 'misfit', path, message: `expected a list, found ${describe(json)}` });
        return undefined;
      }
      return json
        .map((item: unknown, i) => readSingle(field, item, [...path, i], report))
        .filter((item) => item !== undefined);
    }
    case 'map': {
      if (!isRecord(json)) {
        report({ kind: 'misfit', path, message: `expected an object, found ${describe(json)}` });
        return undefined;
      }
      return Object.fromEntries(
        Object.entries(json)
          .map(([key, value]) => [key, readSingle(field, value, [...path, key], report)] as const)
          .filter(([, value]) => value !== undefined),
      );
    }
    default:
      return readSingle(field, json, path, report);
  }
}

/** A value of a field, or one item of a list or map. */
function readSingle(field: DescField, json: unknown, path: Path, report: Report): unknown {
  if (field.message !== undefined) return readMessage(field.message, json, path, report);
  if (field.enum !== undefined) return readEnum(field.enum, json, path, report);
  const expected = scalars[field.scalar as ScalarType];
  if (expected?.test(json) === true) return json;
  report({ kind: 'misfit', path, message: `expected ${expected?.text}, found ${describe(json)}` });
  return undefined;
}

function readEnum({ values, name }: DescEnum, json: unknown, path: Path, report: Report): unknown {
  if (typeof json === 'number' && Number.isInteger(json)) return json;
  if (typeof json !== 'string') {
    report({ kind: 'misfit', path, message: `expected a name of ${name}, found ${describe(json)}` });
    return undefined;
  }
  if (values.some((value) => value.name === json)) return json;
  const known = values.map((value) => value.name).join(', ');
  report({ kind: 'unknown', path, message: `expected one of ${known}, found ${describe(json)}` });
  return undefined;
}

interface Scalar {
  readonly text: string;
  readonly test: (json: unknown) => boolean;
}

function wholeNumber(least: bigint, most: bigint): Scalar {
  return {
    text: `a whole number from ${least} to ${most}`,
    test(json) {
      const isWhole =
        typeof json === 'number' ? Number.isInteger(json) : typeof json === 'string' && /^-?\d+$/.test(json);
      return isWhole && BigInt(json as number | string) >= least && BigInt(json as number | string) <= most;
    },
  };
}

const int32 = wholeNumber(-(2n ** 31n), 2n ** 31n - 1n);
const int64 = wholeNumber(-(2n ** 63n), 2n ** 63n - 1n);
const uint32 = wholeNumber(0n, 2n ** 32n - 1n);
const uint64 = wholeNumber(0n, 2n ** 64n - 1n);
const real: Scalar = {
  text: 'a number',
  test: (json) =>
    typeof json === 'number' || (typeof json === 'string' && json.trim() !== '' && !Number.isNaN(Number(json))),
};

const scalars: { readonly [type in ScalarType]: Scalar } = {
  [ScalarType.BOOL]: { text: 'true or false', test: (json) => typeof json === 'boolean' },
  [ScalarType.STRING]: { text: 'a string', test: (json) => typeof json === 'string' },
  [ScalarType.BYTES]: {
    text: 'text in base64',
    test: (json) => typeof json === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(json),
  },
  [ScalarType.DOUBLE]: real,
  [ScalarType.FLOAT]: real,
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
};
