/**
 * Registers workloads that connect, for as long as they are connected and a little longer.
 *
 *      connected, gone, health, entry changed ─► touched ─► read ─► decided ─► written, a few at a time
 *                                                   ▲                             │
 *                                                   └─── a little later ◄─────────┘
 */
import { configKey } from '../config/config.ts';
import { type Backoff, backoff } from '../lib/backoff.ts';
import { canonical } from '../lib/canonical.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Labels } from '../model/labels.ts';
import type { Proxy } from '../model/proxy.ts';
import { registrationState } from '../model/registration.ts';
import { admittedEntry, type GroupOf } from './admission.ts';
import { type Decision, decide, type Presence, type Situation } from './decide.ts';
import {
  claimed,
  claimedAnew,
  type EntryKey,
  type EntryObject,
  entryOf,
  groupNameOf,
  type HealthReport,
  left,
  stateIn,
  withHealth,
} from './entry.ts';
import { ChangedError, type EntryStore } from './entry-store.ts';

export interface RegistrarOptions {
  readonly store: EntryStore;
  /** The name of this replica, which no other one has or had. */
  readonly controller: string;
  readonly groupOf: GroupOf;
  /** Follows the annotations of an entry as the mesh knows it, undefined while there is none, until the result is called. */
  readonly watch: (key: EntryKey, onChange: (annotations: Labels | undefined) => void) => Cancel;
  /** Tells whenever a group that was not there is, until the result is called. */
  readonly watchGroup: (key: EntryKey, onThere: () => void) => Cancel;
  readonly log: Log;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a workload may be away, in milliseconds. */
  readonly graceMs: number;
}

/** One stream of a workload. */
export interface Registration {
  report(health: HealthReport): void;
  close(): void;
}

interface Member {
  /** As the stream that came last, and its group then, describe it, but for who has it. */
  entry: EntryObject;
  proxy: Proxy;
  readonly streams: Set<object>;
  state:
    | Extract<Presence, { is: 'connected' }>
    /** Since a moment of the clock, and of the calendar. */
    | { readonly is: 'gone'; readonly sinceMs: number; readonly atMs: number };
  /** What agents said last, with the stream that they said it on. */
  health?: { readonly stream: object; readonly report: HealthReport } | undefined;
  isWorking: boolean;
  wait?: Cancel | undefined;
  /** What is wrong with its registration, as the log has said last. */
  told?: string | undefined;
  readonly backoff: Backoff;
  readonly unwatch: Cancel;
}

