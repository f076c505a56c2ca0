/** Resources as JSON, for people: read back from their bytes with the descriptors of Envoy's API. */
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { redact } from '../descriptors/redact.ts';
import { envoyMessage, envoyRegistry } from '../descriptors/registry.ts';
import type { Resource } from './resource.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

/** A message with the `@type` that says which, as an Any is in JSON. */
export type AnyJson = { readonly '@type': string } & { readonly [field: string]: Json };

/**
 * A resource in the JSON form of protobuf, messages within its Anys included; it starts with its `@type`. Private keys
 * and other secrets are hidden in the way of Envoy's own dump.
 */
export function resourceJson({ chunks }: Resource): Json {
  const message = fromBinary(AnySchema, Buffer.concat(chunks));
  redact(AnySchema, message);
  return toJson(AnySchema, message, { registry: envoyRegistry() }) as Json;
}

/** A message given by the name of its type and its bytes, in the JSON form of protobuf. */
export function messageJson(typeName: string, bytes: Uint8Array): Json {
  const schema = envoyMessage(typeName);
  return toJson(schema, fromBinary(schema, bytes), { registry: envoyRegistry() }) as Json;
}
