/**
 * Between a catalog and the registry made of it: what disappears in masses is asked for a second time before it is believed.
 *
 *      answer ─► more than half of a service's instances gone? ─ no ──► in force
 *                                │ yes: they are held
 *                                ├── the catalog has been live all along ─► asked again at once
 *                                ├── it could not be seen until a moment ago, and names fewer than there were ─► after a grace time
 *                                └── most services lose everything together ─► the same
 *
 * What the second look names is in force; what it does not name either is gone. While it fails, what is held stays. A catalog that
 * cannot be asked about one service has to stand by its answer for a while instead.
 */
import { type Backoff, backoff } from '../lib/backoff.ts';
import { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Catalog, CatalogChange, CatalogService } from '../model/catalog.ts';
import type { Freshness } from '../model/source.ts';
import { graceMs, isMassDisappearance } from '../source/disappearance.ts';
import { BoundedWork } from './bounded-work.ts';
import {
  countOf,
  type GuardedService,
  inForce,
  isAllHeld,
  isThin,
  letGo,
  takeAnswer,
  takeLateReread,
  takeReread,
  unknownService,
} from './held.ts';
import { HeldLog } from './held-log.ts';

export interface GuardOptions {
  readonly catalog: Pick<Catalog, 'name' | 'reread'>;
  readonly log: Log;
  readonly clock?: Clock;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
  /** Told how many instances are held, whenever that changes. */
  readonly onHeld?: (count: number) => void;
}

/** Takes what is in force. */
export interface GuardSink {
  apply(changes: readonly CatalogChange[]): void;
}

/** What happens within this time happens at about the same time, in milliseconds. */
const togetherMs = 10_000;
/** A service that has lost everything may be the first of many: answers about others are on their way, in milliseconds. */
const gatherMs = 100;
/** How long a catalog that cannot be asked again has to stand by its answer, in milliseconds. */
const standMs = 5000;
/** Questions that a platform with troubles of its own is asked at once. */
const mostAtOnce = 4;
/** An answer that takes longer is none, in milliseconds. */
const patienceMs = 10_000;

export class Guard {
  readonly #options: Required<Omit<GuardOptions, 'onHeld'>> & Pick<GuardOptions, 'onHeld'>;
  readonly #sink: GuardSink;
  readonly #backoff: Backoff;
  readonly #rereads = new BoundedWork({ mostAtOnce, work: (name, signal) => this.#reread(name, signal) });
  readonly #log: HeldLog;
  /** Services that are said or held. */
  readonly #services = new Map<string, GuardedService>();
  /** Services that have to be looked at again, with when. */
  readonly #due = new Map<string, { readonly atMs: number; readonly cancel: Cancel }>();
  /** Services whose second look has named what the catalog's own answer did not: one of them is late. */
  readonly #disputed = new Set<string>();
  /** When services have lost everything. */
  readonly #losses = new Map<string, number>();
  #isStale = false;
  #liveSinceMs = Number.NEGATIVE_INFINITY;
  #massSinceMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;

