/**
 * A stand-in for a Nomad agent: what its HTTP API shows of native services, allocations and checks, with its quirks. What it is
 * held to are recordings of a real one (../transcripts.test.ts), and suites that a real one passes too (nomads.ts).
 *
 * Left out, and refused with 501: `filter`, `choose` and pages, which nothing here asks for.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Access, accessOf, mayReadJobs, mayReadServices, type Rights } from './nomad-access.ts';
import {
  type Answer,
  allocationsOf,
  blockingAnswer,
  denied,
  indexHeaders,
  json,
  type Readable,
  serviceOf,
  servicesOf,
  text,
} from './nomad-answers.ts';
import { type Job, Scheduler } from './nomad-jobs.ts';
import { NomadState } from './nomad-state.ts';
import { serveStream, streamFault } from './nomad-stream.ts';

export interface NomadServerOptions {
  readonly region?: string;
  readonly datacenter?: string;
  readonly address?: string;
  /** Connections of one client that are served at the same time; Nomad's `http_max_conns_per_client`. */
  readonly mostConnections?: number;
  readonly heartbeatMs?: number;
  /** After which a request without a leader fails. */
  readonly noLeaderMs?: number;
  readonly replacementMs?: number;
  /** What is said of an allocation without checks: nothing in Nomad 1.6 (observed), an empty object in 2.0, which is usual here. */
  readonly noChecks?: object | null;
}

interface Request {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly access: Access | undefined;
  readonly signal: AbortSignal;
  readonly body: () => Promise<string>;
}

export class NomadServer {
  readonly state = new NomadState();
  readonly scheduler: Scheduler;
  /** Access control is on when there are any. */
  readonly tokens = new Map<string, Rights>();
  hasLeader = true;
  /** Whether `/v1/event/stream` tells anybody anything. */
  isStreamSilent = false;
  /** Paths of requests that have been answered or wait for an answer, in their order. */
  readonly requests: string[] = [];
  mostOpen = 0;
  readonly #options: Required<NomadServerOptions>;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;

  constructor(options: NomadServerOptions = {}) {
    this.#options = {
      noChecks: {},
      region: 'global',
      datacenter: 'dc1',
      address: '127.0.0.1',
      mostConnections: 100,
      heartbeatMs: 30_000,
      noLeaderMs: 5000,
      replacementMs: 30,
      ...options,
    };
    this.scheduler = new Scheduler(this.state, this.#options);
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Listens where it has listened before. */
  async start(): Promise<void> {
    this.#server = this.#create();
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Queries that wait are closed without an answer. */
  async stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cutConnections();
    await stopped;
  }

  /** Stops for good. */
  async close(): Promise<void> {
    this.scheduler.close();
    await this.stop();
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #create(): Server {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.keepAliveTimeout = 0;
    server.on('connection', (socket) => this.#accept(socket));
    return server;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#sockets.size >= this.#options.mostConnections) {
      const body = 'Your IP is issuing too many concurrent connections, please rate limit your calls\n';
      const head = ['HTTP/1.1 429 Too Many Requests', 'Content-Type: text/plain', `Content-Length: ${body.length}`];
      socket.end([...head, 'Connection: close', '', body].join('\r\n'));
      return;
    }
    this.#sockets.add(socket);
    this.mostOpen = Math.max(this.mostOpen, this.#sockets.size);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (response.socket !== null && !this.#sockets.has(response.socket)) return;
    const url = new URL(message.url ?? '/', 'http://nomad');
    this.requests.push(`${message.method} ${url.pathname}${url.search}`);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const request: Request = {
      method: message.method ?? 'GET',
      path: decodeURIComponent(url.pathname).split('/').slice(1),
      query: url.searchParams,
      access: this.tokens.size === 0 ? undefined : accessOf(message.headers, this.tokens),
      signal: gone.signal,
      body: () => bodyOf(message),
    };
    const isStream = url.pathname === '/v1/event/stream' && streamFault(url.searchParams) === undefined;
    if (isStream && response.socket !== null) this.#stream(response, message);
    else send(message, response, await this.#answer(request));
  }

  /** The socket is taken from the server: what follows is no answer that it could frame. */
  #stream(response: ServerResponse, message: IncomingMessage): void {
    const socket = response.socket as Socket;
    const query = new URL(message.url ?? '/', 'http://nomad').searchParams;
    response.detachSocket(socket);
    serveStream(socket, this.state, {
      query,
      heartbeatMs: this.#options.heartbeatMs,
      mayRead: (namespace) => {
        if (this.isStreamSilent) return false;
        return this.tokens.size === 0 || mayReadJobs(accessOf(message.headers, this.tokens), namespace);
      },
    });
  }

  async #answer(request: Request): Promise<Answer> {
    const { path, query } = request;
    const refused = ['filter', 'choose', 'per_page', 'next_token'].find((name) => query.has(name));
    if (refused !== undefined) return text(501, `the stand-in knows no ${refused}`);
    if (path.join('/') === 'v1/event/stream') return text(400, streamFault(query) ?? '');
    const region = query.get('region') ?? this.#options.region;
    if (region !== this.#options.region) return text(500, 'No path to region');
    if (!this.hasLeader && !query.has('stale')) {
      await sleep(this.#options.noLeaderMs);
      return text(500, 'No cluster leader');
    }
    if (path[0] !== 'v1') return redirect('/ui/');
    return this.#route(request);
  }

  #route(request: Request): Answer | Promise<Answer> {
    const { method, path } = request;
    const [, kind, ...rest] = path;
    const isRead = method === 'GET';
    switch (kind) {
      case 'status':
        return json('127.0.0.1:4647');
      case 'services':
        return isRead && rest.length === 0 ? this.#list(request, servicesOf, mayReadServices) : notAllowed;
      case 'allocations':
        return isRead ? this.#list(request, allocationsOf, mayReadJobs) : notAllowed;
      case 'service':
        return this.#service(request, rest);
      case 'client':
        return this.#checks(request, rest);
      case 'jobs':
      case 'job':
      case 'allocation':
      case 'namespace':
        return this.#operate(request, kind, rest);
      default:
        return { status: 404, headers: { Vary: 'Accept-Encoding' }, body: '' };
    }
  }

  #list(request: Request, readable: typeof servicesOf, mayRead: typeof mayReadServices): Answer | Promise<Answer> {
    const namespace = request.query.get('namespace') ?? 'default';
    const { access } = request;
    // Nobody in particular sees nothing of all namespaces, which is no error, and has no index.
    if (namespace === '*' && access === 'anonymous') return json([], indexHeaders(0, this.hasLeader));
    if (namespace === '*' ? access === 'unknown' : access !== undefined && !mayRead(access, namespace)) return denied;
    return this.#query(request, readable(this.state, namespace, access));
  }

  #query({ query, signal }: Request, readable: Readable): Promise<Answer> {
    // Without a leader nothing is known: what is asked for stale is empty.
    const known = this.hasLeader
      ? { state: this.state, readable }
      : { state: new NomadState(), readable: { ...readable, read: () => [] } };
    return blockingAnswer(known.readable, { state: known.state, query, hasLeader: this.hasLeader, signal });
  }

