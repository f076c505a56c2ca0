/** Messages of protobuf whose types are not generated for reading. */
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Calls `read` with each field of bytes or text or a message; what it does not read is passed over. Throws for what is no message. */
export function eachField(bytes: Uint8Array, read: (number: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType !== 2 || !read(number, reader)) reader.skip(wireType, number);
  }
}
