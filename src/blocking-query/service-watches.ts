/**
 * Many services, watched by fewer connections than there are services: a blocking query occupies a connection for as long
 * as it waits, and servers accept a limited number of each client.
 *
 *      up to the budget: a blocking query each
 *      beyond it: read once, then again when a hint names the service, or in turn when something moved that nobody names
 *
 * A service beyond the budget that is found changed takes the place of one that has been quiet for longer, once that one's query is
 * over: what changes often is watched. No query is broken off for it, since servers go on with those that nobody waits for any
 * more, and count their connections (Consul 1.8.7: until the wait is over).
 */
import { type Backoff, backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import { ensure } from '../lib/ensure.ts';
import { blockingQuery, respiteAskedFor } from './blocking-query.ts';
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
  /** The server may have forgotten what it knew. What it says now follows. */
  readonly onReset: (name: string) => void;
  /** A service cannot be read; what went wrong last. */
  readonly onFault: (name: string, reason: string, error: unknown) => void;
  readonly signal: AbortSignal;
}

/** How many services beyond the budget are read at one time. */
const readers = 4;
/** Services are read again, because something moved somewhere, at most this often by each reader, in milliseconds: 50 a second. */
const paceMs = 80;

/** After so many faults in a row it is the server that has a fault, and no service of its own. */
const mostFaults = 4;

/** What is remembered of a service whether or not it has a query. */
interface Known {
  changedAtMs: number;
  /** Of its last answer. */
  index: number;
}

interface Watched extends Known {
  readonly stop: AbortController;
  /** Something may have changed since its last answer, which its next one may yet be too old to tell. */
  isHinted: boolean;
}

const unknown: Known = { changedAtMs: Number.NEGATIVE_INFINITY, index: 0 };

export class ServiceWatches {
  readonly #options: ServiceWatchesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #unwatched = new Map<string, Known>();
  /** Services that are to be read at once: new ones, and those that a hint names. */
  readonly #urgent = new Set<string>();
  /** Services that may have changed, for all that is known. */
  readonly #suspected = new Set<string>();
  /** Services beyond the budget that have changed, and are to have a query. */
  readonly #claims = new Set<string>();
  readonly #retries = new Map<string, Backoff>();
  readonly #pauses: Backoff;
  #busy = 0;
  #faults = 0;

  constructor(options: ServiceWatchesOptions) {
    this.#options = options;
    this.#pauses = retryDelays(options.random);
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
        this.#unwatched.set(name, { ...unknown });
        this.#urgent.add(name);
      }
    }
    this.#fill();
    this.#read();
  }

  /** Something has changed about services, says another source than their own queries. */
  hint(names: Iterable<string>): void {
    for (const name of names) {
      const watched = this.#watched.get(name);
      if (watched !== undefined) watched.isHinted = true;
      else if (this.#unwatched.has(name)) this.#urgent.add(name);
    }
    this.#read();
  }

  /** Something has changed, but nobody says where. */
  suspectAll(): void {
    for (const watched of this.#watched.values()) watched.isHinted = true;
    const recentFirst = [...this.#unwatched].sort(([, a], [, b]) => b.changedAtMs - a.changedAtMs);
    for (const [name] of recentFirst) this.#suspected.add(name);
    this.#read();
  }

  /** Asks about everything without waiting: connections may have died without a word, or rights have changed. */
  askAgain(): void {
    for (const [name, { stop, changedAtMs, index }] of [...this.#watched]) {
      stop.abort();
      this.#watch(name, { changedAtMs, index });
    }
    this.suspectAll();
  }

  #watch(name: string, known: Known = unknown): void {
    const { client, queryOf, waitMs, clock, random, onAnswer, onReset, onFault, signal } = this.#options;
    const stop = new AbortController();
    const watched: Watched = { stop, changedAtMs: known.changedAtMs, index: known.index, isHinted: false };
    this.#watched.set(name, watched);
    void blockingQuery({
      client,
      query: queryOf(name),
      knownIndex: known.index,
      waitMs,
      clock,
      backoff: retryDelays(random),
      onAnswer: (answer) => {
        if (onAnswer(name, answer)) watched.changedAtMs = clock.now();
        watched.index = answer.index ?? 0;
        this.#giveUpPlace(name, watched);
        watched.isHinted = false;
      },
      onReset: () => onReset(name),
      onFault: (reason, error) => onFault(name, reason, error),
      signal: AbortSignal.any([signal, stop.signal]),
    });
  }

  #forget(name: string): void {
    this.#watched.get(name)?.stop.abort();
    this.#watched.delete(name);
    for (const from of [this.#unwatched, this.#urgent, this.#suspected, this.#claims, this.#retries]) from.delete(name);
  }

  /** Gives places that have become free to the services that changed last. */
  #fill(): void {
    const free = this.#options.budget - this.#watched.size;
    if (free <= 0 || this.#unwatched.size === 0) return;
    const recent = [...this.#unwatched].sort(([, a], [, b]) => b.changedAtMs - a.changedAtMs).slice(0, free);
    for (const [name, known] of recent) {
      this.#forget(name);
      this.#watch(name, known);
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
    const { client, queryOf, clock, onFault, signal } = this.#options;
    try {
      const answer = await client.get({ ...queryOf(name), signal });
      this.#faults = 0;
      this.#pauses.reset();
      const known = this.#unwatched.get(name);
      if (signal.aborted || known === undefined) return;
      this.#take(name, known, answer);
      this.#retries.delete(name);
    } catch (error) {
      if (signal.aborted) return;
      this.#faults += 1;
      if (this.#unwatched.has(name)) {
        onFault(name, (error as Error).message, error);
        void this.#readLater(name, error);
      }
    }
    // A server that has enough to do with itself is not asked about hundreds of services all the time.
    await delay(clock, this.#faults < mostFaults ? pauseMs : this.#pauses.next(), signal);
  }

  #take(name: string, known: Known, answer: QueryAnswer): void {
    const { onAnswer, onReset, clock } = this.#options;
    const { index = 0 } = answer;
    if (index < known.index) onReset(name);
    known.index = index;
    const isFirst = known.changedAtMs === Number.NEGATIVE_INFINITY;
    if (!onAnswer(name, answer)) return;
    known.changedAtMs = clock.now();
    if (!isFirst) this.#claims.add(name);
  }

  async #readLater(name: string, error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    const waitMs = ensure(this.#retries, name, () => retryDelays(random)).next();
    await delay(clock, Math.max(waitMs, respiteAskedFor(error)), signal);
    this.hint([name]);
  }

  /**
   * Of a service whose query is just over, to the one that has changed last, if that is later. What a hint says of it may have come
   * about after its last answer was sent, and no query tells it any more: it is read once.
   */
  #giveUpPlace(name: string, { changedAtMs, index, isHinted }: Watched): void {
    let latest: readonly [name: string, known: Known] | undefined;
    for (const claim of this.#claims) {
      const known = this.#unwatched.get(claim);
      if (known !== undefined && known.changedAtMs > (latest?.[1].changedAtMs ?? changedAtMs)) latest = [claim, known];
    }
    if (latest === undefined) return;
    this.#forget(name);
    this.#unwatched.set(name, { changedAtMs, index });
    if (isHinted) this.#urgent.add(name);
    const [claim, known] = latest;
    this.#forget(claim);
    this.#watch(claim, known);
    this.#read();
  }
}

/** A server that is back is asked soon, by however many services. */
function retryDelays(random: () => number): Backoff {
  return backoff({ firstMs: 200, mostMs: 10_000, random });
}
