/** The requests to Consul that registry/consul makes. */
import type { Query, QueryAnswer, QueryClient } from '../../blocking-query/client.ts';
import { decodeOr } from '../../lib/decode-or.ts';
import { ConnectionError } from '../../lib/http-client.ts';
import type { Schema } from '../../lib/schema.ts';

type Question = Omit<Query, 'wait' | 'signal'>;

/** Questions to one datacenter; to the agent's own when it is not stated. */
export class ConsulApi {
  readonly client: Pick<QueryClient, 'get'>;
  readonly dc: string | undefined;
  readonly #parameters: Question['parameters'];

  constructor(client: Pick<QueryClient, 'get'>, dc: string | undefined) {
    this.client = client;
    this.dc = dc;
    this.#parameters = dc === undefined ? {} : { dc };
  }

  /** Names and tags of all services. */
  services(): Question {
    return this.#question('/v1/catalog/services');
  }

  /** Every instance of a service, passing or not. */
  service(name: string): Question {
    return this.#question(`/v1/health/service/${encodeURIComponent(name)}`);
  }

  /** The same, as the leader knows it. */
  consistentService(name: string): Question {
    return { ...this.service(name), parameters: { ...this.#parameters, consistent: '' } };
  }

  checks(status: 'critical' | 'warning'): Question {
    return this.#question(`/v1/health/state/${status}`);
  }

  /** What Consul's own pages show of all services: numbers of instances and checks. */
  summaries(): Question {
    return this.#question('/v1/internal/ui/services');
  }

  #question(path: string): Question {
    return { path, parameters: { ...this.#parameters } };
  }
}

/** What an answer says. Throws ConnectionError when it cannot be read, or nobody may rely on it. */
export function readAnswer<T>(schema: Schema<T>, { value, hasLeader, index }: QueryAnswer): T {
  // Nobody could wait for what is newer, and who strips headers may be anybody.
  if (index === undefined) throw new ConnectionError('expected an answer with X-Consul-Index, found none');
  if (!hasLeader) throw new ConnectionError('expected a server that knows its leader, found one that knows none');
  return decodeOr(schema, value, (message): never => {
    throw new ConnectionError(message);
  });
}
