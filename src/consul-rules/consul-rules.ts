/**
 * Keys under a prefix of Consul's KV as a source of objects, by one blocking query.
 *
 *      /v1/kv/PREFIX/?recurse ─► values by key ─► which absences are believed ─► objects of each key ─► changes
 *
 * What cannot be seen stays in force; the rules for what is gone are those of believed-keys.ts.
 */
import { blockingQuery } from '../blocking-query/blocking-query.ts';
import { type Query, type QueryAnswer, type QueryClient, QueryError } from '../blocking-query/client.ts';
import { backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import { ReportedState } from '../source/reported-state.ts';
import { VisibilityLog } from '../source/visibility-log.ts';
import { BelievedKeys, type Values } from './believed-keys.ts';
import { ruleKeysIn } from './rule-keys.ts';

export interface ConsulRulesOptions {
  readonly client: Pick<QueryClient, 'get'>;
  /** Unique among sources: `consul-rules/127.0.0.1:8500/fairway/rules`. */
  readonly name: string;
  /** Without slashes at its ends: `fairway/rules`. */
  readonly prefix: string;
  /** The one of the agent that is asked when absent. */
  readonly datacenter?: string;
  readonly log: Log;
  readonly clock: Clock;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** How long the server may let a question wait, in milliseconds. */
  readonly waitMs?: number;
  /** How long absences are not believed after the server was lost, in milliseconds. */
  readonly graceMs?: number;
}

/** Consul's own default is as long; a shorter one costs requests, and brings nothing sooner. */
const usualWaitMs = 300_000;

export function consulRules(options: ConsulRulesOptions): ObjectSource {
  return {
    name: options.name,
    run: (sink, signal) => new WatchedPrefix(options, sink, signal).run(),
  };
}

class WatchedPrefix {
  readonly #options: ConsulRulesOptions;
  readonly #signal: AbortSignal;
  readonly #believed: BelievedKeys;
  readonly #state: ReportedState;
  readonly #folder: string;
  readonly #path: string;
  /** Ends the question that waits, so that another is asked at once. */
  #turn = new AbortController();

  constructor(options: ConsulRulesOptions, sink: ObjectSink, signal: AbortSignal) {
    const { name, prefix, datacenter, log, clock, now, graceMs } = options;
    this.#options = options;
    this.#signal = signal;
    this.#folder = `${prefix}/`;
    this.#path = `/v1/kv/${this.#folder.split('/').map(encodeURIComponent).join('/')}`;
    this.#believed = new BelievedKeys(
      {
        store: datacenter === undefined ? 'consul' : `consul/${datacenter}`,
        read: async () => this.#valuesIn(await this.#get({ recurse: '' }, { signal })),
        mayRead: () => this.#mayRead(),
        clock,
        ...(graceMs === undefined ? {} : { graceMs }),
      },
      sink,
    );
    this.#state = new ReportedState(
      { resource: 'keys', visibility: new VisibilityLog({ name, log, clock }), now },
      sink,
    );
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      this.#turn = new AbortController();
      await this.#follow(AbortSignal.any([this.#signal, this.#turn.signal]));
    }
    this.#believed.close();
  }

  #follow(signal: AbortSignal): Promise<void> {
    const { clock, random, waitMs = usualWaitMs } = this.#options;
    return blockingQuery({
      // What an answer lacks may have to be asked for again, which is a part of the question and can fail as it can.
      client: { get: (query) => this.#take(query) },
      query: { path: this.#path },
      waitMs,
      clock,
      backoff: backoff({ firstMs: 200, mostMs: 30_000, random }),
      onAnswer: () => {
        this.#state.live();
        this.#state.synced();
      },
      onReset: () => {},
      onFault: (reason) => {
        this.#believed.doubt();
        this.#state.stale(reason);
      },
      signal,
    });
  }

  async #take({ wait, signal }: Query): Promise<QueryAnswer> {
    const answer = await this.#get({ recurse: '' }, { ...(wait && { wait }), ...(signal && { signal }) });
    // From a server with another past: it is asked again without a wait, and then taken at its word but for what it lacks.
    if (wait !== undefined && (answer.index ?? 0) < wait.index) this.#believed.doubt();
    else await this.#believed.take(this.#valuesIn(answer), () => this.#turn.abort());
    return answer;
  }

  async #get(parameters: Query['parameters'], rest: Pick<Query, 'wait' | 'signal'>): Promise<QueryAnswer> {
    const { client, datacenter } = this.#options;
    const answer = await client.get({ path: this.#path, parameters: { ...parameters, dc: datacenter }, ...rest });
    if (!answer.hasLeader)
      throw new Error('expected an answer of a server that knows a leader, found one that does not');
    return answer;
  }

  #valuesIn({ value, isFiltered }: QueryAnswer): Values {
    if (isFiltered) throw this.#denied('that some keys were left out');
    const values = value === undefined ? new Map() : ruleKeysIn(value, this.#folder);
    if (typeof values === 'string') throw new Error(values);
    return values;
  }

  /**
   * A list leaves out what the token may not read, older servers without a word; of one key Consul says 403. The key of the
   * folder need not be there: who may read it may read all under it, unless a policy says otherwise of some.
   */
  async #mayRead(): Promise<void> {
    try {
      await this.#get({}, { signal: this.#signal });
    } catch (error) {
      throw error instanceof QueryError && error.status === 403 ? this.#denied(error.message) : error;
    }
  }

  #denied(found: string): Error {
    return new Error(`expected a token with key_prefix "${this.#folder}" { policy = "read" }, found ${found}`);
  }
}
