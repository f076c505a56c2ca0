/**
 * From bytes back to messages in the form of src/proto, where only encoders are generated: decoding is for people's
 * questions and reads the descriptors. Absent fields and implicit defaults are left out.
 */
import { type DescField, type DescMessage, fromBinary, isFieldSet, type Message } from '@bufbuild/protobuf';
import { typeNameOf } from '../lib/type-name.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

/** What decoding needs to know of a message of src/proto. */
export interface NamedType<T> {
  readonly $type: string;
  encode(message: T): unknown;
}

/** The message that bytes encode. Messages in its Anys stay bytes. Throws on bytes that are no such message. */
export function decodeMessage<T>({ $type }: NamedType<T>, bytes: Uint8Array): T {
  return decodeNamed($type, bytes) as T;
}

/** The message in an Any; undefined when its type is none of Envoy's API, or its bytes are not of that type. */
export function decodeAny({ typeUrl = '', value = new Uint8Array() }: AnyBytes): unknown {
  const name = typeNameOf(typeUrl);
  if (envoyRegistry().getMessage(name) === undefined) return undefined;
  try {
    return decodeNamed(name, value);
  } catch {
    // Whoever asks can only say that the message is unreadable.
    return undefined;
  }
}

interface AnyBytes {
  readonly typeUrl?: string | undefined;
  readonly value?: Uint8Array | undefined;
}

function decodeNamed(name: string, bytes: Uint8Array): unknown {
  const schema = envoyMessage(name);
  return plainMessage(schema, fromBinary(schema, bytes));
}

type Fields = Record<string, unknown>;

/** Types that protobuf-es and ts-proto both represent by plain JSON. */
const plainAlready = /^google\.protobuf\.(Struct|Value|ListValue)$/;

function plainMessage(schema: DescMessage, message: Message | Fields): unknown {
  if (plainAlready.test(schema.typeName)) return message;
  const from = message as Fields;
  const plain: Fields = {};
  for (const member of schema.members) {
    if (member.kind === 'oneof') {
      const { case: name, value } = from[member.localName] as { readonly case?: string; readonly value?: unknown };
      const field = member.fields.find(({ localName }) => localName === name);
      if (field !== undefined) plain[member.localName] = { $case: name, value: plainField(field, value) };
    } else if (isFieldSet(message as Message, member)) {
      plain[member.localName] = plainField(member, from[member.localName]);
    }
  }
  return plain;
}

function plainField(field: DescField, value: unknown): unknown {
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      return plainScalar(value);
    case 'list':
      return (value as unknown[]).map((item) => plainItem(field.message, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Fields).map(([key, item]) => [key, plainItem(field.message, item)]),
      );
    case 'message':
      return plainItem(field.message, value);
  }
}

function plainItem(schema: DescMessage | undefined, value: unknown): unknown {
  // Wrapped scalars are plain in fields of their own, but not in lists and maps.
  return schema === undefined || typeof value !== 'object' || value === null || value instanceof Uint8Array
    ? plainScalar(value)
    : plainMessage(schema, value as Fields);
}

/** Of Envoy's 64-bit numbers none is beyond what a number holds. */
function plainScalar(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
