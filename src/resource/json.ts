/** Resources as JSON, for people: read back from their bytes with the descriptors of Envoy's API. */
import { createRegistry, fromBinary, type Registry, toJson } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { nameRegistry } from '../descriptors/name-table.ts';
import { redact } from '../descriptors/redact.ts';
import { envoyRegistry } from '../descriptors/registry.ts';
import { must } from '../lib/assert.ts';
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
  return toJson(AnySchema, message, { registry: registry() }) as Json;
}

let known: Registry | undefined;

/** Every message that a resource can be. */
function registry(): Registry {
  known ??= createRegistry(envoyRegistry(), nameRegistry());
  return known;
}

/** A message given by the name of its type and its bytes, in the JSON form of protobuf. */
export function messageJson(typeName: string, bytes: Uint8Array): Json {
  const schema = must(registry().getMessage(typeName), `${typeName} among the messages that are known`);
  return toJson(schema, fromBinary(schema, bytes), { registry: registry() }) as Json;
}
