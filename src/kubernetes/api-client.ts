/**
 * Requests to an API server: plain HTTP with JSON, and streams of lines.
 *
 * It makes one try for each request and says how it ended; whoever asks knows whether to try again.
 */
import type { IncomingMessage } from 'node:http';
import { ConnectionError, excerpt, HttpClient, type HttpClientOptions, readLines } from '../lib/http-client.ts';
import type { ServerAccess } from '../lib/server-access.ts';
import { ApiError, statusError } from './errors.ts';

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

export type ApiClientOptions = Pick<HttpClientOptions, 'access' | 'userAgent' | 'timeoutMs'>;

/** An object whose metadata is all that is asked for. */
export const metadataOnly = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
export const metadataListOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

export class ApiClient {
  readonly #http: HttpClient;

  constructor(options: ApiClientOptions) {
    this.#http = new HttpClient(options);
  }

  /** The answer's JSON. Rejected with ApiError, ConnectionError, or AccessError. */
  async json(request: ApiRequest): Promise<unknown> {
    const response = await this.#send(request);
    const text = await this.#http.text(response);
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
    await readLines(response, { idleMs, onLines });
  }

  /** Reaches the server in another way from now on; what is under way breaks off. */
  use(access: ServerAccess): void {
    this.#http.use(access);
  }

  /** Closes all connections; what is under way breaks off. */
  close(): void {
    this.#http.close();
  }

  async #send(request: ApiRequest): Promise<IncomingMessage> {
    const { body, contentType = 'application/json', accept = 'application/json', ...rest } = request;
    const content = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const headers = { accept, ...(body === undefined ? {} : { 'content-type': contentType }) };
    const response = await this.#http.open({ ...rest, ...content, headers });
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    throw toApiError(statusCode, response.headers['retry-after'], await this.#http.text(response));
  }
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
