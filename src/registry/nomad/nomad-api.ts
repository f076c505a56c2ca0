/** The requests to Nomad that registry/nomad makes. */
import { type Query, type QueryAnswer, QueryClient, QueryError } from '../../blocking-query/client.ts';
import type { Clock } from '../../lib/clock.ts';
import { decodeOr } from '../../lib/decode-or.ts';
import { ConnectionError, HttpClient, readLines } from '../../lib/http-client.ts';
import type { Schema } from '../../lib/schema.ts';
import type { ServerAccess } from '../../lib/server-access.ts';
import type { Read } from './registered-services.ts';
import { type Allocation, allocationsSchema, type Checks, checksSchema } from './schema.ts';
import type { ServiceName } from './service.ts';

export interface NomadApiOptions {
  /** Any server or agent: it passes on what is asked of other regions. */
  readonly access: ServerAccess;
  readonly userAgent: string;
  readonly region: string;
  /** Connections that are open at a time, at least two. */
  readonly connections: number;
  readonly clock: Clock;
}

type Question = Omit<Query, 'wait' | 'signal'>;

/** A stream says something every 30 s; one that is dead is not kept for longer than this, in milliseconds. */
const streamIdleMs = 120_000;

export class NomadApi {
  readonly #options: NomadApiOptions;
  readonly #client: QueryClient;
  readonly #streams: HttpClient;
  /** When each answer was asked for. */
  readonly #sentMs = new WeakMap<QueryAnswer, number>();

  constructor(options: NomadApiOptions) {
    const { access, userAgent, connections } = options;
    this.#options = options;
    this.#client = new QueryClient({ api: 'Nomad', access, userAgent, mostConnections: connections - 1 });
    this.#streams = new HttpClient({ access, userAgent, mostConnections: 1 });
  }

  /** Names of services of a namespace, or of all (`*`). */
  names(namespace: string): Question {
    return this.#question('/v1/services', { namespace });
  }

  service({ namespace, name }: ServiceName): Question {
    return this.#question(`/v1/service/${encodeURIComponent(name)}`, { namespace });
  }

  /** Without the states of tasks, which are most of the answer. */
  allocations(namespace: string): Question {
    return this.#question('/v1/allocations', { namespace, task_states: 'false' });
  }

  async get(query: Query): Promise<QueryAnswer> {
    const sentMs = this.#options.clock.now();
    const answer = await this.#client.get(query);
    this.#sentMs.set(answer, sentMs);
    return answer;
  }

  /**
   * What an answer of `get` about services says. Throws ConnectionError when it cannot be read, or is none to rely on: index 0
   * is that of a token that may read nothing, and a server without a leader knows only the past, or nothing.
   */
  read<T>(schema: Schema<T>, answer: QueryAnswer): Read<T> {
    if ((answer.index ?? 0) === 0)
      throw new ConnectionError('expected an index of 1 or more, found none: the token may read nothing');
    return this.#relied(schema, answer);
  }

  /** The same of allocations. Where there has never been one the index is 0 (observed on 1.6); who may read none is refused. */
  readAllocations(answer: QueryAnswer): Read<readonly Allocation[]> {
    return this.#relied(allocationsSchema, answer);
  }

  /** Undefined where nobody can be asked: the allocation or its node is not known. */
  async checks(allocation: string, signal: AbortSignal): Promise<Checks | undefined> {
    const path = `/v1/client/allocation/${encodeURIComponent(allocation)}/checks`;
    try {
      const { value } = await this.#client.get({ ...this.#question(path, {}), signal });
      // No checks are `null` in Nomad 1.6, and `{}` in 2.0 (both observed).
      return decoded(checksSchema, value ?? {});
    } catch (error) {
      if (error instanceof QueryError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Events of services from an index on. Resolved when the server ends the stream. */
  async events(
    namespace: string,
    { index, onLines }: { readonly index: number; readonly onLines: (lines: readonly string[]) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const parameters = { topic: 'Service', namespace, region: this.#options.region, index };
    const response = await this.#streams.open({ path: '/v1/event/stream', query: parameters, signal });
    const { statusCode = 0 } = response;
    if (statusCode === 200) return readLines(response, { idleMs: streamIdleMs, onLines });
    const text = (await this.#streams.text(response)).trim();
    throw new QueryError(statusCode, `HTTP ${statusCode}: ${text.split('\n', 1)[0]}`, undefined);
  }

  close(): void {
    this.#client.close();
    this.#streams.close();
  }

  #relied<T>(schema: Schema<T>, answer: QueryAnswer): Read<T> {
    const receivedMs = this.#options.clock.now();
    const { hasLeader, value } = answer;
    if (!hasLeader) throw new ConnectionError('expected a server that knows its leader, found one that knows none');
    return { value: decoded(schema, value), sentMs: this.#sentMs.get(answer) ?? receivedMs, receivedMs };
  }

  #question(path: string, parameters: Question['parameters']): Question {
    return { path, parameters: { ...parameters, region: this.#options.region } };
  }
}

/** Whether an error says that the token may not do this. */
export function isDenied(error: unknown): boolean {
  return error instanceof QueryError && (error.status === 401 || error.status === 403);
}

function decoded<T>(schema: Schema<T>, value: unknown): T {
  return decodeOr(schema, value, (message): never => {
    throw new ConnectionError(message);
  });
}
