/**
 * gRPC over node:http2, as far as xDS needs it: streams of messages in both directions, ended by a status. Messages go
 * out as they are, so that one buffer serves any number of streams.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Log } from '../lib/log.ts';
import { FrameReader } from './frames.ts';

/** The status codes that we use. https://grpc.io/docs/guides/status-codes/ */
export const status = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
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
  /** The peer has ended its side, or the connection is gone; nothing can be sent any more when it is. */
  closed(): void;
}

export type OpenCall = (call: Call) => CallHandler;

export interface GrpcServerOptions {
  /** Handlers by path, such as `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, OpenCall>;
  readonly log: Log;
  /** The largest request, in bytes. */
  readonly requestLimit?: number;
  /** A peer that has been silent for this long is asked for a sign of life. */
  readonly keepaliveMs?: number;
  /** It is given up when it gives none for this long. */
  readonly keepaliveTimeoutMs?: number;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface GrpcServer {
  listen(address: ListenAddress): Promise<ListenAddress>;
  /** Takes no new connections, tells peers to go elsewhere, ends calls, and closes what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const mebibyte = 1024 * 1024;

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { methods, log, requestLimit = 4 * mebibyte, keepaliveMs = 30_000, keepaliveTimeoutMs = 10_000 } = options;
  const sessions = new Set<Http2Session>();
  const calls = new Set<(code: StatusCode, message: string) => void>();
  const server: Http2Server = createServer({
    // Node counts queued output as the session's memory and refuses new streams above it; our own limits bound the queue.
    maxSessionMemory: 1024,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: mebibyte },
  });
  server.on('session', (session) => {
    sessions.add(session);
    const alive = keepalive(session, keepaliveMs, keepaliveTimeoutMs);
    session.on('close', () => {
      sessions.delete(session);
      clearInterval(alive);
    });
    session.on('error', (error) => log.debug('connection failed', { error }));
  });
  server.on('sessionError', (error) => log.debug('connection failed', { error }));
  server.on('stream', (stream, headers) => serve(stream, headers, methods, requestLimit, calls, log));
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const { port: bound } = server.address() as AddressInfo;
          resolve({ host, port: bound });
        });
      }),
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR);
      for (const end of [...calls]) end(status.unavailable, 'the control plane is shutting down');
      for (const session of sessions) session.close();
      const timer = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Pings a session; a peer that does not answer is gone. */
function keepalive(session: Http2Session, everyMs: number, timeoutMs: number): NodeJS.Timeout {
  return setInterval(() => {
    if (session.destroyed) return;
    const timer = setTimeout(() => session.destroy(), timeoutMs);
    try {
      session.ping(() => clearTimeout(timer));
    } catch {
      clearTimeout(timer);
    }
  }, everyMs).unref();
}

function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  methods: ReadonlyMap<string, OpenCall>,
  requestLimit: number,
  calls: Set<(code: StatusCode, message: string) => void>,
  log: Log,
): void {
  stream.on('error', (error) => log.debug('stream failed', { error }));
  const contentType = headers['content-type'] ?? '';
  if (headers[':method'] !== 'POST' || !contentType.startsWith('application/grpc')) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  const open = methods.get(headers[':path'] ?? '');
  if (open === undefined) {
    endWithoutBody(
      stream,
      status.unimplemented,
      `expected one of ${[...methods.keys()].join(', ')}, found ${headers[':path']}`,
    );
    return;
  }
  let handler: CallHandler | undefined;
  let trailers: { readonly code: StatusCode; readonly message: string } = { code: status.ok, message: '' };
  let isOver = false;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    const { code, message } = trailers;
    stream.sendTrailers({
      'grpc-status': String(code),
      ...(message === '' ? {} : { 'grpc-message': encodeURIComponent(message) }),
    });
  });
  const end = (code: StatusCode, message = '') => {
    if (isOver) return;
    isOver = true;
    calls.delete(end);
    trailers = { code, message };
    if (!stream.destroyed) stream.end();
    handler?.closed();
  };
  calls.add(end);
  const { socket } = stream.session ?? {};
  handler = open({
    peer: socket === undefined ? '' : `${socket.remoteAddress}:${socket.remotePort}`,
    headers,
    send: (frame, written) => {
      if (!stream.destroyed && !stream.writableEnded)
        stream.write(frame, (error) => (error === null || error === undefined ? written() : undefined));
    },
    end,
  });
  const frames = new FrameReader(requestLimit);
  stream.on('data', (chunk: Buffer) => {
    for (const frame of frames.read(chunk)) {
      if (isOver) return;
      if (frame.kind === 'message') handler?.message(frame.bytes);
      else if (frame.kind === 'compressed') end(status.unimplemented, 'expected messages without compression');
      else end(status.resourceExhausted, `expected a message of at most ${requestLimit} bytes, found ${frame.length}`);
    }
  });
  stream.on('end', () => end(status.ok));
  stream.on('close', () => end(status.unavailable));
}

/** A status alone, as the headers of an empty response. */
function endWithoutBody(stream: ServerHttp2Stream, code: StatusCode, message: string): void {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(code),
      'grpc-message': encodeURIComponent(message),
    },
    { endStream: true },
  );
}
