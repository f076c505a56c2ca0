/** Messages of DNS over TCP, each of which is preceded by its length. */
export function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole with this piece. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const length = this.#rest.readUInt16BE(0);
      messages.push(this.#rest.subarray(2, 2 + length));
      this.#rest = this.#rest.subarray(2 + length);
    }
    return messages;
  }
}
