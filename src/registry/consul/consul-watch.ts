/**
 * One datacenter of Consul, watched.
 *
 *      names and tags of all services ──► which services there are ──► instances of each ──► RegisteredServices ─► sink
 *      checks that do not pass, numbers of instances ─ ─ ─ sooner ─ ─ ─ ─ ─ ▲
 *
 * Everything is a blocking query. Where there are more services than connections, lists of checks, names and numbers tell
 * which of the others are worth a look. What cannot be read stays as it was known, and makes the datacenter stale.
 */
import { blockingQuery } from '../../blocking-query/blocking-query.ts';
import { type Query, type QueryAnswer, QueryError } from '../../blocking-query/client.ts';
import { ServiceWatches } from '../../blocking-query/service-watches.ts';
import { backoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import { ConnectionError } from '../../lib/http-client.ts';
import type { Log } from '../../lib/log.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { PartsState } from '../../source/parts-state.ts';
import { VisibilityLog } from '../../source/visibility-log.ts';
import { ChangeHints, type HintTimes } from './change-hints.ts';
import { type ConsulApi, readAnswer } from './consul-api.ts';
import { type Listed, listedServices, namedChanges, ownService, whyNotWhole } from './listed-services.ts';
import { RegisteredServices } from './registered-services.ts';
import { entriesSchema, servicesSchema } from './schema.ts';
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
export interface ConsulTimes extends HintTimes {
  /** How long a query about a service waits for what is newer, and holds a connection of the agent although nobody waits any more. */
  readonly waitMs: number;
  /** How long the query about all names waits. */
  readonly namesWaitMs: number;
  /** How long a service may be listed without instances before somebody is told. */
  readonly emptyMs: number;
  /** How often services are read that are listed without instances and have no query: the token may read them by now. */
  readonly deniedMs: number;
}

export const usualTimes: ConsulTimes = {
  waitMs: 60_000,
  namesWaitMs: 30_000,
  emptyMs: 2000,
  deniedMs: 60_000,
  summaryMs: 1000,
  sweepMs: 60_000,
};

const names = 'the list of services';

export class ConsulWatch {
  readonly #options: ConsulWatchOptions;
  readonly #signal: AbortSignal;
  readonly #state: PartsState;
  readonly #services: ServiceWatches;
  readonly #registered: RegisteredServices;
  readonly #hints: ChangeHints;
  readonly #sink: Sink<CatalogChange>;
  /** Of the last answer; undefined before the first. */
  #listed: Listed | undefined;
  #listIndex: number | undefined;
  /** Services that are listed and have no instances for us. */
  readonly #empty = new Set<string>();
  /** Whether somebody looks at those. */
  #isLooking = false;
  /** Connections may have died without a word. */
  #hasFallenSilent = false;

  constructor(options: ConsulWatchOptions, sink: Sink<CatalogChange>, signal: AbortSignal) {
    const { catalog, api, log, clock, now, random, times, budget } = options;
    this.#options = options;
    this.#signal = signal;
    this.#sink = sink;
    const visibility = new VisibilityLog({ name: catalog, log, clock });
    this.#state = new PartsState({ resource: 'services', visibility, now, clock }, sink);
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
      onFault: (name, reason, error) => this.#cannotRead(name, reason, error),
      signal,
    });
    this.#hints = new ChangeHints({
      ...options,
      services: this.#services,
      atNode: (node) => this.#registered.atNode(node),
      follow: (part, query, take) => void this.#follow(part, query, times.waitMs, take),
      signal,
    });
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    this.#state.expect(names);
    const { api, times } = this.#options;
    await this.#follow(names, api.services(), times.namesWaitMs, (answer) => this.#takeNames(answer));
    this.#state.close();
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
      onFault: (reason, error) => {
        this.#hasFallenSilent ||= error instanceof ConnectionError && error.isSilence;
        this.#state.failed(part, reason);
      },
      signal: this.#signal,
    });
  }

  #takeNames(answer: QueryAnswer): void {
    const before = this.#listed;
    const listed = listedServices(readAnswer(servicesSchema, answer));
    const reason = whyNotWhole(before, listed);
    if (reason !== undefined) throw new ConnectionError(reason);
    const hasMoved = before !== undefined && answer.index !== this.#listIndex;
    this.#listed = listed;
    this.#listIndex = answer.index;
    this.#tellFiltered(answer.isFiltered);
    const offered = new Set([...listed.keys()].filter((name) => name !== ownService && name !== ''));
    for (const name of offered) if (before?.has(name) !== true) this.#state.expect(name);
    this.#services.set(offered);
    for (const name of before?.keys() ?? []) if (!offered.has(name) && name !== ownService) this.#drop(name);
    if (this.#hasFallenSilent) this.#services.askAgain();
    else if (hasMoved) this.#hints.moved(namedChanges(before, listed));
    this.#hasFallenSilent = false;
    if (this.#services.needsHints) this.#hints.begin();
  }

  #drop(name: string): void {
    this.#empty.delete(name);
    this.#registered.drop(name);
    this.#state.seen(name);
  }

  /** Yields whether the service is another than before. */
  #takeService(name: string, answer: QueryAnswer): boolean {
    const entries = readAnswer(entriesSchema, answer);
    if (entries.length === 0) {
      this.#takeEmpty(name);
      return false;
    }
    this.#empty.delete(name);
    const isNew = this.#registered.set(name, entries, answer.isFiltered);
    // Once what it says is in force: the first list is whole with it, perhaps.
    this.#state.seen(name);
    for (const one of this.#empty) this.#state.seen(one);
    return isNew;
  }

  /**
   * The name is about to go from the list, and the service with it; or the token sees names, but no nodes. Where it never saw any,
   * there is nothing to be believed: a mesh without all these services would be taken for the truth.
   */
  #takeEmpty(name: string): void {
    this.#empty.add(name);
    if (!this.#isLooking) void this.#lookAtEmpty();
    if (this.#registered.isEmpty)
      this.#state.failed(
        name,
        `expected instances of ${name}, which is listed, found none: the token may not read nodes`,
      );
    else this.#state.seen(name);
  }

  /** Tells of services that stay listed without instances, and has those read again now and then that have no query. Never rejected. */
  async #lookAtEmpty(): Promise<void> {
    const { clock, times } = this.#options;
    this.#isLooking = true;
    for (let pauseMs = times.emptyMs; this.#empty.size > 0; pauseMs = times.deniedMs) {
      const before = [...this.#empty];
      await delay(clock, pauseMs, this.#signal);
      if (this.#signal.aborted) return;
      const still = before.filter((name) => this.#empty.has(name));
      const [first] = still;
      if (first !== undefined && (await this.#isEmpty(first)))
        for (const name of still) if (this.#empty.has(name)) this.#registered.denied(name);
      if (pauseMs === times.deniedMs) this.#services.hint(still);
    }
    this.#isLooking = false;
  }

  /** Whether a service has no instances for us just now; false when nobody knows. */
  async #isEmpty(name: string): Promise<boolean> {
    const { api } = this.#options;
    try {
      const answer = await api.client.get({ ...api.service(name), signal: this.#signal });
      return readAnswer(entriesSchema, answer).length === 0;
    } catch {
      // Its own query says what is wrong.
      return false;
    }
  }

  /** What Consul says of one service alone, such as that it has an odd name, is no fault of the datacenter. */
  #cannotRead(name: string, reason: string, error: unknown): void {
    if (error instanceof QueryError && isFinal(error)) {
      this.#registered.refused(name, reason);
      this.#state.seen(name);
    } else this.#state.failed(name, reason);
  }

  #tellFiltered(isFiltered: boolean): void {
    const { catalog, api } = this.#options;
    const name = api.dc ?? catalog;
    const object = { kind: 'ConsulDatacenter', namespace: '', name, cluster: catalog };
    const message = 'expected a token that may read all services, found that some are left out';
    this.#sink.problems(
      `${catalog} list of services`,
      isFiltered ? [{ code: 'FW3113', severity: 'info', message, path: '', object }] : [],
    );
  }

  /** Whoever has lost something has to be asked again before what is missing counts. */
  #wentBack(part: string): void {
    this.#state.doubted(part, 'the index went back: the server has lost something, or is another one');
  }
}

/** Whether it is no use to ask again, by what HTTP says; rights may change, and haste be over. */
function isFinal({ status }: QueryError): boolean {
  return status >= 300 && status < 500 && ![401, 403, 408, 429].includes(status);
}
