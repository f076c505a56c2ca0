/** Messages of gRPC in the bytes of an HTTP/2 stream, over whose frames they may be split and joined in any way. */

/** Five bytes before each gRPC message: not compressed, and its length. */
export const frameHead = 5;

/** A message out of its pieces, behind its head. */
export function grpcFrame(pieces: readonly Uint8Array[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = Buffer.allocUnsafeSlow(frameHead + length);
  bytes.writeUInt8(0, 0);
  bytes.writeUInt32BE(length, 1);
  let at = frameHead;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export type FrameResult =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  | { readonly kind: 'compressed' }
  | { readonly kind: 'too-large'; readonly length: number };

const none = Buffer.alloc(0);

export class FrameReader {
  readonly #limit: number;
  /** Its first `#length` bytes are the start of a message; it grows by doubling, so that single bytes cost little. */
  #pending = none;
  #length = 0;

  /** `limit`: the largest message that is taken, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes some bytes and yields the messages that are whole now. After anything but a message nothing can follow. */
  *read(chunk: Buffer): Generator<FrameResult> {
    const bytes = this.#length === 0 ? chunk : this.#append(chunk);
    let at = 0;
    while (bytes.length - at >= frameHead) {
      const length = bytes.readUInt32BE(at + 1);
      if (bytes.readUInt8(at) !== 0) {
        yield { kind: 'compressed' };
        return;
      }
      if (length > this.#limit) {
        yield { kind: 'too-large', length };
        return;
      }
      const end = at + frameHead + length;
      if (bytes.length < end) break;
      yield { kind: 'message', bytes: bytes.subarray(at + frameHead, end) };
      at = end;
    }
    this.#keep(bytes, at);
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#pending.length));
      this.#pending.copy(larger, 0, 0, this.#length);
      this.#pending = larger;
    }
    chunk.copy(this.#pending, this.#length);
    this.#length = length;
    return this.#pending.subarray(0, length);
  }

  /** Keeps what follows the last whole message, apart from what has been handed out. */
  #keep(bytes: Buffer, from: number): void {
    if (from === 0 && this.#length > 0) return;
    this.#length = bytes.length - from;
    this.#pending = this.#length === 0 ? none : Buffer.from(bytes.subarray(from));
  }
}
