/** One gRPC call over an HTTP/2 stream: messages in, frames out, and a status at the end. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { FrameReader } from '../lib/grpc-frames.ts';
import type { Log } from '../lib/log.ts';

/** The status codes that we use. https://grpc.io/docs/guides/status-codes/ */
export const status = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export type StatusCode = (typeof status)[keyof typeof status];

/** One call, as its handler sees it. */
export interface Call {
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
  /** Sends one framed message; `written` is called when the peer has room for more. */
  send(frame: Buffer, written: () => void): void;
  /** Ends the call. */
  end(code: StatusCode, message?: string): void;
}

/** What a handler does with a call. */
export interface CallHandler {
  message(bytes: Buffer): void;
  /** The peer has ended its side, or the connection is gone; nothing can be sent any more when it is. Called once. */
  closed(): void;
}

export type OpenCall = (call: Call) => CallHandler;

export interface CallOptions {
  /** Handlers by path, such as `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, OpenCall>;
  readonly log: Log;
  /** The largest request, in bytes. */
  readonly requestLimit: number;
  /** Milliseconds since some moment. */
  readonly now: () => number;
}

/** A call that is being served, as its server sees it. */
export interface ServedCall {
  /** Since when something that was sent has not been taken; undefined when there is nothing. */
  stalledSince(): number | undefined;
  end(code: StatusCode, message: string): void;
  /** Ends the call without a word to a peer that would not hear it. */
  abandon(): void;
}

/** Serves a call; undefined when there is nothing to serve. `closed` is called when the stream is gone. */
export function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: CallOptions,
  closed: (call: ServedCall) => void,
): ServedCall | undefined {
  const { methods, log } = options;
  stream.on('error', (error) => log.debug('a stream failed', { error }));
  // A peer may have taken its request back before we hear of it.
  if (stream.destroyed || stream.closed) return undefined;
  const contentType = headers['content-type'] ?? '';
  if (headers[':method'] !== 'POST' || !/^application\/grpc($|[+;])/.test(contentType)) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return undefined;
  }
  const path = headers[':path'] ?? '';
  const open = methods.get(path);
  if (open === undefined) {
    const message = `expected one of ${[...methods.keys()].join(', ')}, found ${path}`;
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...statusHeaders(status.unimplemented, message) },
      { endStream: true },
    );
    return undefined;
  }
  const call = new OpenStream(stream, options);
  stream.on('close', () => closed(call));
  call.handle(open, headers);
  return call;
}

/** A stream whose method is known. */
class OpenStream implements ServedCall {
  readonly #stream: ServerHttp2Stream;
  readonly #options: CallOptions;
  #handler: CallHandler | undefined;
  #status: { readonly code: StatusCode; readonly message: string } = { code: status.ok, message: '' };
  #isOver = false;
  /** Frames that have not been written, and when the last of those before was. */
  #unwritten = 0;
  #writtenAt = 0;

  constructor(stream: ServerHttp2Stream, options: CallOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  handle(open: OpenCall, headers: IncomingHttpHeaders): void {
    const stream = this.#stream;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => this.#sendStatus());
    const { socket } = stream.session ?? {};
    this.#handler = open({
      peer: socket === undefined ? '' : `${socket.remoteAddress}:${socket.remotePort}`,
      headers,
      send: (frame, written) => this.#send(frame, written),
      end: (code, message = '') => this.end(code, message),
    });
    const frames = new FrameReader(this.#options.requestLimit);
    stream.on('data', (chunk: Buffer) => this.#read(frames, chunk));
    stream.on('end', () => this.end(status.ok, ''));
    stream.on('close', () => this.end(status.unavailable, ''));
  }

  stalledSince(): number | undefined {
    return this.#unwritten > 0 || this.#isOver ? this.#writtenAt : undefined;
  }

  end(code: StatusCode, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#status = { code, message };
    if (this.#unwritten === 0) this.#writtenAt = this.#options.now();
    if (!this.#stream.destroyed) this.#stream.end();
    this.#handler?.closed();
  }

  abandon(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #send(frame: Buffer, written: () => void): void {
    const stream = this.#stream;
    if (this.#isOver || stream.destroyed || stream.writableEnded) return;
    if (this.#unwritten === 0) this.#writtenAt = this.#options.now();
    this.#unwritten += 1;
    stream.write(frame, (error) => {
      this.#unwritten -= 1;
      this.#writtenAt = this.#options.now();
      if ((error === null || error === undefined) && !this.#isOver) written();
    });
  }

  #read(frames: FrameReader, chunk: Buffer): void {
    const { requestLimit } = this.#options;
    for (const frame of frames.read(chunk)) {
      if (this.#isOver) return;
      if (frame.kind === 'message') this.#handler?.message(frame.bytes);
      else if (frame.kind === 'compressed') this.end(status.unimplemented, 'expected messages without compression');
      else
        this.end(
          status.resourceExhausted,
          `expected a message of at most ${requestLimit} bytes, found ${frame.length}`,
        );
    }
  }

  #sendStatus(): void {
    const stream = this.#stream;
    const { code, message } = this.#status;
    if (stream.destroyed || stream.closed) return;
    stream.sendTrailers(statusHeaders(code, message));
    // A peer that has not ended its side has no more to say that we would hear.
    setImmediate(() => {
      if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }
}

/** Messages may quote what the peer has sent; headers have little room. */
const longestMessage = 500;

function statusHeaders(code: StatusCode, message: string): { readonly [name: string]: string } {
  const words = message.slice(0, longestMessage).toWellFormed();
  // "gRPC over HTTP2", Status-Message: all but printable ASCII is percent-encoded, and so is the percent sign.
  const spelled = words.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
  return { 'grpc-status': String(code), ...(words === '' ? {} : { 'grpc-message': spelled }) };
}
