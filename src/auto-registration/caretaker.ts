/** Looks now and then for entries whose controllers have ended without a word, and answers when another replica looks for us. */
import { configKey } from '../config/config.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { RegistrationState } from '../model/registration.ts';
import { asked, type EntryKey, type EntryObject, left, stateIn } from './entry.ts';
import { ChangedError, type EntryStore } from './entry-store.ts';
import { judgeOrphans } from './orphans.ts';
import type { Registrar } from './registrar.ts';

export interface KnownRegistration extends EntryKey {
  readonly state: RegistrationState;
}

export interface CaretakerOptions {
  readonly store: EntryStore;
  readonly registrar: Pick<Registrar, 'has' | 'look'>;
  readonly controller: string;
  /** Entries of workloads that have registered themselves, as the mesh knows them. */
  readonly entries: () => readonly KnownRegistration[];
  readonly log: Log;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly graceMs: number;
  /** How long another replica may take to answer, in milliseconds; workloads of one that has ended connect elsewhere within it. */
  readonly answerMs?: number;
  /** How often it looks, in milliseconds. */
  readonly everyMs?: number;
}

/** Envoy waits so long at most before it connects again, in milliseconds. */
const usualAnswerMs = 30_000;

export class Caretaker {
  readonly #options: Required<CaretakerOptions>;
  #servesSinceMs = 0;
  #next: Cancel | undefined;
  #isClosed = false;

  constructor(options: CaretakerOptions) {
    this.#options = { answerMs: Math.max(usualAnswerMs, options.graceMs), everyMs: 60_000, ...options };
  }

  /** Looks at once, and from then on. */
  start(): void {
    this.#servesSinceMs = this.#options.now();
    void this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#next?.();
  }

  /** Another replica wants to know whether we live, through an entry that says that it is ours, whether or not it is. */
  async answer(key: EntryKey): Promise<void> {
    const { registrar, store, controller, now } = this.#options;
    const text = configKey(key);
    if (registrar.has(text)) registrar.look(text);
    else
      await this.#change(key, async (found, state) => {
        if (state.controller === controller) await store.replace(left(found, now()));
      });
  }

  async #look(): Promise<void> {
    const { registrar, entries, store, log, clock, now, graceMs, answerMs, everyMs } = this.#options;
    const others = new Map(entries().map((entry) => [configKey(entry), entry]));
    for (const key of others.keys()) if (registrar.has(key)) others.delete(key);
    const known = [...others].map(([key, { state }]) => ({ key, state }));
    const { remove, ask, isWaiting } = judgeOrphans(known, {
      ...{ nowMs: now(), graceMs, answerMs },
      servesSinceMs: this.#servesSinceMs,
    });
    for (const key of ask)
      await this.#change(others.get(key), async (found, { askedAtMs }) => {
        if (askedAtMs === undefined) await store.replace(asked(found, now()));
      });
    for (const key of remove)
      await this.#change(others.get(key), async (found, { controller, disconnectedAtMs }) => {
        const judged = others.get(key)?.state;
        const isSame = judged?.controller === controller && judged.disconnectedAtMs === disconnectedAtMs;
        if (!isSame || registrar.has(key)) return;
        await store.remove(found);
        log.info('a workload that nobody is connected to is not registered any more', { resource: key });
      });
    if (!this.#isClosed) this.#next = clock.after(isWaiting ? answerMs : everyMs, () => void this.#look());
  }

  /** Changes an entry, if it is still one of a workload that registered itself; who changes it meanwhile is right. */
  async #change(
    key: EntryKey | undefined,
    change: (found: EntryObject, state: RegistrationState) => Promise<void>,
  ): Promise<void> {
    if (key === undefined || this.#isClosed) return;
    const { store, log } = this.#options;
    try {
      const found = await store.read(key);
      const state = stateIn(found);
      if (found !== undefined && typeof state !== 'string') await change(found, state);
    } catch (error) {
      if (!(error instanceof ChangedError))
        log.warn('an entry that nobody may look after is looked at later', { resource: configKey(key), error });
    }
  }
}
