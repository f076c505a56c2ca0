/** Applications behind the mesh: small servers that say who they are and what they received. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as an application saw it. */
export interface Received {
  readonly app: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The Host header, or HTTP/2's :authority. */
  readonly authority: string;
  readonly version: string;
  readonly headers: IncomingHttpHeaders;
}

/** How an application answers: 200 at once, unless it says otherwise. */
export interface Reply {
  readonly status?: number;
  readonly delayMs?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Ends the connection instead. */
  readonly resets?: boolean;
}

export interface Application {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Since the last `reset`, the oldest first. */
  readonly received: readonly Received[];
  /** Decides each answer from now on; `count` is 1 for the first request from now. */
  behave(reply: (request: Received, count: number) => Reply): void;
  /** Forgets what was received and answers 200 again. */
  reset(): void;
  close(): Promise<void>;
}

export interface ApplicationOptions {
  readonly name: string;
  /** Or the path of a Unix socket. */
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
}

interface Exchange {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
}

interface Response {
  writeHead(status: number, headers: { readonly [name: string]: string }): unknown;
  end(text: string): unknown;
}

/** Serves HTTP/1.1 and answers with the JSON of what it received. */
export function startHttpApplication(options: ApplicationOptions): Promise<Application> {
  return start(options, (handle) =>
    createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      request.resume();
      void handle(request, response, () => request.socket.destroy());
    }),
  );
}

/** The same in HTTP/2 without TLS; to gRPC calls it says in its trailers that all is well. */
export function startHttp2Application(options: ApplicationOptions): Promise<Application> {
  return start(options, (handle) =>
    createHttp2Server((request, response) => {
      request.resume();
      if (request.headers['content-type'] === 'application/grpc') response.addTrailers({ 'grpc-status': '0' });
      void handle(request, response, () => response.stream.close());
    }),
  );
}

/** Greets each connection with its name, and keeps the first bytes of each as the path of a request. */
export async function startTcpApplication({ name, address, port }: ApplicationOptions): Promise<Application> {
  const received: Received[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) =>
      received.push({ app: name, method: '', path: bytes.toString('latin1'), authority: '', version: '', headers: {} }),
    );
    socket.write(`${name}\n`);
  });
  const number = await listen(server, address, port);
  const reset = () => {
    received.length = 0;
  };
  return { name, address, port: number, received, behave() {}, reset, close: () => closing(server) };
}

type Handle = (request: Exchange, response: Response, destroy: () => void) => Promise<void>;

async function start(
  { name, address, port }: ApplicationOptions,
  create: (handle: Handle) => Server,
): Promise<Application> {
  const received: Received[] = [];
  const usual = (): Reply => ({});
  let reply: (request: Received, count: number) => Reply = usual;
  let count = 0;
  const handle: Handle = async ({ method = '', url = '', headers, httpVersion }, response, destroy) => {
    const authority = headers.host ?? String(headers[':authority'] ?? '');
    const request = { app: name, method, path: url, authority, version: httpVersion, headers };
    received.push(request);
    count += 1;
    const { status = 200, delayMs = 0, headers: more, resets = false } = reply(request, count);
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    if (resets) {
      destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(JSON.stringify(request));
  };
  const server = create(handle);
  const number = await listen(server, address, port);
  return {
    name,
    address,
    port: number,
    received,
    behave(next) {
      reply = next;
      count = 0;
    },
    reset() {
      reply = usual;
      count = 0;
      received.length = 0;
    },
    close: () => closing(server),
  };
}

const sockets = new WeakMap<Server, Set<{ destroy(): void }>>();

async function listen(server: Server, host: string, port: number): Promise<number> {
  const open = new Set<{ destroy(): void }>();
  sockets.set(server, open);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  if (host.startsWith('/')) server.listen(host);
  else server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

async function closing(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets.get(server) ?? []) socket.destroy();
  await closed;
}
