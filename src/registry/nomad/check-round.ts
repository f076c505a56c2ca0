/**
 * The checks of allocations, which only the node that runs one knows and which cannot be waited for: they are asked for again and
 * again, at a pace that servers and nodes do not notice however many there are.
 *
 * Every allocation is asked for once; those that have checks again every few seconds, sooner while one of them does not succeed;
 * those that have none not again until their registrations change.
 */
import type { Clock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import { equal } from '../../lib/equal.ts';
import type { Checks } from './schema.ts';

/** In milliseconds. */
export interface CheckPace {
  /** Between two requests, whatever they are about: 20 a second. */
  readonly requestMs: number;
  /** Between two requests for one allocation all of whose checks succeed. */
  readonly settledMs: number;
  /** The same where one does not, or where the request has failed. */
  readonly unsettledMs: number;
  /** How long nothing is asked when it is not allowed. */
  readonly deniedMs: number;
}

export const usualCheckPace: CheckPace = { requestMs: 50, settledMs: 5000, unsettledMs: 1000, deniedMs: 300_000 };

/** Requests that wait for an answer at a time: a node that does not answer delays the others by no more than its share. */
const mostAtOnce = 4;

export interface CheckRoundOptions {
  /** Undefined where nobody knows, as of an allocation whose node cannot be reached; rejected with an error otherwise. */
  readonly ask: (allocation: string, signal: AbortSignal) => Promise<Checks | undefined>;
  /** Whether an error says that it is not allowed to ask. */
  readonly isDenied: (error: unknown) => boolean;
  /** Called when the checks of an allocation differ from those before. */
  readonly onChange: (allocation: string) => void;
  /** Called each time that asking turns out to be (not) allowed. */
  readonly onAccess: (denial: Error | undefined) => void;
  readonly clock: Clock;
  readonly pace: CheckPace;
}

interface Entry {
  /** Of the registrations: other ones may have other checks. */
  version: number;
  dueMs: number;
  isAsked: boolean;
  checks: Checks | undefined;
}

export class CheckRound {
  readonly #options: CheckRoundOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #sleepers = new Set<AbortController>();
  #nextMs = 0;

  constructor(options: CheckRoundOptions) {
    this.#options = options;
  }

  /** What the checks of an allocation were when they were asked for last; undefined when it has none, or is not asked yet. */
  checksOf(allocation: string): Checks | undefined {
    return this.#entries.get(allocation)?.checks;
  }

  /** Asks for an allocation from now on; at once when it is new, or its registrations are (a higher version). */
  want(allocation: string, version: number): void {
    const entry = this.#entries.get(allocation);
    if (entry !== undefined && entry.version >= version) return;
    const dueMs = this.#options.clock.now();
    if (entry === undefined) this.#entries.set(allocation, { version, dueMs, isAsked: false, checks: undefined });
    else Object.assign(entry, { version, dueMs });
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  drop(allocation: string): void {
    this.#entries.delete(allocation);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: mostAtOnce }, () => this.#work(signal)));
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#options;
    while (!signal.aborted) {
      const nowMs = clock.now();
      const [allocation, entry] = this.#next();
      if (allocation === undefined || entry === undefined || entry.dueMs > nowMs)
        await this.#sleep(entry?.dueMs, signal);
      else if (this.#nextMs > nowMs) await delay(clock, this.#nextMs - nowMs, signal);
      else {
        this.#nextMs = nowMs + pace.requestMs;
        await this.#ask(allocation, entry, signal);
      }
    }
  }

  /** What is due first, of all that nobody is asking for just now. */
  #next(): readonly [string, Entry] | readonly [undefined, undefined] {
    let first: readonly [string, Entry] | undefined;
    for (const pair of this.#entries)
      if (!pair[1].isAsked && (first === undefined || pair[1].dueMs < first[1].dueMs)) first = pair;
    return first ?? [undefined, undefined];
  }

  /** Until something is due, or something new is wanted. */
  async #sleep(dueMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#options;
    const sleeper = new AbortController();
    this.#sleepers.add(sleeper);
    const ms = Math.min(pace.settledMs, (dueMs ?? Number.POSITIVE_INFINITY) - clock.now());
    await delay(clock, Math.max(0, ms), AbortSignal.any([signal, sleeper.signal]));
    this.#sleepers.delete(sleeper);
  }

  async #ask(allocation: string, entry: Entry, signal: AbortSignal): Promise<void> {
    const { ask, isDenied, onAccess, onChange, clock, pace } = this.#options;
    entry.isAsked = true;
    const { version } = entry;
    try {
      const found = await ask(allocation, signal);
      onAccess(undefined);
      const before = entry.checks;
      if (found !== undefined) entry.checks = Object.keys(found).length === 0 ? undefined : found;
      // What was wanted anew meanwhile is due already.
      if (entry.version === version) entry.dueMs = clock.now() + this.#pauseMs(found);
      if (!equal(statusesOf(before), statusesOf(entry.checks)) && this.#entries.get(allocation) === entry)
        onChange(allocation);
    } catch (error) {
      if (signal.aborted) return;
      entry.dueMs = clock.now() + pace.unsettledMs;
      if (!isDenied(error)) return;
      onAccess(error as Error);
      this.#nextMs = clock.now() + pace.deniedMs;
    } finally {
      entry.isAsked = false;
    }
  }

  #pauseMs(found: Checks | undefined): number {
    const { settledMs, unsettledMs } = this.#options.pace;
    if (found === undefined) return settledMs;
    const statuses = statusesOf(found);
    if (statuses.length === 0) return Number.POSITIVE_INFINITY;
    return statuses.every(([, , status]) => status === 'success') ? settledMs : unsettledMs;
  }
}

/** What of checks decides about anything: their output says something else each time. */
function statusesOf(checks: Checks | undefined): readonly (readonly string[])[] {
  return Object.entries(checks ?? {})
    .map(([id, { Service = '', Status }]) => [id, Service, Status])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}
