/** Requests to an apiserver by HTTP, without a client library in between. */
import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Api {
  /**
   * Sends a body (a text as it is, everything else as JSON) and yields the answer: what its JSON says, or else its text. A
   * PATCH is a merge patch unless the content type says otherwise. Rejects with an `ApiError` when the answer is no success.
   */
  request<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** Closes connections that are kept, which a restart of the server would have broken. */
  disconnect(): void;
}

/** What the apiserver said instead of doing what it was asked. */
export class ApiError extends Error {
  readonly status: number;

  constructor(asked: string, status: number, answer: string) {
    super(`${asked}: expected success, found ${status}: ${answer}`);
    this.status = status;
  }
}

/** Patience with a server that answers nothing, in milliseconds. */
const timeoutMs = 30_000;

export function connectApi({
  url,
  ca,
  token,
}: {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}): Api {
  const agent = new Agent({ keepAlive: true, ca });
  return {
    async request<T>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> {
      const type = contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': type };
      const options: RequestOptions = { method, agent, headers, signal: AbortSignal.timeout(timeoutMs) };
      const sent = request(`${url}${path}`, options);
      sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
      const [response] = await once(sent, 'response');
      const answer: string = await text(response);
      const { statusCode = 0, headers: got } = response;
      if (statusCode >= 400) throw new ApiError(`${method} ${path}`, statusCode, answer);
      return (String(got['content-type']).startsWith('application/json') ? JSON.parse(answer) : answer) as T;
    },
    disconnect: () => agent.destroy(),
  };
}