  constructor(options: GuardOptions, sink: GuardSink) {
    this.#options = { clock: systemClock, random: Math.random, ...options };
    this.#sink = sink;
    const { catalog, log, clock, random } = this.#options;
    this.#backoff = backoff({ firstMs: 200, mostMs: 10_000, random });
    this.#log = new HeldLog({
      name: catalog.name,
      log,
      clock,
      services: () => [...this.#services].filter(([, { held }]) => held.size > 0).map(([name]) => name),
      reason: () => this.#reason(),
    });
  }

  /** How many instances are in force although the catalog does not name them. */
  get held(): number {
    return this.#log.count;
  }

  /** Takes what the catalog says, and passes on what is in force, all at once. */
  apply(changes: readonly CatalogChange[]): void {
    for (const { name, service } of changes) {
      const before = this.#services.get(name) ?? unknownService;
      const after = takeAnswer(before, service);
      this.#disputed.delete(name);
      this.#put(name, before, after);
      if (isAllHeld(after) && !isAllHeld(before)) this.#losses.set(name, this.#options.clock.now());
      if ((service?.instances.length ?? 0) > 0) this.#losses.delete(name);
    }
    this.#noteMass();
    this.#emit(changes.map(({ name }) => name));
    for (const { name } of changes) this.#schedule(name);
  }

  /** Takes how far the catalog can be trusted. */
  freshness({ state }: Freshness): void {
    const wasStale = this.#isStale;
    this.#isStale = state === 'stale';
    if (this.#isStale === wasStale) return;
    if (wasStale) this.#liveSinceMs = this.#options.clock.now();
    this.#scheduleAll();
  }

  close(): void {
    this.#isStale = true;
    this.#scheduleAll();
    this.#log.close();
  }

  #put(name: string, before: GuardedService, after: GuardedService): void {
    if (after.said === undefined && after.held.size === 0) this.#services.delete(name);
    else this.#services.set(name, after);
    if (before.held.size === 0 && after.held.size === 0) return;
    const settled = [...before.held.keys()].filter((id) => !after.held.has(id));
    const named = new Set(after.said?.instances.map(({ id }) => id));
    const back = settled.filter((id) => named.has(id)).length;
    const held = [...after.held.keys()].filter((id) => !before.held.has(id)).length;
    if (held === 0 && settled.length === 0) return;
    this.#log.take({ held, back, gone: settled.length - back });
    this.#options.onHeld?.(this.#log.count);
  }

  #emit(names: readonly string[]): void {
    this.#sink.apply(names.map((name) => ({ name, service: inForce(this.#services.get(name) ?? unknownService) })));
  }

  /** Most services losing everything together is what an outage looks like, whatever the catalog says of itself. */
  #noteMass(): void {
    const now = this.#options.clock.now();
    for (const [name, atMs] of this.#losses) if (now - atMs > togetherMs) this.#losses.delete(name);
    if (this.#losses.size === 0 || now < this.#massSinceMs + graceMs) return;
    const others = [...this.#services].filter(([name, one]) => countOf(one) > 0 && !this.#losses.has(name)).length;
    if (!isMassDisappearance(others + this.#losses.size, this.#losses.size)) return;
    this.#massSinceMs = now;
    this.#scheduleAll();
  }

  #scheduleAll(): void {
    for (const { cancel } of this.#due.values()) cancel();
    this.#due.clear();
    this.#rereads.stop();
    for (const [name, { held }] of this.#services) if (held.size > 0 || this.#disputed.has(name)) this.#schedule(name);
  }

  /** Sees to it that a service is looked at as soon as it should be, if it has to be. */
  #schedule(name: string): void {
    const { clock } = this.#options;
    const planned = this.#due.get(name);
    const service = this.#services.get(name) ?? unknownService;
    const isOpen = service.held.size > 0 || this.#disputed.has(name);
    if (this.#isStale || !isOpen) {
      planned?.cancel();
      this.#due.delete(name);
      return;
    }
    const atMs = clock.now() + this.#waitOf(service);
    if (planned !== undefined && planned.atMs <= atMs) return;
    this.#lookLater(name, atMs);
  }

  #lookLater(name: string, atMs: number): void {
    const { catalog, clock } = this.#options;
    this.#due.get(name)?.cancel();
    const cancel = clock.after(Math.max(0, atMs - clock.now()), () => {
      this.#due.delete(name);
      if (catalog.reread === undefined) this.#settle(name, letGo);
      else this.#rereads.ask(name);
    });
    this.#due.set(name, { atMs, cancel });
  }

  /** In milliseconds. */
  #waitOf(service: GuardedService): number {
    const { catalog, clock } = this.#options;
    const graceIsLeftMs = Math.max(this.#liveSinceMs, this.#massSinceMs) + graceMs - clock.now();
    // That one of two answers is late is not worth more than a question now and then.
    if (service.held.size === 0) return graceMs;
    if (graceIsLeftMs > 0 && isThin(service)) return graceIsLeftMs;
    if (catalog.reread === undefined) return standMs;
    return isAllHeld(service) ? gatherMs : 0;
  }

  async #reread(name: string, signal: AbortSignal): Promise<void> {
    const asked = this.#services.get(name);
    if (asked === undefined) return;
    let said: CatalogService | undefined;
    try {
      said = await this.#ask(name, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#lastError = (error as Error).message;
      this.#lookLater(name, this.#options.clock.now() + this.#backoff.next());
      return;
    }
    if (signal.aborted) return;
    this.#lastError = undefined;
    this.#backoff.reset();
    const named = new Set(said?.instances.map(({ id }) => id));
    if ([...asked.held.keys()].some((id) => named.has(id))) this.#disputed.add(name);
    else this.#disputed.delete(name);
    this.#settle(name, (now) => (now === asked ? takeReread(now, said) : takeLateReread(now, said)));
    this.#schedule(name);
  }

  /** Rejected when there is no answer in time. */
  async #ask(name: string, signal: AbortSignal): Promise<CatalogService | undefined> {
    const { catalog, clock } = this.#options;
    const late = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const give = () => reject(new Error(`no answer about ${name} within ${patienceMs / 1000} s`));
    const cancel = clock.after(patienceMs, () => {
      late.abort();
      give();
    });
    signal.addEventListener('abort', give);
    try {
      const both = AbortSignal.any([signal, late.signal]);
      return await Promise.race([Promise.resolve(catalog.reread?.(name, both)), promise]);
    } finally {
      cancel();
      signal.removeEventListener('abort', give);
    }
  }

  #settle(name: string, take: (service: GuardedService) => GuardedService): void {
    const before = this.#services.get(name);
    if (before === undefined) return;
    this.#put(name, before, take(before));
    this.#emit([name]);
  }

  #reason(): string {
    if (this.#isStale) return 'it cannot be seen';
    if (this.#lastError !== undefined) return `it cannot be asked again: ${this.#lastError}`;
    const now = this.#options.clock.now();
    if (now < this.#liveSinceMs + graceMs) return 'it could not be seen until a moment ago';
    return now < this.#massSinceMs + graceMs ? 'most services have lost everything together' : 'it is asked again';
  }
}
