/** Calls as applications and people make them: through a sidecar that is an HTTP proxy, to a gateway, or over plain TCP. */
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Received } from './application.ts';

/** Where a request goes first. */
export interface Entry {
  readonly host: string;
  readonly port: number;
  /** The entry is told the whole URL, as an HTTP proxy is. */
  readonly isProxy: boolean;
  /** What is sent before anything else on each connection. */
  readonly preface?: string;
}

export interface Call {
  /** `http://reviews:9080/path`: its host and port become the Host header. */
  readonly url: string;
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  /** A connection that is kept for many calls; one of its own when absent. */
  readonly agent?: Agent;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the application says that it received; undefined when the answer is a proxy's own. */
  readonly seen: Received | undefined;
  readonly durationMs: number;
}

/** Makes one request. Rejects when the connection ends without an answer. */
export async function call(
  entry: Entry,
  { url, method = 'GET', headers, agent, timeoutMs = 15_000 }: Call,
): Promise<Answer> {
  // A URL normalises its parts; what is called is what is written.
  const [, host = '', path = ''] = /^http:\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  if (path === '') throw new Error(`expected http://host/path, found ${url}`);
  const startedMs = performance.now();
  const outgoing = request({
    host: entry.host,
    port: entry.port,
    path: entry.isProxy ? url : path,
    method,
    headers: { host, ...headers },
    ...(entry.preface === undefined ? { agent: agent ?? false } : { createConnection: () => connectTo(entry) }),
    timeout: timeoutMs,
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${url} within ${timeoutMs} ms`)));
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  const { statusCode: status = 0, headers: answered } = response;
  return {
    status,
    headers: answered,
    body,
    seen: seenIn(body),
    durationMs: performance.now() - startedMs,
  };
}

/** What an application says that it received, if the body is an application's. */
export function seenIn(body: string): Received | undefined {
  if (!body.startsWith('{"app":')) return undefined;
  return JSON.parse(body) as Received;
}

/** Where a request landed: `reviews-v1`, or what came instead, such as `503 no healthy upstream` or `500 ratings`. */
export function landing({ status, body, seen }: Answer): string {
  if (seen !== undefined) return status === 200 ? seen.app : `${status} ${seen.app}`;
  return `${status} ${body.trim()}`.trim();
}

/** Many calls, a few at a time over kept connections; the landing of each. */
export async function callMany(entry: Entry, what: Call, count: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const landings: string[] = [];
  const next = async () => {
    while (landings.length < count) {
      const index = landings.push('') - 1;
      landings[index] = landing(await call(entry, { ...what, agent }));
    }
  };
  await Promise.all([next(), next(), next(), next()]);
  agent.destroy();
  return landings;
}

/** How often each landing occurred. */
export function tally(landings: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of landings) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

/** A connection to an entry, with its preface sent. */
export function connectTo({ host, port, preface = '' }: Omit<Entry, 'isProxy'>): Socket {
  const socket = connect({ host, port });
  if (preface !== '') socket.write(preface);
  return socket;
}

/** Who greets a TCP connection: the first line; `closed` when it ends before one, and `refused` when nobody listens. */
export function greeting(entry: Omit<Entry, 'isProxy'>): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTo(entry);
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('refused');
    });
    socket.on('close', () => resolve(text.includes('\n') ? text.slice(0, text.indexOf('\n')) : 'closed'));
  });
}
