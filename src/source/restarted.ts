/**
 * A source whose runs may fail: it is run again, and meanwhile what it reported stays and is called stale, with the reason.
 *
 *      run ─► rejected, or over too early ─► stale ─► after a while ─► run ─► synced ─► live; what it did not report again is gone
 */
import { backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import type { Log } from '../lib/log.ts';
import type { Problem } from '../model/problem.ts';
import type { Freshness, Sink, Source } from '../model/source.ts';

/** What changes are about. */
export interface Identity<Change> {
  key(change: Change): string;
  isGone(change: Change): boolean;
  /** The change that says that the same thing is gone. */
  gone(change: Change): Change;
}

export interface RestartedOptions<Change> {
  readonly identity: Identity<Change>;
  readonly log: Log;
  readonly clock: Clock;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Delays between runs, in milliseconds. A run that lasted for the longest of them begins anew with the shortest. */
const firstMs = 200;
const mostMs = 30_000;

/** Is never rejected. What a run says after its end, or after the signal has aborted, is not heard. */
export function restarted<Change>(source: Source<Change>, options: RestartedOptions<Change>): Source<Change> {
  return {
    name: source.name,
    async run(sink, signal) {
      const { log, clock, random, now } = options;
      const runs = new Runs(sink, options.identity);
      const waits = backoff({ firstMs, mostMs, random });
      while (!signal.aborted) {
        const startedAtMs = clock.now();
        const stop = new AbortController();
        const reason = await whyEnded(source, runs.begin(), AbortSignal.any([signal, stop.signal]));
        stop.abort();
        if (signal.aborted) break;
        runs.end({ sinceMs: now(), reason });
        if (clock.now() - startedAtMs >= mostMs) waits.reset();
        const waitMs = waits.next();
        log.error(`${source.name}: ${reason}; it is started again in ${Math.round(waitMs)} ms`, {
          registry: source.name,
        });
        await delay(clock, waitMs, signal);
      }
      runs.close();
    },
  };
}

/** Resolves when a run is over or the signal aborts, whatever comes first: nobody can be made to obey it. */
async function whyEnded<Change>(source: Source<Change>, sink: Sink<Change>, signal: AbortSignal): Promise<string> {
  const { promise: aborted, resolve } = Promise.withResolvers<string>();
  const onAbort = () => resolve('told to end');
  signal.addEventListener('abort', onAbort);
  const run = async () => {
    try {
      await source.run(sink, signal);
      return 'ended without being told to';
    } catch (error) {
      return `failed: ${messageOf(error)}`;
    }
  };
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/** All runs of a source as one. */
class Runs<Change> {
  readonly #sink: Sink<Change>;
  readonly #identity: Identity<Change>;
  /** What is in force, by key. */
  readonly #known = new Map<string, Change>();
  /** What runs before have reported and this one has not; undefined once it is synced. */
  #missing: Map<string, Change> | undefined;
  /** Parts with problems. */
  readonly #parts = new Set<string>();
  /** Those of which this run has said nothing. */
  #unsaid = new Set<string>();
  /** What this run has said of itself last. */
  #said: Freshness = { state: 'live' };
  #isSynced = false;
  /** Since when and why there is no run that has listed all. */
  #lost: { readonly sinceMs: number; readonly reason: string } | undefined;
  #run = 0;

  constructor(sink: Sink<Change>, identity: Identity<Change>) {
    this.#sink = sink;
    this.#identity = identity;
  }

  /** Where the next run reports. */
  begin(): Sink<Change> {
    this.#run += 1;
    this.#missing = new Map(this.#known);
    this.#unsaid = new Set(this.#parts);
    this.#said = { state: 'live' };
    const run = this.#run;
    const heard =
      <Args extends readonly unknown[]>(take: (...args: Args) => void) =>
      (...args: Args) => {
        if (run === this.#run) take(...args);
      };
    return {
      apply: heard((changes) => this.#apply(changes)),
      synced: heard(() => this.#synced()),
      problems: heard((part, problems) => this.#problems(part, problems)),
      freshness: heard((freshness) => this.#freshness(freshness)),
    };
  }

  end(lost: { readonly sinceMs: number; readonly reason: string }): void {
    this.close();
    this.#lost = { reason: lost.reason, sinceMs: this.#lost?.sinceMs ?? lost.sinceMs };
    this.#sink.freshness({ state: 'stale', ...this.#lost });
  }

  close(): void {
    this.#run += 1;
  }

  #apply(changes: readonly Change[]): void {
    const { key, isGone } = this.#identity;
    for (const change of changes) {
      const name = key(change);
      this.#missing?.delete(name);
      if (isGone(change)) this.#known.delete(name);
      else this.#known.set(name, change);
    }
    this.#sink.apply(changes);
  }

  #problems(part: string, problems: readonly Problem[]): void {
    this.#unsaid.delete(part);
    if (problems.length === 0) this.#parts.delete(part);
    else this.#parts.add(part);
    this.#sink.problems(part, problems);
  }

  /** After a loss nothing is better than it was until a run has listed all. */
  #freshness(freshness: Freshness): void {
    this.#said = freshness;
    if (this.#lost === undefined) this.#sink.freshness(freshness);
    else if (freshness.state === 'stale') this.#sink.freshness({ ...freshness, sinceMs: this.#lost.sinceMs });
  }

  #synced(): void {
    const missing = this.#missing;
    if (missing === undefined) return;
    this.#missing = undefined;
    const gone = [...missing.values()].map((change) => this.#identity.gone(change));
    for (const name of missing.keys()) this.#known.delete(name);
    if (gone.length > 0) this.#sink.apply(gone);
    for (const part of this.#unsaid) this.#problems(part, []);
    if (this.#lost !== undefined) {
      this.#lost = undefined;
      this.#sink.freshness(this.#said);
    }
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#sink.synced();
  }
}
