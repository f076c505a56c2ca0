/**
 * Requests to an API server: plain HTTP with JSON, and streams of lines.
 *
 * It makes one try for each request and says how it ended; whoever asks knows whether to try again.
 */
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { LineSplitter } from '../lib/line-splitter.ts';
import type { ClusterAccess, Credential } from './access.ts';
import { AccessError } from './access.ts';
import { ApiError, ConnectionError, statusError } from './errors.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/services` */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | boolean | undefined };
  readonly body?: unknown;
  /** `application/apply-patch+yaml`, for a patch; JSON otherwise. */
  readonly contentType?: string;
  /** What form the answer should have; JSON by default. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface ApiClientOptions {
  readonly access: ClusterAccess;
  /** Who asks, for the API server's logs: `fairway/0.1.0`. */
  readonly userAgent: string;
  /** How long an answer may take to begin, and to go on, in milliseconds; the whole of it four times as long. */
  readonly timeoutMs?: number;
}

/** An object whose metadata is all that is asked for. */
export const metadataOnly = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
export const metadataListOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

export class ApiClient {
  readonly #options: Required<Omit<ApiClientOptions, 'access'>>;
  #access: ClusterAccess;
  #agent: { readonly identity: string; readonly agent: HttpAgent } | undefined;

  constructor({ access, ...options }: ApiClientOptions) {
    this.#options = { timeoutMs: 30_000, ...options };
    this.#access = access;
  }

  /** The answer's JSON. Rejected with ApiError, ConnectionError, or AccessError. */
  async json(request: ApiRequest): Promise<unknown> {
    const response = await this.#send(request);
    const text = await readAll(response, this.#options.timeoutMs);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ConnectionError(`expected JSON from ${request.path}, found ${excerpt(text)}`, { cause: error });
    }
  }

  /**
   * Reads an answer that goes on and on, line by line. Resolves when the server ends it; rejected when it breaks off, or
   * when no line has come for `idleMs`. Calls of `onLines` get all whole lines that arrived together.
   */
  async lines(
    request: ApiRequest,
    { idleMs, onOpen, onLines }: { idleMs: number; onOpen: () => void; onLines: (lines: readonly string[]) => void },
  ): Promise<void> {
    const response = await this.#send(request);
    onOpen();
    const splitter = new LineSplitter();
    await new Promise<void>((resolve, reject) => {
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

  /** Reaches the server in another way from now on; what is under way breaks off. */
  use(access: ClusterAccess): void {
    this.#access = access;
    this.close();
  }

  /** Closes all connections; what is under way breaks off. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #send(request: ApiRequest): Promise<IncomingMessage> {
    const access = this.#access;
    const credential = await access.credentials.current().catch(asAccessError);
    const agent = await this.#agentFor(credential);
    const response = await this.#open(request, credential, agent);
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    if (statusCode === 401) access.credentials.refused();
    throw toApiError(statusCode, response.headers['retry-after'], await readAll(response, this.#options.timeoutMs));
  }

  #open(
    {
      method = 'GET',
      path,
      query = {},
      body,
      contentType = 'application/json',
      accept = 'application/json',
      signal,
    }: ApiRequest,
    { token }: Credential,
    agent: HttpAgent,
  ): Promise<IncomingMessage> {
    const { server } = this.#access;
    const { timeoutMs, userAgent } = this.#options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: RequestOptions = {
      method,
      agent,
      protocol: server.protocol,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : server.port,
      path: `${server.pathname.replace(/\/$/, '')}${path}${queryText(query)}`,
      headers: {
        accept,
        'user-agent': userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': payload.length }),
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
      outgoing.end(payload);
    });
  }

  /** Connections are kept for the next request as long as certificates and authorities are the same. */
  async #agentFor({ certificate, key }: Credential): Promise<HttpAgent> {
    const { server, trust } = this.#access;
    const authorities = await trust.authorities().catch(asAccessError);
    const identity = [authorities, certificate, key].join('\n');
    if (this.#agent?.identity === identity) return this.#agent.agent;
    // Requests that are under way keep the old agent's connections.
    const keep = { keepAlive: true, keepAliveMsecs: 10_000, maxFreeSockets: 4 };
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

function queryText(query: NonNullable<ApiRequest['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function readAll(response: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const fail = (error: Error) => {
      clearTimeout(pause);
      clearTimeout(whole);
      // First, since the end of the connection would tell of itself.
      reject(new ConnectionError(`the answer broke off: ${error.message}`, { cause: error }));
      response.destroy();
    };
    const pause = setTimeout(() => fail(new Error(`nothing more within ${timeoutMs / 1000} s`)), timeoutMs);
    const whole = setTimeout(() => fail(new Error(`not whole within ${(timeoutMs * 4) / 1000} s`)), timeoutMs * 4);
    response.on('data', (chunk: Buffer) => {
      pause.refresh();
      chunks.push(chunk);
    });
    response.on('end', () => {
      clearTimeout(pause);
      clearTimeout(whole);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    response.on('aborted', () => fail(new Error('the connection was lost')));
    response.on('error', fail);
  });
}

/** From an HTTP error to what the Status in its body says, if it is one. */
function toApiError(code: number, retryAfter: string | undefined, body: string): ApiError {
  const seconds = Number(retryAfter);
  const asked = retryAfter !== undefined && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
  try {
    return statusError(JSON.parse(body), code, asked);
  } catch {
    return new ApiError(code, `HTTP ${code}: ${excerpt(body)}`, asked);
  }
}

function excerpt(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line === '' ? 'nothing' : JSON.stringify(line.slice(0, 200));
}

function linesIn(splitter: LineSplitter, chunk: Buffer): readonly string[] {
  try {
    return splitter.push(chunk);
  } catch (error) {
    throw new ConnectionError((error as Error).message);
  }
}
