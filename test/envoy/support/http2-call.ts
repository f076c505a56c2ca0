/** Calls in HTTP/2 without TLS, as gRPC clients make them. */
import { once } from 'node:events';
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import type { Received } from './application.ts';
import { type Entry, seenIn } from './call.ts';

export interface Http2Call {
  readonly authority: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly seen: Received | undefined;
}

export async function callHttp2({ host, port }: Entry, { authority, path, headers }: Http2Call): Promise<Http2Answer> {
  const session = connect(`http://${host}:${port}`);
  try {
    const stream = session.request({ ':authority': authority, ':path': path, ...headers });
    let trailers: IncomingHttpHeaders = {};
    stream.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = received;
    });
    stream.end();
    const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let body = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream) body += chunk;
    return { status: Number(answered[':status']), headers: answered, trailers, seen: seenIn(body) };
  } finally {
    session.destroy();
  }
}
