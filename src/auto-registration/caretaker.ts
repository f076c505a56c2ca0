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

/** So often within the time for an answer it looks whether answers can come, and have come. */
const looksPerAnswer = 6;

export class Caretaker {
  readonly #options: Required<CaretakerOptions>;
  /** Since when workloads can connect here, and the store has answered each time that it was asked; undefined while it does not. */
  #servesSinceMs: number | undefined;
  /** When it looks next. */
  #dueMs = 0;
  #next: Cancel | undefined;
  #isClosed = false;

  constructor(options: CaretakerOptions) {
    this.#options = { answerMs: Math.max(usualAnswerMs, options.graceMs), everyMs: 60_000, ...options };
  }

  /** Looks at once, and from then on. */
  start(): void {
    this.#dueMs = this.#options.now();
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
    const { clock, now, answerMs, everyMs } = this.#options;
    const isWaiting = await this.#judge();
    if (this.#isClosed) return;
    const ms = isWaiting ? Math.min(answerMs / looksPerAnswer, everyMs) : everyMs;
    this.#dueMs = now() + ms;
    this.#next = clock.after(ms, () => void this.#look());
  }

  /** Yields whether somebody may still answer. */
  async #judge(): Promise<boolean> {
    const { registrar, entries, now, graceMs, answerMs } = this.#options;
    const others = new Map(entries().map((entry) => [configKey(entry), entry]));
    for (const key of others.keys()) if (registrar.has(key)) others.delete(key);
    const [first] = others.values();
    if (first === undefined) return false;
    // Who was frozen does not know what others have said, nor does anybody while nothing can be written.
    if (now() - this.#dueMs > answerMs / 2 || !(await this.#isReached(first))) this.#servesSinceMs = undefined;
    else this.#servesSinceMs ??= now();
    if (this.#servesSinceMs === undefined) return true;
    const known = [...others].map(([key, { state }]) => ({ key, state }));
    const { left, silent, ask, isWaiting } = judgeOrphans(known, {
      ...{ nowMs: now(), graceMs, answerMs },
      servesSinceMs: this.#servesSinceMs,
    });
    for (const key of ask) await this.#ask(others.get(key));
    for (const key of left) await this.#remove(others.get(key));
    for (const { question, keys } of silent)
      if (await this.#isStillAsked(others.get(question))) for (const key of keys) await this.#remove(others.get(key));
    return isWaiting;
  }

  async #isReached(key: EntryKey): Promise<boolean> {
    const { store, log } = this.#options;
    try {
      await store.read(key);
      return true;
    } catch (error) {
      log.debug('nobody is judged by silence while entries cannot be read', { error });
      return false;
    }
  }

  async #ask(key: EntryKey | undefined): Promise<void> {
    const { store, now } = this.#options;
    await this.#change(key, async (found, { askedAtMs }) => {
      if (askedAtMs === undefined) await store.replace(asked(found, now()));
    });
  }

  /** Whether the store has the question, whatever is known here of an answer. */
  async #isStillAsked(judged: KnownRegistration | undefined): Promise<boolean> {
    let isSo = false;
    await this.#change(judged, async (_, { controller, askedAtMs }) => {
      isSo = controller === judged?.state.controller && askedAtMs === judged.state.askedAtMs;
    });
    return isSo;
  }

  async #remove(judged: KnownRegistration | undefined): Promise<void> {
    const { registrar, store, log } = this.#options;
    await this.#change(judged, async (found, { controller, disconnectedAtMs }) => {
      const key = configKey(found.metadata);
      const isSame = judged?.state.controller === controller && judged.state.disconnectedAtMs === disconnectedAtMs;
      if (!isSame || registrar.has(key)) return;
      await store.remove(found);
      log.info('a workload that nobody is connected to is not registered any more', { resource: key });
    });
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
