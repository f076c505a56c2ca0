/** Bodies of requests, with bounds on each and on all of them together. */
import type { IncomingMessage } from 'node:http';
import type { Reply } from '../lib/http.ts';

/** As large as a request to an API server may be. */
const longestBody = 3 * 1024 * 1024;
/** What all bodies that are read or judged at one time may hold. */
const mostHeld = 48 * 1024 * 1024;

/** A body that is not taken, and what its sender is told. */
export class BodyError extends Error {
  readonly reply: Reply;

  constructor(status: number, line: string) {
    super(line);
    this.reply = { status, contentType: 'text/plain; charset=utf-8', body: `${line}\n` };
  }
}

export class BodyReader {
  #held = 0;

  /** Reads a body, and counts it as held until its use has ended. Rejected with a BodyError. */
  async read<T>(request: IncomingMessage, use: (body: Uint8Array) => Promise<T>): Promise<T> {
    if (Number(request.headers['content-length'] ?? 0) > longestBody) throw tooLong();
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      // A connection that is to carry a reply must outlive a body that is not read to its end.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.#held += chunk.length;
        if (size > longestBody) throw tooLong();
        if (this.#held > mostHeld) throw new BodyError(503, 'expected fewer requests at one time');
        chunks.push(chunk);
      }
      return await use(Buffer.concat(chunks));
    } catch (error) {
      // The client is gone; nobody reads this.
      throw request.errored === null ? error : new BodyError(400, 'expected a whole body');
    } finally {
      this.#held -= size;
    }
  }
}

function tooLong(): BodyError {
  return new BodyError(413, `expected a body of at most ${longestBody / 1024 / 1024} MiB`);
}
