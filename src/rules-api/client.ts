/** A client of the API for rules: one request after the other, over one connection. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { decodeOr } from '../lib/decode-or.ts';
import { enumOf, list, number, object, string } from '../lib/schema.ts';
import type { Code } from '../model/codes.ts';
import type { Finding } from '../model/decode.ts';
import { type ObjectPlace, pathOfPlace } from './place.ts';

export interface RulesClientOptions {
  /** `https://fairway.example:15016` */
  readonly server: URL;
  readonly token: string;
  /** PEM, for the server's certificate; those of the system when absent. */
  readonly authorities?: string;
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
  readonly #options: RulesClientOptions;
  readonly #agent: Agent;

  constructor(options: RulesClientOptions) {
    this.#options = options;
    const { server, authorities } = options;
    const ca = authorities === undefined ? {} : { ca: authorities };
    this.#agent =
      server.protocol === 'https:' ? new SecureAgent({ keepAlive: true, ...ca }) : new Agent({ keepAlive: true });
  }

  /** Rejected with RulesClientError. */
  put(place: ObjectPlace, value: unknown): Promise<Answer> {
    return this.#ask('PUT', place, JSON.stringify(value));
  }

  /** Rejected with RulesClientError. */
  delete(place: ObjectPlace): Promise<Answer> {
    return this.#ask('DELETE', place);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, place: ObjectPlace, body?: string): Promise<Answer> {
    const { server, token, timeoutMs = usualTimeoutMs } = this.#options;
    const path = `${server.pathname.replace(/\/$/, '')}${pathOfPlace(place)}`;
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const send = server.protocol === 'https:' ? secureRequest : request;
      const asked = send(new URL(path, server), { method, headers, agent: this.#agent, signal });
      asked.end(body);
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return answerOf(response, await textOf(response));
    } catch (error) {
      if (error instanceof RulesClientError) throw error;
      const what = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : faultOf(error);
      throw new RulesClientError(`expected an answer from ${server.origin}, found ${what}`, { cause: error });
    }
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    text += part;
    if (text.length > longestAnswer)
      throw new RulesClientError('expected an answer of at most 16 MiB, found a longer one');
  }
  return text;
}

function answerOf({ statusCode: status = 0 }: IncomingMessage, text: string): Answer {
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

function faultOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'nobody who listens there' : message;
}
