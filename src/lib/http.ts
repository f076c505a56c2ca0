/** What our servers of plain HTTP share: replies, limits, and how they start and stop. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Address } from './address.ts';
import { listen } from './listen.ts';
import type { Log } from './log.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Header fields beside those that every reply has. */
  readonly headers?: { readonly [name: string]: string };
}

export interface HttpServer {
  listen(address: Address): Promise<Address>;
  /** Stops at once; whoever is still connected is cut off. */
  close(): Promise<void>;
}

/** Nobody needs longer to say what is wanted, in milliseconds. */
export const usualPatienceMs = 10_000;

/** Options of Node's servers, by which slow senders are cut off. Header fields are limited by Node to 16 KiB together. */
export function httpLimits(patienceMs = usualPatienceMs): Limits {
  return {
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 2,
  };
}

type Limits = Required<Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval'>>;

/** More clients than this at one time are turned away. */
const mostConnections = 256;

/** A server of short pages, which reads no bodies. Where a page cannot be made its client is told so, and the log says why. */
export function pageServer(answer: (request: IncomingMessage) => Promise<Reply>, log: Log): HttpServer {
  const server = createServer(httpLimits(), (request, response) => {
    answer(request)
      .catch((error: unknown): Reply => {
        log.error('a page failed', { path: request.url, error });
        const body = 'internal error; the log says more\n';
        return { status: 500, contentType: 'text/plain; charset=utf-8', body };
      })
      .then((reply) => sendReply(request, response, reply));
  });
  server.maxConnections = mostConnections;
  return httpServer(server, log);
}

export function httpServer(server: Server | SecureServer, log: Log): HttpServer {
  return {
    listen: (address) => listen(server, address, log),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, contentType, body, headers = {} } = reply;
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // A body that nobody reads is not waited for.
    ...(hasBody && !request.readableEnded ? { connection: 'close' } : {}),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? '' : body);
}
