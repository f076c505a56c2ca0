/** A client of the API for rules: one request after the other, over one connection. */
import { decodeOr } from '../lib/decode-or.ts';
import { ConnectionError, HttpClient } from '../lib/http-client.ts';
import { enumOf, list, number, object, string } from '../lib/schema.ts';
import { AccessError, fixedCredentials } from '../lib/server-access.ts';
import type { Code } from '../model/codes.ts';
import type { Finding } from '../model/decode.ts';
import { type ObjectPlace, pathOfPlace } from './place.ts';

export interface RulesClientOptions {
  /** `https://fairway.example:15016` */
  readonly server: URL;
  readonly token: string;
  /** PEM, for the server's certificate; those of the system when absent. */
  readonly authorities?: string;
  /** Who asks: `fairway/0.1.0`. */
  readonly userAgent: string;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What the server says of an object. */
export interface Answer {
  readonly status: number;
  /** What has become of it; absent when nothing has. */
  readonly result?: string;
  readonly generation?: number;
  /** The version of another source: beneath one that was put, in force after one that was deleted. */
  readonly other?: string;
  /** Why nothing has become of it. */
  readonly error?: string;
  readonly findings: readonly Finding[];
}

/** No answer of the API, and why. */
export class RulesClientError extends Error {
  override readonly name = 'RulesClientError';
}

/** Objects are judged one after the other, each in seconds at most. */
const usualTimeoutMs = 60_000;
/** A refusal has a hundred problems at most. */
const longestAnswer = 16 * 1024 * 1024;

const answer = object(
  {
    result: string,
    generation: number,
    error: string,
    hides: string,
    inForce: string,
    problems: list(
      object(
        { severity: enumOf('error', 'warning', 'info'), code: string, path: string, message: string },
        { required: ['severity', 'code', 'path', 'message'], isOpen: true },
      ),
    ),
  },
  { required: ['problems'], isOpen: true },
);

export class RulesClient {
  readonly #http: HttpClient;

  constructor({ server, token, authorities, userAgent, timeoutMs = usualTimeoutMs }: RulesClientOptions) {
    const trust = { authorities: async () => authorities, isUnverified: false };
    const access = { server, trust, credentials: fixedCredentials({ token }) };
    this.#http = new HttpClient({ access, userAgent, timeoutMs, mostBytes: longestAnswer });
  }

  /** Rejected with RulesClientError. */
  put(place: ObjectPlace, value: unknown): Promise<Answer> {
    return this.#ask('PUT', place, Buffer.from(JSON.stringify(value)));
  }

  /** Rejected with RulesClientError. */
  delete(place: ObjectPlace): Promise<Answer> {
    return this.#ask('DELETE', place);
  }

  close(): void {
    this.#http.close();
  }

  async #ask(method: 'PUT' | 'DELETE', place: ObjectPlace, body?: Buffer): Promise<Answer> {
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const request = { method, path: pathOfPlace(place), headers, ...(body === undefined ? {} : { body }) };
    try {
      const response = await this.#http.open(request);
      return answerOf(response.statusCode ?? 0, await this.#http.text(response));
    } catch (error) {
      if (error instanceof ConnectionError || error instanceof AccessError)
        throw new RulesClientError(error.message, { cause: error });
      throw error;
    }
  }
}

function answerOf(status: number, text: string): Answer {
  const refuse = (): never => {
    const [line = ''] = text.split('\n', 1);
    throw new RulesClientError(`expected an answer of Fairway's API, found status ${status}: ${line.slice(0, 200)}`);
  };
  if (status === 401) throw new RulesClientError('expected a token that the server knows, found another one');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse();
  }
  const { problems, hides, inForce, ...rest } = decodeOr(answer, value, refuse);
  const other = hides ?? inForce;
  return {
    status,
    ...rest,
    ...(other === undefined ? {} : { other }),
    findings: problems.map(({ code, ...finding }) => ({ ...finding, code: code as Code })),
  };
}
