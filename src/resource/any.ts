/** Messages that are no configuration as resources: what tools ask about. */
import { create, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { envoyRegistry } from '../descriptors/registry.ts';
import { contentVersion } from '../lib/hash.ts';
import type { AnyJson } from './json.ts';
import type { Resource } from './resource.ts';

/** From the JSON form of a message of Envoy's API, which it must fit. */
export function jsonResource(name: string, json: AnyJson): Resource {
  return anyResource(name, fromJson(AnySchema, json as JsonValue, { registry: envoyRegistry() }));
}

/** A text where a message is expected, which only its readers can tell. */
export function textResource(name: string, typeUrl: string, text: string): Resource {
  return anyResource(name, create(AnySchema, { typeUrl, value: Buffer.from(text) }));
}

function anyResource(name: string, any: Any): Resource {
  const bytes = toBinary(AnySchema, any);
  return { name, version: contentVersion(bytes), chunks: [bytes], size: bytes.length, origins: [] };
}
