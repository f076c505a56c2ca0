/** From the bytes of an HTTP/2 stream to gRPC messages, which may be split and joined over frames in any way. */
import { frameHead } from './response.ts';

export type FrameResult =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  | { readonly kind: 'compressed' }
  | { readonly kind: 'too-large'; readonly length: number };

export class FrameReader {
  readonly #limit: number;
  #pending: Buffer[] = [];
  #length = 0;

  /** `limit`: the largest message that is taken, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes some bytes and yields the messages that are whole now. After anything but a message nothing can follow. */
  *read(chunk: Buffer): Generator<FrameResult> {
    this.#pending.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= frameHead) {
      const head = this.#peek(frameHead);
      const length = head.readUInt32BE(1);
      if (head.readUInt8(0) !== 0) {
        yield { kind: 'compressed' };
        return;
      }
      if (length > this.#limit) {
        yield { kind: 'too-large', length };
        return;
      }
      if (this.#length < frameHead + length) return;
      yield { kind: 'message', bytes: this.#take(frameHead + length).subarray(frameHead) };
    }
  }

  #peek(length: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= length) return first;
    this.#pending = [Buffer.concat(this.#pending)];
    return this.#pending[0] as Buffer;
  }

  #take(length: number): Buffer {
    const all = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
    this.#length -= length;
    this.#pending = this.#length === 0 ? [] : [all.subarray(length)];
    return all.subarray(0, length);
  }
}
