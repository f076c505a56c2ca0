/** Envoy's messages from YAML in protobuf's JSON form, as Envoy's own configuration files have it. */
import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { parse } from 'yaml';
import { decodeMessage, type NamedType } from '../../src/descriptors/decode.ts';
import { envoyMessage, envoyRegistry } from '../../src/descriptors/registry.ts';

/** The message of a YAML text. Throws on what the type does not have. */
export function messageIn<T>(type: NamedType<T>, yaml: string): T {
  return messageOf(type, parse(yaml));
}

/** The message of a value in protobuf's JSON form. */
export function messageOf<T>(type: NamedType<T>, json: unknown): T {
  const schema = envoyMessage(type.$type);
  const message = fromJson(schema, json as JsonValue, { registry: envoyRegistry() });
  return decodeMessage(type, toBinary(schema, message));
}
