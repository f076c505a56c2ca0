/**
 * Which services that have no query of their own are worth a look.
 *
 *      names and tags ────────────── name services that are new or differ
 *      checks that do not pass ───── name services, or nodes
 *      something was registered ──── the summary of all services names where instances come and go;
 *                                    where it names nobody, everything is looked at in turn
 *
 * What hides behind another change, such as a new port beside a new instance, is found by a sweep within a minute or so.
 */
import type { Query, QueryAnswer } from '../../blocking-query/client.ts';
import type { ServiceWatches } from '../../blocking-query/service-watches.ts';
import type { Clock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import type { Log } from '../../lib/log.ts';
import { CheckList } from './check-changes.ts';
import { type ConsulApi, readAnswer } from './consul-api.ts';
import { checksSchema, summariesSchema } from './schema.ts';
import { SummaryList } from './summaries.ts';

export interface ChangeHintsOptions {
  readonly api: ConsulApi;
  readonly services: Pick<ServiceWatches, 'hint' | 'suspectAll' | 'needsHints'>;
  /** The services that have an instance at a node. */
  readonly atNode: (node: string) => readonly string[];
  /** Follows a blocking query whose answers are taken here. */
  readonly follow: (part: string, query: Omit<Query, 'wait' | 'signal'>, take: (answer: QueryAnswer) => void) => void;
  readonly catalog: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly times: HintTimes;
}

/** In milliseconds. */
export interface HintTimes {
  /** How often the summary of all services is read at most. */
  readonly summaryMs: number;
  /** How often everything is looked at, at most, when something has changed and somebody named it. */
  readonly sweepMs: number;
}

export class ChangeHints {
  readonly #options: ChangeHintsOptions;
  readonly #summaries = new SummaryList();
  #hasBegun = false;
  /** Something has been registered or deregistered since the summary was read. */
  #hasMoved = false;
  #isReading = false;
  #isSweepDue = false;

  constructor(options: ChangeHintsOptions) {
    this.#options = options;
  }

  /** From now on there are services without a query. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { api, follow, services, atNode } = this.#options;
    for (const status of ['critical', 'warning'] as const) {
      const list = new CheckList();
      follow(`${status} checks`, api.checks(status), (answer) => {
        const { services: named, nodes } = list.take(readAnswer(checksSchema, answer));
        services.hint([...named, ...nodes.flatMap(atNode)]);
      });
    }
    void this.#readSummary();
  }

  /** Something has been registered or deregistered; names may tell where. */
  moved(named: readonly string[]): void {
    const { services } = this.#options;
    services.hint(named);
    if (!services.needsHints) return;
    if (named.length > 0) {
      void this.#sweepLater();
      return;
    }
    this.#hasMoved = true;
    if (!this.#isReading) void this.#readSummary();
  }

  /** As long as something moves. Never rejected. */
  async #readSummary(): Promise<void> {
    const { clock, times, services, signal } = this.#options;
    this.#isReading = true;
    do {
      const hasMoved = this.#hasMoved;
      this.#hasMoved = false;
      const named = await this.#namedBySummary();
      if (signal.aborted) return;
      services.hint(named);
      if (hasMoved && named.length === 0) services.suspectAll();
      if (named.length > 0) void this.#sweepLater();
      await delay(clock, times.summaryMs, signal);
    } while (this.#hasMoved && !signal.aborted);
    this.#isReading = false;
  }

  async #namedBySummary(): Promise<readonly string[]> {
    const { api, log, catalog, signal } = this.#options;
    try {
      const answer = await api.client.get({ ...api.summaries(), signal });
      return this.#summaries.take(readAnswer(summariesSchema, answer));
    } catch (error) {
      log.debug(`${catalog}: there is no summary of services`, { registry: catalog, error });
      return [];
    }
  }

  async #sweepLater(): Promise<void> {
    if (this.#isSweepDue) return;
    const { clock, times, services, signal } = this.#options;
    this.#isSweepDue = true;
    await delay(clock, times.sweepMs, signal);
    this.#isSweepDue = false;
    if (!signal.aborted) services.suspectAll();
  }
}
