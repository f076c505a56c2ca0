/** From a message to a Resource: bytes and version are made once, here. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageType } from '../envoy/values.ts';
import { contentVersion } from '../lib/hash.ts';
import type { OriginKey } from '../model/origin.ts';
import type { Resource } from './resource.ts';

/** Field numbers of google.protobuf.Any. */
const typeUrlField = (1 << 3) | 2;
const valueField = (2 << 3) | 2;

/** The bytes of an Any up to its value, whose length is given. */
export function anyHead(typeName: string, valueLength: number): Uint8Array {
  return new BinaryWriter()
    .uint32(typeUrlField)
    .string(`type.googleapis.com/${typeName}`)
    .uint32(valueField)
    .uint32(valueLength)
    .finish();
}

export function encodeResource<T>(
  type: MessageType<T>,
  name: string,
  message: T,
  origins: readonly OriginKey[],
): Resource {
  return resourceOf(type.$type, name, type.encode(message).finish(), origins);
}

/** The resource of a message that has been encoded already. */
export function resourceOf(typeName: string, name: string, value: Uint8Array, origins: readonly OriginKey[]): Resource {
  const head = anyHead(typeName, value.length);
  const bytes = new Uint8Array(head.length + value.length);
  bytes.set(head);
  bytes.set(value, head.length);
  return { name, version: contentVersion(bytes), chunks: [bytes], size: bytes.length, origins };
}
