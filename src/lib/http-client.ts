/**
 * Requests to one server over HTTP or HTTPS, by connections that are kept.
 *
 * It makes one try for each request and says how it ended; whoever asks knows whether to try again.
 */
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { createGunzip } from 'node:zlib';
import { LineSplitter } from './line-splitter.ts';
import { AccessError, type Credential, type ServerAccess } from './server-access.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/services` */
  readonly path: string;
  /** A name may stand several times. */
  readonly query?: { readonly [name: string]: Parameter | readonly Parameter[] | undefined };
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Buffer;
  /** How long the answer may take to begin, in milliseconds; the client's own time when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Parameter = string | number | boolean;

export interface HttpClientOptions {
  readonly access: ServerAccess;
  /** Who asks, for the server's logs: `fairway/0.1.0`. */
  readonly userAgent: string;
  /** How long an answer may take to begin, and to go on, in milliseconds; the whole of it four times as long. */
  readonly timeoutMs?: number;
  /** Connections at one time; requests beyond it wait. No bound when absent. */
  readonly mostConnections?: number;
  /** How large an answer may be, in bytes. */
  readonly mostBytes?: number;
}

/** No answer, or one that broke off. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Nothing was lost or refused: nothing came. */
  readonly isSilence: boolean;

  constructor(message: string, { cause, isSilence = false }: { cause?: unknown; isSilence?: boolean } = {}) {
    super(message, { cause });
    this.isSilence = isSilence;
  }
}

export class HttpClient {
  readonly #options: Required<Omit<HttpClientOptions, 'access'>>;
  #access: ServerAccess;
  #agent: { readonly identity: string; readonly agent: HttpAgent } | undefined;

  constructor({ access, ...options }: HttpClientOptions) {
    this.#options = { timeoutMs: 30_000, mostConnections: Number.POSITIVE_INFINITY, mostBytes: 2 ** 29, ...options };
    this.#access = access;
  }

  /** Whatever the server answers, whose body is not read yet. Rejected with ConnectionError or AccessError. */
  async open(request: HttpRequest): Promise<IncomingMessage> {
    const access = this.#access;
    const credential = await access.credentials.current().catch(asAccessError);
    const agent = await this.#agentFor(credential);
    const response = await this.#open(request, credential, agent);
    if (response.statusCode === 401) access.credentials.refused();
    return response;
  }