  #service(request: Request, rest: readonly string[]): Answer | Promise<Answer> {
    const namespace = request.query.get('namespace') ?? 'default';
    const [name = '', id] = rest;
    if (rest.length === 0) return redirect('/v1/service/');
    if (rest.length > 2) return text(400, 'invalid URI');
    if (name === '') return text(400, 'missing service name');
    if (request.method !== (id === undefined ? 'GET' : 'DELETE')) return notAllowed;
    if (request.access !== undefined && !mayReadServices(request.access, namespace)) return denied;
    if (id === undefined) return this.#query(request, serviceOf(this.state, namespace, name));
    if (!this.state.registrations.has(id)) return text(500, 'service registration not found');
    this.state.deregister([id]);
    return written(this.state);
  }

  #checks({ access }: Request, [kind, id = '', part]: readonly string[]): Answer {
    if (kind !== 'allocation' || part !== 'checks')
      return { status: 404, headers: { Vary: 'Accept-Encoding' }, body: '' };
    const allocation = this.state.allocations.get(id);
    if (access !== undefined && !mayReadJobs(access, allocation?.Namespace ?? 'default')) return denied;
    if (allocation === undefined) return text(404, `Unknown allocation "${id}"`);
    // What is lost has no client that could be asked.
    if (allocation.ClientStatus === 'lost') return text(404, 'No path to node');
    const checks = this.state.checks.get(id) ?? [];
    return json(
      checks.length === 0 ? this.#options.noChecks : Object.fromEntries(checks.map((check) => [check.ID, check])),
      { Vary: ['Accept-Encoding', 'Origin'] },
    );
  }

  async #operate(request: Request, kind: string, [id = '', action]: readonly string[]): Promise<Answer> {
    const namespace = request.query.get('namespace') ?? 'default';
    if (kind === 'jobs') this.scheduler.run((JSON.parse(await request.body()) as { readonly Job: Job }).Job);
    else if (kind === 'job' && request.method === 'DELETE') this.scheduler.stopJob(namespace, id);
    else if (kind === 'namespace') this.state.namespaces.add(id);
    else if (kind === 'allocation' && request.method === 'GET') {
      const found = this.state.allocations.get(id);
      return found === undefined ? text(404, 'alloc not found') : json(found);
    } else if (action !== 'stop' || !this.scheduler.stopAllocation(id)) return text(404, 'alloc not found');
    return written(this.state);
  }
}

const notAllowed = text(405, 'Invalid method');

function redirect(to: string): Answer {
  return {
    status: 307,
    headers: { 'Content-Type': 'text/html; charset=utf-8', Location: to, Vary: 'Accept-Encoding' },
    body: `<a href="${to}">Temporary Redirect</a>.\n\n`,
  };
}

function written({ index }: NomadState): Answer {
  const headers = { 'Content-Type': 'application/json', Vary: 'Accept-Encoding', 'X-Nomad-Index': String(index) };
  return { status: 200, headers, body: JSON.stringify({ Index: index }) };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(message: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const isZipped = /\bgzip\b/.test(String(message.headers['accept-encoding'] ?? '')) && body !== '';
  const sent = isZipped ? gzipSync(body) : Buffer.from(body);
  response.writeHead(status, {
    ...(headers as { readonly [name: string]: string | string[] }),
    ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
    'Content-Length': sent.length,
  });
  response.end(message.method === 'HEAD' ? undefined : sent);
}
