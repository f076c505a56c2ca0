/**
 * Many services, watched by fewer connections than there are services: a blocking query occupies a connection for as long
 * as it waits, and servers accept a limited number of each client.
 *
 *      up to the budget: a blocking query each
 *      beyond it: read once, then again when a hint names the service, or in turn when something moved that nobody names
 *
 * A service beyond the budget that is found changed takes the place of the watched one whose last change is longest ago: what
 * changes often is watched.
 */
import { type Backoff, backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import { ensure } from '../lib/ensure.ts';
import { blockingQuery } from './blocking-query.ts';
import type { Query, QueryAnswer, QueryClient } from './client.ts';

export interface ServiceWatchesOptions {
  readonly client: Pick<QueryClient, 'get'>;
  readonly queryOf: (name: string) => Omit<Query, 'wait' | 'signal'>;
  /** How many services have a blocking query at one time. */
  readonly budget: number;
  readonly waitMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** A good answer about a service. Yields whether it says something new. */
  readonly onAnswer: (name: string, answer: QueryAnswer) => boolean;
  /** The server may have forgotten what it knew. */
  readonly onReset: (name: string) => void;
  /** A service cannot be read; what went wrong last. */
  readonly onFault: (name: string, reason: string) => void;
  readonly signal: AbortSignal;
}

/** How many services beyond the budget are read at one time. */
const readers = 4;
/** Services are read again, because something moved somewhere, at most this often by each reader, in milliseconds: 50 a second. */
const paceMs = 80;

interface Watched {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  changedAtMs: number;
}

interface Unwatched {
  changedAtMs: number;
}

export class ServiceWatches {
  readonly #options: ServiceWatchesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #unwatched = new Map<string, Unwatched>();
  /** Services that are to be read at once: new ones, and those that a hint names. */
  readonly #urgent = new Set<string>();
  /** Services that may have changed, for all that is known. */
  readonly #suspected = new Set<string>();
  readonly #retries = new Map<string, Backoff>();
  #busy = 0;

  constructor(options: ServiceWatchesOptions) {
    this.#options = options;
  }

  /** How many services have a blocking query. */
  get watchedCount(): number {
    return this.#watched.size;
  }

  /** Whether some services have none, so that hints are worth having. */
  get needsHints(): boolean {
    return this.#unwatched.size > 0;
  }

  /** The services that there are from now on. */
  set(names: ReadonlySet<string>): void {
    for (const name of [...this.#watched.keys(), ...this.#unwatched.keys()]) if (!names.has(name)) this.#forget(name);
    for (const name of names) {
      if (this.#watched.has(name) || this.#unwatched.has(name)) continue;
      if (this.#watched.size < this.#options.budget) this.#watch(name);
      else {
        this.#unwatched.set(name, { changedAtMs: Number.NEGATIVE_INFINITY });
        this.#urgent.add(name);
      }
    }
    this.#fill();
    this.#read();
  }

  /** Something has changed about services, says another source than their own queries. */
  hint(names: Iterable<string>): void {
    for (const name of names) if (this.#unwatched.has(name)) this.#urgent.add(name);
    this.#read();
  }

  /** Something has changed, but nobody says where. */
  suspectAll(): void {
    const recentFirst = [...this.#unwatched].sort(([, a], [, b]) => b.changedAtMs - a.changedAtMs);
    for (const [name] of recentFirst) this.#suspected.add(name);
    this.#read();
  }

  #watch(name: string, changedAtMs = Number.NEGATIVE_INFINITY): void {
    const { client, queryOf, waitMs, clock, random, onAnswer, onReset, onFault, signal } = this.#options;
    const stop = new AbortController();
    const watched: Watched = {
      stop,
      changedAtMs,
      done: blockingQuery({
        client,
        query: queryOf(name),
        waitMs,
        clock,
        backoff: retryDelays(random),
        onAnswer: (answer) => {
          if (onAnswer(name, answer)) watched.changedAtMs = clock.now();
        },
        onReset: () => onReset(name),
        onFault: (reason) => onFault(name, reason),
        signal: AbortSignal.any([signal, stop.signal]),
      }),
    };
    this.#watched.set(name, watched);
  }

  #forget(name: string): void {
    this.#watched.get(name)?.stop.abort();
    this.#watched.delete(name);
    for (const from of [this.#unwatched, this.#urgent, this.#suspected, this.#retries]) from.delete(name);
  }

  /** Gives places that have become free to the services that changed last. */
  #fill(): void {
    const free = this.#options.budget - this.#watched.size;
    if (free <= 0 || this.#unwatched.size === 0) return;
    const recent = [...this.#unwatched].sort(([, a], [, b]) => b.changedAtMs - a.changedAtMs).slice(0, free);
    for (const [name, { changedAtMs }] of recent) {
      this.#forget(name);
      this.#watch(name, changedAtMs);
    }
  }

  #read(): void {
    const { signal } = this.#options;
    while (this.#busy < readers && !signal.aborted) {
      const next = this.#next();
      if (next === undefined) return;
      this.#busy += 1;
      void this.#readOne(next).finally(() => {
        this.#busy -= 1;
        this.#read();
      });
    }
  }

  #next(): { readonly name: string; readonly pauseMs: number } | undefined {
    const [urgent] = this.#urgent;
    const [name = urgent] = urgent === undefined ? this.#suspected : [];
    if (name === undefined) return undefined;
    this.#urgent.delete(name);
    this.#suspected.delete(name);
    return { name, pauseMs: urgent === undefined ? paceMs : 0 };
  }

  /** Never rejected. */
  async #readOne({ name, pauseMs }: { readonly name: string; readonly pauseMs: number }): Promise<void> {
    const { client, queryOf, clock, onAnswer, onFault, signal, random } = this.#options;
    try {
      const answer = await client.get({ ...queryOf(name), signal });
      const known = this.#unwatched.get(name);
      if (signal.aborted || known === undefined) return;
      this.#retries.delete(name);
      const isFirst = known.changedAtMs === Number.NEGATIVE_INFINITY;
      if (onAnswer(name, answer)) {
        known.changedAtMs = clock.now();
        if (!isFirst) this.#promote(name);
      }
    } catch (error) {
      if (signal.aborted || !this.#unwatched.has(name)) return;
      onFault(name, (error as Error).message);
      const waitMs = ensure(this.#retries, name, () => retryDelays(random)).next();
      clock.after(waitMs, () => this.hint([name]));
    }
    await delay(clock, pauseMs, signal);
  }

  /** A service takes the place of the one that has been quiet for longest. */
  #promote(name: string): void {
    let quietest: string | undefined;
    let quietSince = Number.POSITIVE_INFINITY;
    for (const [other, { changedAtMs }] of this.#watched)
      if (changedAtMs < quietSince) [quietest, quietSince] = [other, changedAtMs];
    if (quietest === undefined) return;
    const changedAtMs = this.#unwatched.get(name)?.changedAtMs ?? quietSince;
    this.#forget(quietest);
    this.#unwatched.set(quietest, { changedAtMs: quietSince });
    // What happened since its query was asked last is not known.
    this.#urgent.add(quietest);
    this.#forget(name);
    this.#watch(name, changedAtMs);
  }
}

function retryDelays(random: () => number): Backoff {
  return backoff({ firstMs: 200, mostMs: 30_000, random });
}
