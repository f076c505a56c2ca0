/** Resources as JSON, for people: read back from their bytes with the descriptors of Envoy's API, loaded at first use. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { createFileRegistry, type FileRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import { AnySchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { must } from '../lib/assert.ts';
import type { Resource } from './resource.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };

let loaded: FileRegistry | undefined;

/** All messages of Envoy's v3 API and of what it imports. */
export function envoyRegistry(): FileRegistry {
  loaded ??= createFileRegistry(
    fromBinary(
      FileDescriptorSetSchema,
      brotliDecompressSync(readFileSync(new URL('../../proto/envoy-api.binpb.br', import.meta.url))),
    ),
  );
  return loaded;
}

/** A resource in the JSON form of protobuf, messages within its Anys included; it starts with its `@type`. */
export function resourceJson({ chunks }: Resource): Json {
  return toJson(AnySchema, fromBinary(AnySchema, Buffer.concat(chunks)), { registry: envoyRegistry() }) as Json;
}

/** A message given by the name of its type and its bytes, in the JSON form of protobuf. */
export function messageJson(typeName: string, bytes: Uint8Array): Json {
  const schema = must(envoyRegistry().getMessage(typeName), `${typeName} among Envoy's messages`);
  return toJson(schema, fromBinary(schema, bytes), { registry: envoyRegistry() }) as Json;
}
