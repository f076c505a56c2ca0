/**
 * Takes out of a message what nobody may read, as Envoy does for its own dumps (`MessageUtil::redact`): fields that the API
 * marks `udpa.annotations.sensitive`, and all below them. Texts and bytes become `[redacted]`, other values are unset, so
 * that the message stays one of its type.
 */
import {
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  hasOption,
  type JsonObject,
  type Message,
  ScalarType,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Any, AnySchema, type Struct, StructSchema } from '@bufbuild/protobuf/wkt';
import { must } from '../lib/assert.ts';
import { typeNameOf } from '../lib/type-name.ts';
import { envoyRegistry } from './registry.ts';

const word = '[redacted]';

/** Changes the message itself, messages within its Anys and TypedStructs included. */
export function redact(schema: DescMessage, message: Message): void {
  redactMessage(reflect(schema, message), false);
}

function redactMessage(message: ReflectMessage, isSecret: boolean): void {
  const { typeName } = message.desc;
  if (typeName === AnySchema.typeName && redactAny(message.message as Any, isSecret)) return;
  if (/^(xds\.type\.v3|udpa\.type\.v1)\.TypedStruct$/.test(typeName) && redactTypedStruct(message, isSecret)) return;
  for (const field of message.fields)
    if (message.isSet(field)) redactField(message, field, isSecret || isSensitive(field));
}

function redactField(message: ReflectMessage, field: DescField, isSecret: boolean): void {
  switch (field.fieldKind) {
    case 'message': {
      const value = message.get(field);
      redactMessage(value, isSecret);
      message.set(field, value);
      return;
    }
    case 'list': {
      const list = message.get(field);
      if (field.listKind === 'message') for (const item of list) redactMessage(item as ReflectMessage, isSecret);
      else if (isSecret) redactItems(message, field, [...list].keys(), (i, hidden) => list.set(i, hidden));
      return;
    }
    case 'map': {
      // Keys stay: they would all be the same.
      const map = message.get(field);
      if (field.mapKind === 'message') for (const [, item] of map) redactMessage(item as ReflectMessage, isSecret);
      else if (isSecret) redactItems(message, field, [...map.keys()], (key, hidden) => map.set(key, hidden));
      return;
    }
    default:
      if (isSecret) redactItems(message, field, [0], (_, hidden) => message.set(field, hidden));
  }
}

/** Hides values of a field that are no messages; the field is unset where its values have no room for the word. */
function redactItems<K>(
  message: ReflectMessage,
  field: DescField,
  keys: Iterable<K>,
  set: (key: K, hidden: string | Uint8Array) => void,
): void {
  if (field.scalar === ScalarType.STRING) for (const key of keys) set(key, word);
  else if (field.scalar === ScalarType.BYTES) for (const key of keys) set(key, Buffer.from(word));
  else message.clear(field);
}

/** Whether the Any holds a message of Envoy's API. */
function redactAny(any: Any, isSecret: boolean): boolean {
  const schema = envoyRegistry().getMessage(typeNameOf(any.typeUrl));
  if (schema === undefined) return false;
  const inner = fromBinary(schema, any.value);
  redactMessage(reflect(schema, inner), isSecret);
  any.value = toBinary(schema, inner);
  return true;
}

/** Whether it names a message of Envoy's API. What is unknown in it Envoy would not read either, and goes. */
function redactTypedStruct(message: ReflectMessage, isSecret: boolean): boolean {
  const { typeUrl, value = {} } = message.message as TypedStruct;
  const schema = envoyRegistry().getMessage(typeNameOf(typeUrl));
  if (schema === undefined) return false;
  const struct = reflect(StructSchema, redactedStruct(schema, value, isSecret));
  message.set(
    must(
      message.fields.find(({ name }) => name === 'value'),
      'the value of a TypedStruct',
    ),
    struct,
  );
  return true;
}

function redactedStruct(schema: DescMessage, value: JsonObject, isSecret: boolean): Struct {
  const registry = envoyRegistry();
  try {
    const inner = fromJson(schema, value, { registry, ignoreUnknownFields: true });
    redactMessage(reflect(schema, inner), isSecret);
    return fromJson(StructSchema, toJson(schema, inner, { registry }));
  } catch {
    // Of what is no such message nobody knows where its secrets are.
    const struct = fromJson(StructSchema, value);
    redactMessage(reflect(StructSchema, struct), true);
    return struct;
  }
}

interface TypedStruct extends Message {
  readonly typeUrl: string;
  readonly value?: JsonObject;
}

function isSensitive(field: DescField): boolean {
  const option = envoyRegistry().getExtension('udpa.annotations.sensitive');
  return option !== undefined && hasOption(field, option);
}
