/**
 * One of several processes is the leader, as a Lease says: the algorithm of client-go.
 *
 *      nobody holds it, or its holder has been silent for as long as it may ─► taken ─► renewed, again and again
 *                 ▲                                                                            │
 *                 └──────────── given back at the end, or not renewed in time: stepped down ◄──┘
 *
 * Never two leaders at once, each judged by its own clock:
 *
 * - A leader's time counts from before the request that renewed the Lease, and is shorter than the Lease's.
 * - Others count from after they have seen a renewal. What times the Lease states does not matter, so clocks may differ.
 * - A Lease is replaced only at the version that was read.
 *
 * https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
 */
import { assert } from '../lib/assert.ts';
import { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import type { Log } from '../lib/log.ts';
import { ApiError } from './errors.ts';
import type { Lease, LeaseRecord, LeaseStore } from './lease.ts';

/** In milliseconds. */
export interface ElectionTimes {
  /** A holder that has been silent for this long has lost the Lease. */
  readonly leaseMs: number;
  /** A leader that has not renewed the Lease for this long steps down. */
  readonly renewMs: number;
  /** Between tries. Those who want the Lease wait up to 2.2 times as long, so that they do not come together. */
  readonly retryMs: number;
}

const defaultTimes: ElectionTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

export interface LeaderElectionOptions {
  readonly lease: LeaseStore;
  /** Who this process is, unlike all others. */
  readonly identity: string;
  readonly log: Log;
  /** This process leads from now on. */
  readonly onStarted: () => void;
  /** This process leads no longer, and stops at once what only a leader may do. */
  readonly onStopped: () => void;
  readonly times?: Partial<ElectionTimes>;
  readonly clock?: Clock;
  /** The time in milliseconds since the epoch, for people. */
  readonly now?: () => number;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
}

export class LeaderElection {
  readonly #options: Required<Omit<LeaderElectionOptions, 'times'>>;
  readonly #times: ElectionTimes;
  /** The Lease as it was seen last, and since when it has been like that. */
  #seen: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  #leadsUntilMs: number | undefined;
  #cancelDeadline: Cancel = () => {};
  #isTroubled = false;

  constructor(options: LeaderElectionOptions) {
    this.#options = { clock: systemClock, now: Date.now, random: Math.random, ...options };
    this.#times = { ...defaultTimes, ...options.times };
    assert(this.#times.renewMs < this.#times.leaseMs, 'a leader steps down before its Lease ends');
  }

  get identity(): string {
    return this.#options.identity;
  }

  /** Whether this process leads at this very moment, even if it has been asleep. */
  get isLeader(): boolean {
    return this.#leadsUntilMs !== undefined && this.#options.clock.now() < this.#leadsUntilMs;
  }

  /** Who holds the Lease, as far as is known: an identity. */
  get holder(): string | undefined {
    const holder = this.#seen?.lease.holder;
    return holder === '' ? undefined : holder;
  }

  /** Takes part until the signal aborts; resolves when a Lease that was held has been given back, or could not be. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const end = () => this.#stepDown('it ends');
    signal.addEventListener('abort', end);
    while (!signal.aborted) {
      await this.#try(signal);
      const factor = this.isLeader ? 1 : 1 + 1.2 * random();
      await delay(clock, this.#times.retryMs * factor, signal);
    }
    signal.removeEventListener('abort', end);
    await this.#giveBack();
  }

  async #try(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const startMs = clock.now();
    // A process that has been asleep may come here before its timer does.
    if (!this.isLeader) this.#stepDown('the Lease was not renewed in time');
    try {
      // What is slow is given up early enough for another try before a leader's time is over.
      const lease = await this.#limited(this.#times.renewMs / 2, signal, (limited) => this.#takeOrRenew(limited));
      this.#isTroubled = false;
      // A Lease that was won amid the end is given back.
      if (signal.aborted) return;
      if (lease === undefined) this.#stepDown(`${this.holder} holds the Lease`);
      else this.#lead(startMs);
    } catch (error) {
      // Another one was faster: the next look tells who.
      if (signal.aborted || isConflict(error)) return;
      if (!this.#isTroubled) log.warn(`leader election: the Lease cannot be used: ${(error as Error).message}`);
      this.#isTroubled = true;
    }
  }

  /** The Lease that this process holds now; undefined when another one holds it. */
  async #takeOrRenew(signal: AbortSignal): Promise<Lease | undefined> {
    const { lease: store } = this.#options;
    if (this.isLeader && this.#seen?.lease.holder === this.identity)
      try {
        return this.#see(await store.replace(this.#seen.lease, this.#record(this.#seen.lease), signal));
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    const found = await store.read(signal);
    if (found === undefined) return this.#see(await store.create(this.#record(undefined), signal));
    this.#see(found);
    return this.#isHeldByAnother() ? undefined : this.#see(await store.replace(found, this.#record(found), signal));
  }

  /** Any version that was not seen before counts as a sign of life, whatever times it states. */
  #see(lease: Lease): Lease {
    const isKnown = this.#seen?.lease.version === lease.version;
    this.#seen = { lease, sinceMs: isKnown ? (this.#seen?.sinceMs ?? 0) : this.#options.clock.now() };
    return lease;
  }

  #isHeldByAnother(): boolean {
    if (this.#seen === undefined) return false;
    const { lease, sinceMs } = this.#seen;
    if (lease.holder === '' || lease.holder === this.identity) return false;
    return this.#options.clock.now() < sinceMs + lease.durationMs;
  }

  #record(before: Lease | undefined): LeaseRecord {
    const isOwn = before?.holder === this.identity;
    const now = microTime(this.#options.now());
    return {
      holder: this.identity,
      durationMs: this.#times.leaseMs,
      transitions: before === undefined ? 0 : before.transitions + (isOwn ? 0 : 1),
      acquiredAt: isOwn ? (before.acquiredAt ?? now) : now,
      renewedAt: now,
    };
  }

  /** The Lease was taken or renewed by requests that began at that time. */
  #lead(startMs: number): void {
    const { clock, log, onStarted } = this.#options;
    const leftMs = startMs + this.#times.renewMs - clock.now();
    if (leftMs <= 0) return;
    const wasLeader = this.#leadsUntilMs !== undefined;
    this.#leadsUntilMs = startMs + this.#times.renewMs;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(leftMs, () => this.#stepDown('the Lease was not renewed in time'));
    if (wasLeader) return;
    log.info(`leader election: ${this.identity} leads now`);
    onStarted();
  }

  #stepDown(reason: string): void {
    if (this.#leadsUntilMs === undefined) return;
    const { log, onStopped } = this.#options;
    this.#leadsUntilMs = undefined;
    this.#cancelDeadline();
    log.info(`leader election: ${this.identity} leads no longer: ${reason}`);
    onStopped();
  }

  /** Tells the others that they need not wait. */
  async #giveBack(): Promise<void> {
    const { lease: store, now, log } = this.#options;
    if (this.holder !== this.identity) return;
    const nobody = (lease: Lease): LeaseRecord => {
      const at = microTime(now());
      return { holder: '', durationMs: 1000, transitions: lease.transitions, acquiredAt: at, renewedAt: at };
    };
    try {
      await this.#limited(this.#times.retryMs, new AbortController().signal, async (signal) => {
        // A renewal that was under way may have arrived, so the Lease is looked at again.
        const found = await store.read(signal);
        if (found?.holder === this.identity) this.#see(await store.replace(found, nobody(found), signal));
      });
    } catch (error) {
      log.warn(`leader election: the Lease could not be given back: ${(error as Error).message}`);
    }
  }

  /** Gives requests up that take longer than `mostMs`. */
  async #limited<T>(mostMs: number, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const cancel = this.#options.clock.after(mostMs, () => limit.abort());
    try {
      return await ask(AbortSignal.any([signal, limit.signal]));
    } finally {
      cancel();
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409;
}

/** Kubernetes' MicroTime: six digits after the point. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