  /** The whole body. Rejected with ConnectionError. */
  text(response: IncomingMessage): Promise<string> {
    return readAll(response, this.#options.timeoutMs, this.#options.mostBytes);
  }

  /** Reaches the server in another way from now on; what is under way breaks off. */
  use(access: ServerAccess): void {
    this.#access = access;
    this.close();
  }

  /** The server has refused the credential: the next request looks for something newer. */
  refused(): void {
    this.#access.credentials.refused();
  }

  /** Closes all connections; what is under way breaks off. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  #open(request: HttpRequest, { token }: Credential, agent: HttpAgent): Promise<IncomingMessage> {
    const { method = 'GET', path, query = {}, headers = {}, body, signal } = request;
    const { server } = this.#access;
    const { userAgent } = this.#options;
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const options: RequestOptions = {
      method,
      agent,
      protocol: server.protocol,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : server.port,
      path: `${server.pathname.replace(/\/$/, '')}${path}${queryText(query)}`,
      headers: {
        'user-agent': userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
        ...(body === undefined ? {} : { 'content-length': body.length }),
      },
      ...(signal === undefined ? {} : { signal }),
    };
    return new Promise((resolve, reject) => {
      const send = server.protocol === 'https:' ? requestHttps : requestHttp;
      const outgoing = send(options, (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      let isSilence = false;
      const timer = setTimeout(() => {
        isSilence = true;
        outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(
          new ConnectionError(
            `cannot reach ${server.origin}: ${error.message || (error as NodeJS.ErrnoException).code}`,
            { cause: error, isSilence },
          ),
        );
      });
      outgoing.end(body);
    });
  }

  /** Connections are kept for the next request as long as certificates and authorities are the same. */
  async #agentFor({ certificate, key }: Credential): Promise<HttpAgent> {
    const { server, trust } = this.#access;
    const authorities = await trust.authorities().catch(asAccessError);
    const identity = [authorities, certificate, key].join('\n');
    if (this.#agent?.identity === identity) return this.#agent.agent;
    // Requests that are under way keep the old agent's connections.
    const { mostConnections } = this.#options;
    const keep = { keepAlive: true, keepAliveMsecs: 10_000, maxFreeSockets: 4, maxSockets: mostConnections };
    const agent =
      server.protocol === 'http:'
        ? new HttpAgent(keep)
        : new HttpsAgent({
            ...keep,
            rejectUnauthorized: !trust.isUnverified,
            ...(authorities === undefined ? {} : { ca: authorities }),
            ...(certificate === undefined ? {} : { cert: certificate }),
            ...(key === undefined ? {} : { key }),
            ...(trust.serverName === undefined ? {} : { servername: trust.serverName }),
          });
    this.#agent = { identity, agent };
    return agent;
  }
}

function asAccessError(error: unknown): never {
  if (error instanceof AccessError) throw error;
  throw new AccessError(`cannot read credentials: ${(error as Error).message}`, { cause: error });
}

function queryText(query: NonNullable<HttpRequest['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat()) if (one !== undefined) parameters.append(name, String(one));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function readAll(response: IncomingMessage, timeoutMs: number, mostBytes: number): Promise<string> {
  const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error) => {
      clearTimeout(pause);
      clearTimeout(whole);
      // First, since the end of the connection would tell of itself.
      reject(new ConnectionError(`the answer broke off: ${error.message}`, { cause: error }));
      response.destroy();
    };
    const pause = setTimeout(() => fail(new Error(`nothing more within ${timeoutMs / 1000} s`)), timeoutMs);
    const whole = setTimeout(() => fail(new Error(`not whole within ${(timeoutMs * 4) / 1000} s`)), timeoutMs * 4);
    body.on('data', (chunk: Buffer) => {
      pause.refresh();
      size += chunk.length;
      if (size > mostBytes) fail(new Error(`expected at most ${mostBytes} bytes, found more`));
      else chunks.push(chunk);
    });
    body.on('end', () => {
      clearTimeout(pause);
      clearTimeout(whole);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    response.on('aborted', () => fail(new Error('the connection was lost')));
    response.on('error', fail);
    if (body !== response) body.on('error', fail);
  });
}

/** The first line of an answer, for a message. */
export function excerpt(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line === '' ? 'nothing' : JSON.stringify(line.slice(0, 200));
}

/**
 * Reads an answer that goes on and on, line by line. Resolves when the server ends it; rejected when it breaks off, or when
 * no line has come for `idleMs`. Calls of `onLines` get all whole lines that arrived together.
 */
export function readLines(
  response: IncomingMessage,
  { idleMs, onLines }: { readonly idleMs: number; readonly onLines: (lines: readonly string[]) => void },
): Promise<void> {
  const splitter = new LineSplitter();
  return new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      // First, since the end of the connection would tell of itself.
      reject(error);
      response.destroy();
    };
    // Pieces of a line that never ends are no word.
    const heardNothing = () => fail(new ConnectionError(`heard nothing for ${idleMs / 1000} s`, { isSilence: true }));
    const timer = setTimeout(heardNothing, idleMs);
    response.on('data', (chunk: Buffer) => {
      try {
        const lines = linesIn(splitter, chunk);
        if (lines.length === 0) return;
        timer.refresh();
        onLines(lines);
      } catch (error) {
        fail(error as Error);
      }
    });
    response.on('end', () => {
      clearTimeout(timer);
      resolve();
    });
    response.on('aborted', () => fail(new ConnectionError('the stream broke off')));
    response.on('error', (error) => fail(new ConnectionError(`the stream broke off: ${error.message}`)));
  });
}

function linesIn(splitter: LineSplitter, chunk: Buffer): readonly string[] {
  try {
    return splitter.push(chunk);
  } catch (error) {
    throw new ConnectionError((error as Error).message);
  }
}
