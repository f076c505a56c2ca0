/** HTTP for people and machines that look at the control plane: read only, one handler per path. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../lib/log.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers a GET; gets the query of its URL. */
export type Page = (query: URLSearchParams) => Reply | Promise<Reply>;

export interface HttpServer {
  listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

export function json(value: unknown, status = 200): Reply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

export function text(body: string, status = 200): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export function createHttpServer(pages: ReadonlyMap<string, Page>, log: Log): HttpServer {
  const server: Server = createServer((request, response) => {
    answer(request, pages)
      .catch((error: unknown) => {
        log.error('a page failed', { path: request.url, error });
        return text(`internal error: ${(error as Error).message}\n`, 500);
      })
      .then((reply) => send(request, response, reply));
  });
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve({ host, port: (server.address() as AddressInfo).port });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, pages: ReadonlyMap<string, Page>): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const page = pages.get(url.pathname);
  if (page === undefined) return text(`expected one of:\n${[...pages.keys()].join('\n')}\n`, 404);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text(`expected GET, found ${request.method}\n`, 405);
  return page(url.searchParams);
}

function send(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: Reply): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? '' : body);
}
