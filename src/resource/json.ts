/** Resources as JSON, for people: read back from their bytes with the descriptors of Envoy's API. */
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { envoyMessage, envoyRegistry } from '../descriptors/registry.ts';
import type { Resource } from './resource.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

/**
 * A resource in the JSON form of protobuf, messages within its Anys included; it starts with its `@type`. Private keys
 * are left out.
 */
export function resourceJson({ chunks }: Resource): Json {
  const message = fromBinary(AnySchema, Buffer.concat(chunks));
  return redacted(toJson(AnySchema, message, { registry: envoyRegistry() }) as Json);
}

/** Fields of Envoy's API that nobody may read; Envoy's own dump has the same word in their place. */
const sensitive: ReadonlySet<string> = new Set([
  'privateKey',
  'privateKeyProvider',
  'password',
  'pkcs12',
  'sessionTicketKeys',
]);

function redacted(json: Json): Json {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(redacted);
  return Object.fromEntries(
    Object.entries(json).map(([field, value]) => [field, sensitive.has(field) ? '[redacted]' : redacted(value)]),
  );
}

/** A message given by the name of its type and its bytes, in the JSON form of protobuf. */
export function messageJson(typeName: string, bytes: Uint8Array): Json {
  const schema = envoyMessage(typeName);
  return toJson(schema, fromBinary(schema, bytes), { registry: envoyRegistry() }) as Json;
}
