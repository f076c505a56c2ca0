/**
 * One datacenter of Consul, watched.
 *
 *      names and tags of all services ──► which services there are ──► instances of each ──► RegisteredServices ─► sink
 *      checks that do not pass ─ ─ ─ ─ ─ ─ ─ ─ ─ sooner ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ▲
 *
 * Everything is a blocking query. Where there are more services than connections, lists of checks and of names tell which of
 * the others are worth a look. What cannot be read stays as it was known, and makes the datacenter stale.
 */
import { blockingQuery } from '../../blocking-query/blocking-query.ts';
import type { Query, QueryAnswer } from '../../blocking-query/client.ts';
import { ServiceWatches } from '../../blocking-query/service-watches.ts';
import { backoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { ConnectionError } from '../../lib/http-client.ts';
import type { Log } from '../../lib/log.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { PartsState } from '../../source/parts-state.ts';
import { VisibilityLog } from '../../source/visibility-log.ts';
import { CheckList } from './check-changes.ts';
import { type ConsulApi, readAnswer } from './consul-api.ts';
import { type Listed, listedServices, namedChanges, ownService, whyNotWhole } from './listed-services.ts';
import { RegisteredServices } from './registered-services.ts';
import { checksSchema, entriesSchema, servicesSchema } from './schema.ts';
import type { ConsulNames } from './service.ts';

export interface ConsulWatchOptions extends ConsulNames {
  readonly api: ConsulApi;
  readonly catalog: string;
  readonly kind: string;
  /** How many services have a blocking query at one time. */
  readonly budget: number;
  readonly log: Log;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
  readonly times: ConsulTimes;
}

/** In milliseconds. */
export interface ConsulTimes {
  /** How long a query about a service waits for what is newer; a server that is gone without a word is noticed by the others. */
  readonly waitMs: number;
  /** How long the query about all names waits. */
  readonly namesWaitMs: number;
  /** How long a service may be listed without instances before somebody is told. */
  readonly emptyMs: number;
}

export const usualTimes: ConsulTimes = { waitMs: 300_000, namesWaitMs: 30_000, emptyMs: 5000 };

const names = 'the list of services';

export class ConsulWatch {
  readonly #options: ConsulWatchOptions;
  readonly #signal: AbortSignal;
  readonly #state: PartsState;
  readonly #services: ServiceWatches;
  readonly #registered: RegisteredServices;
  /** Of the last answer; undefined before the first. */
  #listed: Listed | undefined;
  #areChecksWatched = false;

  constructor(options: ConsulWatchOptions, sink: Sink<CatalogChange>, signal: AbortSignal) {
    const { catalog, api, log, clock, now, random, times, budget } = options;
    this.#options = options;
    this.#signal = signal;
    const visibility = new VisibilityLog({ name: catalog, log, clock });
    this.#state = new PartsState({ resource: 'services', visibility, now }, sink);
    this.#registered = new RegisteredServices({
      ...options,
      emit: (change) => sink.apply([change]),
      problems: (part, problems) => sink.problems(part, problems),
    });
    this.#services = new ServiceWatches({
      client: api.client,
      queryOf: (name) => api.service(name),
      budget,
      waitMs: times.waitMs,
      clock,
      random,
      onAnswer: (name, answer) => this.#takeService(name, answer),
      onReset: (name) => this.#wentBack(name),
      onFault: (name, reason) => this.#state.failed(name, reason),
      signal,
    });
  }

  /** Until the signal aborts. */
  run(): Promise<void> {
    this.#state.expect(names);
    const { api, times } = this.#options;
    return this.#follow(names, api.services(), times.namesWaitMs, (answer) => this.#takeNames(answer));
  }

  /** What is registered of a service now, as the leader knows it; undefined when nothing is. */
  async reread(name: string, signal: AbortSignal): Promise<CatalogService | undefined> {
    const { api } = this.#options;
    const both = AbortSignal.any([signal, this.#signal]);
    const answer = await api.client.get({ ...api.consistentService(name), signal: both });
    const entries = readAnswer(entriesSchema, answer);
    if (entries.length === 0 && this.#listed?.has(name) === true)
      throw new ConnectionError(`expected instances of ${name}, which is listed, found none`);
    return this.#registered.describe(name, entries);
  }

  #follow(
    part: string,
    query: Omit<Query, 'wait' | 'signal'>,
    waitMs: number,
    take: (answer: QueryAnswer) => void,
  ): Promise<void> {
    const { api, clock, random } = this.#options;
    return blockingQuery({
      client: api.client,
      query,
      waitMs,
      clock,
      backoff: backoff({ firstMs: 200, mostMs: 10_000, random }),
      onAnswer: (answer) => {
        take(answer);
        this.#state.seen(part);
      },
      onReset: () => this.#wentBack(part),
      onFault: (reason) => this.#state.failed(part, reason),
      signal: this.#signal,
    });
  }

  #takeNames(answer: QueryAnswer): void {
    const before = this.#listed;
    const listed = listedServices(readAnswer(servicesSchema, answer));
    const reason = whyNotWhole(before, listed);
    if (reason !== undefined) throw new ConnectionError(reason);
    this.#listed = listed;
    const offered = new Set([...listed.keys()].filter((name) => name !== ownService && name !== ''));
    for (const name of offered) if (before?.has(name) !== true) this.#state.expect(name);
    this.#services.set(offered);
    if (before !== undefined) this.#seekChanges(namedChanges(before, listed));
    for (const name of before?.keys() ?? []) {
      if (offered.has(name) || name === ownService) continue;
      this.#registered.drop(name);
      this.#state.seen(name);
    }
    if (this.#services.needsHints) this.#watchChecks();
  }

  /** Something has been registered or deregistered; where the names do not tell, it may be an instance of any service. */
  #seekChanges(changed: readonly string[]): void {
    this.#services.hint(changed);
    if (changed.length === 0) this.#services.suspectAll();
  }

  /** Yields whether the service is another than before. */
  #takeService(name: string, answer: QueryAnswer): boolean {
    const entries = readAnswer(entriesSchema, answer);
    this.#state.seen(name);
    if (entries.length > 0) return this.#registered.set(name, entries);
    // Its name is about to go from the list; or the token sees names, but no nodes.
    const { clock, times, api } = this.#options;
    clock.after(times.emptyMs, () => void this.#lookAtEmpty(name, api.service(name)));
    return false;
  }

  /** Never rejected. */
  async #lookAtEmpty(name: string, query: Omit<Query, 'wait' | 'signal'>): Promise<void> {
    if (this.#signal.aborted || this.#listed?.has(name) !== true) return;
    try {
      const answer = await this.#options.api.client.get({ ...query, signal: this.#signal });
      const entries = readAnswer(entriesSchema, answer);
      if (this.#listed?.has(name) !== true) return;
      if (entries.length === 0) this.#registered.unreadable(name);
      else this.#registered.set(name, entries);
    } catch {
      // Its own query says what is wrong.
    }
  }

  /** Checks that do not pass name services, or nodes: with them, what has no query of its own is read soon after it changes. */
  #watchChecks(): void {
    if (this.#areChecksWatched) return;
    this.#areChecksWatched = true;
    const { api, times } = this.#options;
    for (const status of ['critical', 'warning'] as const) {
      const list = new CheckList();
      void this.#follow(`${status} checks`, api.checks(status), times.waitMs, (answer) => {
        const { services, nodes } = list.take(readAnswer(checksSchema, answer));
        this.#services.hint([...services, ...nodes.flatMap((node) => this.#registered.atNode(node))]);
      });
    }
  }

  /** Whoever has lost something has to be asked again before what is missing counts. */
  #wentBack(part: string): void {
    this.#state.failed(part, 'the index went back: the server has lost something, or is another one');
  }
}
