/**
 * Questions to an HTTP API in the manner of Consul and Nomad: JSON, an index in a header by which one can wait for what is
 * newer, errors as plain text.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { ConnectionError, excerpt, HttpClient, type HttpClientOptions, type HttpRequest } from '../lib/http-client.ts';

export type ApiName = 'Consul' | 'Nomad';

export interface QueryClientOptions extends Omit<HttpClientOptions, 'timeoutMs'> {
  /** Whose names headers bear: `X-Consul-Index`. */
  readonly api: ApiName;
  /** How long an answer that nobody waits for may take, in milliseconds. */
  readonly answerMs?: number;
}

export interface Query {
  /** Its parts are encoded already. */
  readonly path: string;
  readonly parameters?: HttpRequest['query'];
  readonly signal?: AbortSignal;
  /** Waits until what is asked for is newer than this, or the time is over. */
  readonly wait?: { readonly index: number; readonly ms: number };
}

export interface QueryAnswer {
  /** What the JSON of the body says; undefined for an answer of 404 with an index, by which Consul says that there are no such keys. */
  readonly value: unknown;
  /** Undefined where the answer has none. */
  readonly index: number | undefined;
  /** Whether whoever answered knew a leader: who knows none may know little else. */
  readonly hasLeader: boolean;
  /** Something was left out because the token may not read it. */
  readonly isFiltered: boolean;
}

/** An answer that is an error; the message is its first line. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly status: number;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A server without a leader looks for one for seven seconds before it says so (observed: 7.2 s of Consul, 5.1 s of Nomad). */
const usualAnswerMs = 15_000;
/** A server spreads a wait over a sixteenth more, so that not all end at once (Consul's documentation). */
const spread = 17 / 16;

export class QueryClient {
  readonly #api: ApiName;
  readonly #http: HttpClient;
  readonly #answerMs: number;

  constructor({ api, answerMs = usualAnswerMs, ...options }: QueryClientOptions) {
    this.#api = api;
    this.#answerMs = answerMs;
    this.#http = new HttpClient({ ...options, timeoutMs: answerMs, mostBytes: options.mostBytes ?? 2 ** 28 });
  }

  /** Rejected with QueryError, ConnectionError or AccessError. */
  async get({ path, parameters = {}, signal, wait }: Query): Promise<QueryAnswer> {
    const waiting = wait === undefined ? {} : { index: wait.index, wait: `${wait.ms}ms` };
    const response = await this.#http.open({
      path,
      query: { ...parameters, ...waiting },
      headers: { accept: 'application/json', 'accept-encoding': 'gzip' },
      timeoutMs: this.#answerMs + (wait?.ms ?? 0) * spread,
      ...(signal === undefined ? {} : { signal }),
    });
    const { statusCode = 0, headers } = response;
    const text = await this.#http.text(response);
    if (statusCode === 403) this.#http.refused();
    const index = this.#index(headers);
    const isNothing = statusCode === 404 && index !== undefined;
    if (statusCode !== 200 && !isNothing) throw toQueryError(statusCode, headers, text);
    return {
      value: isNothing ? undefined : parse(text, path),
      index,
      hasLeader: this.#header(headers, 'knownleader') !== 'false',
      isFiltered: this.#header(headers, 'results-filtered-by-acls') === 'true',
    };
  }

  /** Closes all connections; what is under way breaks off. */
  close(): void {
    this.#http.close();
  }

  /** A number that is no whole one, or so large that it is not exact, is none. */
  #index(headers: IncomingHttpHeaders): number | undefined {
    const text = this.#header(headers, 'index');
    const index = text === undefined ? Number.NaN : Number(text);
    return Number.isSafeInteger(index) && index >= 0 ? index : undefined;
  }

  #header(headers: IncomingHttpHeaders, name: string): string | undefined {
    const value = headers[`x-${this.#api.toLowerCase()}-${name}`];
    return Array.isArray(value) ? value[0] : value;
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConnectionError(`expected JSON from ${path}, found ${excerpt(text)}`, { cause: error });
  }
}

function toQueryError(status: number, headers: IncomingHttpHeaders, text: string): QueryError {
  const line = text.trim().split('\n', 1)[0] ?? '';
  const seconds = Number(headers['retry-after']);
  return new QueryError(
    status,
    line === '' ? `HTTP ${status}` : `HTTP ${status}: ${line.slice(0, 200)}`,
    headers['retry-after'] !== undefined && seconds >= 0 ? seconds * 1000 : undefined,
  );
}
