/** HTTP for people and machines that look at the control plane: read only, one handler per path. */
import type { IncomingMessage } from 'node:http';
import { type HttpServer, pageServer, type Reply } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';

/** Answers a GET; gets the query of its URL. */
export type Answer = (query: URLSearchParams) => Reply | Promise<Reply>;

export interface Page {
  /** What it shows, in one line. */
  readonly about: string;
  readonly answer: Answer;
}

export function json(value: unknown, status = 200): Reply {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

export function text(body: string, status = 200): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/** Serves pages by path. Bodies of requests are not read. */
export function createHttpServer(pages: ReadonlyMap<string, Page>, log: Log): HttpServer {
  return pageServer((request) => answer(request, pages), log);
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