const concurrency = 8;
const retry = { firstMs: 200, mostMs: 30_000, random: Math.random };
/** How long the end waits for what is to be noted of workloads that go, in milliseconds. */
const lastWordsMs = 3000;

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #members = new Map<string, Member>();
  readonly #queue = new Set<string>();
  #working = 0;
  #isStopping = false;
  #idle: (() => void) | undefined;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** A proxy has connected; undefined for one that registers nothing. Throws RegistrationError. */
  connected(proxy: Proxy): Registration | undefined {
    const entry = admittedEntry(proxy, this.#options.groupOf);
    if (entry === undefined) return undefined;
    const key = configKey(entry.metadata);
    const stream = {};
    const member = this.#member(key, entry, proxy);
    const isSame = member.state.is === 'connected' && canonical(member.entry) === canonical(entry);
    member.streams.add(stream);
    Object.assign(member, { entry, proxy });
    if (!isSame) member.state = { is: 'connected', sinceMs: this.#options.now(), isSettled: false };
    this.#touch(key);
    return {
      report: (report) => {
        member.health = { stream, report };
        this.#touch(key);
      },
      close: () => this.#closed(key, member, stream),
    };
  }

  /** Whether a workload of that entry is connected, or has just been. */
  has(key: string): boolean {
    return this.#members.has(key);
  }

  /** Looks at an entry that says that it is ours. */
  look(key: string): void {
    if (this.has(key)) this.#touch(key);
  }

  /** Notes nothing more but that workloads have gone; resolves when that is written, or cannot be. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const cancel = this.#options.clock.after(lastWordsMs, resolve);
    this.#work();
    await promise;
    cancel();
    for (const [key, member] of this.#members) this.#forget(key, member);
  }

  #member(key: string, entry: EntryObject, proxy: Proxy): Member {
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const { watch, watchGroup } = this.#options;
    const { namespace } = entry.metadata;
    // Entries go with their group, and come back with it.
    const unwatchGroup = watchGroup({ namespace, name: groupNameOf(proxy) ?? '' }, () => this.#touch(key));
    const unwatch = watch(entry.metadata, (annotations) => this.#changed(key, annotations));
    const member: Member = {
      entry,
      proxy,
      streams: new Set(),
      state: { is: 'gone', sinceMs: 0, atMs: 0 },
      isWorking: false,
      backoff: backoff(retry),
      unwatch() {
        unwatch();
        unwatchGroup();
      },
    };
    this.#members.set(key, member);
    return member;
  }

  #closed(key: string, member: Member, stream: object): void {
    member.streams.delete(stream);
    if (member.health?.stream === stream) member.health = undefined;
    if (member.streams.size > 0) return;
    const { clock, now } = this.#options;
    member.state = { is: 'gone', sinceMs: clock.now(), atMs: now() };
    this.#touch(key);
  }

  /** Somebody, maybe we, has written the entry, or removed it. */
  #changed(key: string, annotations: Labels | undefined): void {
    const member = this.#members.get(key);
    if (member === undefined) return;
    const state = annotations === undefined ? 'absent' : (registrationState(annotations) ?? 'written');
    if (decide(this.#situation(member, state)).do !== 'nothing') this.#touch(key);
  }

  #situation({ state }: Member, found: Situation['found']): Situation {
    const { controller, clock, graceMs } = this.#options;
    const presence = state.is === 'gone' ? { is: state.is, forMs: clock.now() - state.sinceMs } : state;
    return { controller, presence, found, graceMs };
  }

  #touch(key: string): void {
    this.#queue.add(key);
    this.#work();
  }

  #work(): void {
    for (const key of this.#queue) {
      if (this.#working >= concurrency) return;
      const member = this.#members.get(key);
      // Whoever is at work on it looks again.
      if (member?.isWorking === true) continue;
      this.#queue.delete(key);
      if (member !== undefined) void this.#settle(key, member);
    }
    if (this.#working === 0 && this.#queue.size === 0) this.#idle?.();
  }

  async #settle(key: string, member: Member): Promise<void> {
    this.#working += 1;
    member.isWorking = true;
    member.wait?.();
    member.wait = undefined;
    try {
      const current = await this.#step(key, member);
      if (current === undefined || stateIn(current) !== 'written') member.told = undefined;
      member.backoff.reset();
    } catch (error) {
      this.#failed(key, member, error);
    }
    member.isWorking = false;
    this.#working -= 1;
    this.#work();
  }

  /** Yields the entry, as far as it is known then. */
  async #step(key: string, member: Member): Promise<EntryObject | undefined> {
    const { store, now } = this.#options;
    const found = await store.read(member.entry.metadata);
    const { state } = member;
    const decision = decide(this.#situation(member, stateIn(found)));
    const written = await this.#carryOut(key, member, decision, found);
    // A stream that has come or gone meanwhile is looked at next.
    if (state.is === 'connected' && member.state === state) member.state = { ...state, isSettled: true };
    const { health } = member;
    const current = written ?? found;
    if (health === undefined || current === undefined || stateIn(current) === 'written') return current;
    const conditions = withHealth(current, health.report, now());
    if (conditions !== undefined) await store.setConditions(current, conditions);
    return current;
  }

  /** Yields the entry where it has been written. */
  async #carryOut(
    key: string,
    member: Member,
    decision: Decision,
    found: EntryObject | undefined,
  ): Promise<EntryObject | undefined> {
    const { store, controller, log, now, graceMs } = this.#options;
    const { entry, state } = member;
    switch (decision.do) {
      case 'create': {
        const fresh = this.#fresh(member);
        // Entries go with their group: one that nobody wants any more is not made again.
        if (fresh === undefined) return undefined;
        const created = await store.create(claimedAnew(fresh, { controller, connectedAtMs: now() }));
        log.info('a workload has been registered', { resource: key });
        return created;
      }
      case 'claim':
        if (found === undefined) return undefined;
        return store.replace(claimed(found, this.#fresh(member) ?? entry, { controller, ...decision }));
      case 'leave':
        if (found !== undefined) await store.replace(left(found, state.is === 'gone' ? state.atMs : now()));
        this.#later(key, member, graceMs);
        return undefined;
      case 'wait':
        this.#later(key, member, decision.ms);
        return undefined;
      case 'remove':
        if (found !== undefined) await store.remove(found);
        log.info('a workload that has gone is not registered any more', { resource: key });
        if (member.streams.size === 0) this.#forget(key, member);
        return undefined;
      case 'forget':
        if (member.streams.size === 0) this.#forget(key, member);
        return undefined;
      case 'nothing':
        if (found !== undefined && stateIn(found) === 'written')
          this.#tell(key, member, 'a workload is not registered: somebody has written a WorkloadEntry of its name');
        return undefined;
    }
  }

  /** The entry as its group is now; undefined when the group has gone. */
  #fresh({ proxy, entry }: Member): EntryObject | undefined {
    const { namespace } = entry.metadata;
    const group = this.#options.groupOf({ namespace, name: groupNameOf(proxy) ?? '' });
    return group && entryOf(proxy, entry.spec.address ?? '', group);
  }

  #failed(key: string, member: Member, error: unknown): void {
    if (!(error instanceof ChangedError))
      this.#tell(key, member, `a workload is registered, or not any more, later: ${(error as Error).message}`);
    if (this.#isStopping && error instanceof ChangedError) this.#queue.add(key);
    else this.#later(key, member, member.backoff.next());
  }

  /** Warns of what is wrong, once while it stays so. */
  #tell(key: string, member: Member, message: string): void {
    this.#options.log[member.told === message ? 'debug' : 'warn'](message, { resource: key });
    member.told = message;
  }

  #later(key: string, member: Member, ms: number): void {
    if (this.#isStopping) return;
    member.wait?.();
    member.wait = this.#options.clock.after(ms, () => this.#touch(key));
  }

  #forget(key: string, member: Member): void {
    member.wait?.();
    member.unwatch();
    this.#members.delete(key);
  }
}
