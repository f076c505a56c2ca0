/** HTTP for people and machines that look at the control plane: read only, one handler per path. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Address } from '../lib/address.ts';
import { listen } from '../lib/listen.ts';
import type { Log } from '../lib/log.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Header fields beside those that every reply has. */
  readonly headers?: { readonly [name: string]: string };
}

/** Answers a GET; gets the query of its URL. */
export type Answer = (query: URLSearchParams) => Reply | Promise<Reply>;

export interface Page {
  /** What it shows, in one line. */
  readonly about: string;
  readonly answer: Answer;
}

export interface HttpServer {
  listen(address: Address): Promise<Address>;
  /** Stops at once; whoever is still connected is cut off. */
  close(): Promise<void>;
}

/** Nobody needs longer to ask for a page, in milliseconds. */
const patienceMs = 10_000;
/** More clients than this at one time are turned away. */
const mostConnections = 256;

export function json(value: unknown, status = 200): Reply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

export function text(body: string, status = 200): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/** Serves pages by path. Header fields are limited by Node to 16 KiB together; bodies of requests are not read. */
export function createHttpServer(pages: ReadonlyMap<string, Page>, log: Log): HttpServer {
  const limits = {
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 2,
  };
  const server: Server = createServer(limits, (request, response) => {
    answer(request, pages)
      .catch((error: unknown) => {
        log.error('a page failed', { path: request.url, error });
        return text('internal error; the log says more\n', 500);
      })
      .then((reply) => send(request, response, reply));
  });
  server.maxConnections = mostConnections;
  return {
    listen: (address) => listen(server, address, log),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer({ url = '/', method }: IncomingMessage, pages: ReadonlyMap<string, Page>): Promise<Reply> {
  const at = URL.parse(url, 'http://localhost');
  if (at === null) return text(`expected a path such as /ready, found ${url}\n`, 400);
  const page = pages.get(at.pathname) ?? pages.get(at.pathname.replace(/\/$/, ''));
  if (page === undefined) return text(`expected one of these paths, found ${at.pathname}:\n${listOf(pages)}`, 404);
  if (method !== 'GET' && method !== 'HEAD')
    return {
      ...text(`expected GET, found ${method}: everything here is read only\n`, 405),
      headers: { allow: 'GET, HEAD' },
    };
  return page.answer(at.searchParams);
}

/** One line for each page. */
export function listOf(pages: ReadonlyMap<string, Page>): string {
  const widest = Math.max(...[...pages.keys()].map((path) => path.length));
  return [...pages].map(([path, { about }]) => `${path.padEnd(widest)}  ${about}\n`).join('');
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, contentType, body, headers = {} } = reply;
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // A body that nobody asked for is not waited for.
    ...(hasBody ? { connection: 'close' } : {}),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? '' : body);
}
