/**
 * Writes statuses while this process leads, in the background: an object is judged a quiet second after something about it
 * has changed, and written only if what is to be said differs from what its status says.
 *
 *      changed ─► a quiet second ─► judged ─► differs ─► written, a few at a time
 *                                      ▲                    │
 *                                      └── a little later ◄─┴─► left alone until it changes: gone, changed, refused
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from '../kubernetes/errors.ts';
import { type Backoff, backoff } from '../lib/backoff.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { ensure } from '../lib/ensure.ts';
import type { Log } from '../lib/log.ts';
import type { ClusterObject, ClusterObjects } from './cluster-objects.ts';
import { isInPlace, type Statement, toConditions } from './condition.ts';
import { NoStatus, type StatusStore } from './status-store.ts';

/** How a write ended. `gone` and `conflict`: the object is not what it was; `refused`: it may not be written. */
export type WriteResult = 'written' | 'gone' | 'conflict' | 'refused' | 'failed';

export interface StatusWriterOptions {
  readonly objects: ClusterObjects;
  /** What is to be said of an object now; undefined for nothing. */
  readonly judge: (object: ClusterObject) => readonly Statement[] | undefined;
  readonly store: StatusStore;
  /** Whether this process may write at this very moment. */
  readonly isLeader: () => boolean;
  readonly log: Log;
  readonly onWrite: (result: WriteResult) => void;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
}

/** What is remembered of an object. */
interface Entry {
  /** What was written last: whoever undoes it is not fought without a pause. */
  written?: string;
  /** What was tried and must not be tried again as long as it is the same. */
  givenUp?: string;
  /** There while the object waits to be tried again. */
  wait?: Cancel | undefined;
  /** It has waited. */
  isDue?: boolean;
  readonly backoff: Backoff;
}

const quietMs = 1000;
/** Nobody waits longer for quiet, in milliseconds. */
const mostMs = 5000;
const concurrency = 4;
/** So many objects are judged before others get their turn. */
const judgedAtOnce = 50;
const retry = { firstMs: 1000, mostMs: 5 * 60_000 };
/** A kind that may not be written is tried again then, in milliseconds. */
const refusedMs = 10 * 60_000;

export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #touched = new Set<string>();
  readonly #queue = new Set<string>();
  readonly #underWay = new Set<string>();
  readonly #refusedKinds = new Map<string, Cancel>();
  readonly #stop = new AbortController();
  #working = 0;
  #firstMs = 0;
  #lastMs = 0;
  #cancel: Cancel | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Something about the object of that key may have changed. */
  touch(key: string): void {
    if (this.#stop.signal.aborted) return;
    const { clock } = this.#options;
    this.#lastMs = clock.now();
    if (this.#touched.size === 0) this.#firstMs = this.#lastMs;
    this.#touched.add(key);
    this.#cancel ??= clock.after(quietMs, () => this.#look());
  }

  /** Writes nothing more; requests that are under way are given up. */
  close(): void {
    this.#stop.abort();
    this.#cancel?.();
    for (const { wait } of this.#entries.values()) wait?.();
    for (const cancel of this.#refusedKinds.values()) cancel();
  }

  /** Once it has been quiet for long enough, goes to work. */
  #look(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const dueMs = Math.min(this.#lastMs + quietMs, this.#firstMs + mostMs);
    this.#cancel = now < dueMs ? clock.after(dueMs - now, () => this.#look()) : undefined;
    if (this.#cancel !== undefined) return;
    for (const key of this.#touched) this.#queue.add(key);
    this.#touched.clear();
    while (this.#working < concurrency && this.#queue.size > 0) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working += 1;
    for (let count = 1; ; count++) {
      const [key] = this.#queue;
      if (key === undefined || this.#stop.signal.aborted) break;
      this.#queue.delete(key);
      if (this.#underWay.has(key)) this.touch(key);
      else
        await this.#settle(key).catch((error: unknown) =>
          this.#options.log.error('a status cannot be told', { resource: key, error }),
        );
      if (count % judgedAtOnce === 0) await nextTurn();
    }
    this.#working -= 1;
  }

  /** Judges an object and writes what is to be said of it. */
  async #settle(key: string): Promise<void> {
    const { objects, judge, isLeader } = this.#options;
    const object = objects.get(key);
    if (object === undefined) {
      this.#entries.get(key)?.wait?.();
      this.#entries.delete(key);
      return;
    }
    if (this.#refusedKinds.has(object.kind)) return;
    const statements = judge(object);
    if (statements === undefined || isInPlace(statements, object.conditions, object.generation)) return;
    const entry = ensure(
      this.#entries,
      key,
      (): Entry => ({ backoff: backoff({ ...retry, random: this.#options.random }) }),
    );
    const text = JSON.stringify([object.uid, object.generation, statements]);
    if (entry.wait !== undefined || entry.givenUp === `${object.resourceVersion} ${text}`) return;
    if (entry.written === text && entry.isDue !== true) {
      this.#later(key, entry);
      return;
    }
    entry.isDue = false;
    if (!isLeader()) return;
    await this.#write(key, object, entry, statements, text);
  }

  async #write(
    key: string,
    object: ClusterObject,
    entry: Entry,
    statements: readonly Statement[],
    text: string,
  ): Promise<void> {
    const { store, objects, now, onWrite } = this.#options;
    const { generation } = object;
    const conditions = toConditions(statements, object.conditions, { generation, nowMs: now() });
    this.#underWay.add(key);
    try {
      objects.written(key, await store.write(object, conditions, this.#stop.signal));
      if (entry.written !== text) entry.backoff.reset();
      entry.written = text;
      onWrite('written');
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      onWrite(this.#failed(key, object, entry, text, error as Error));
    } finally {
      this.#underWay.delete(key);
    }
  }

  #failed(key: string, object: ClusterObject, entry: Entry, text: string, error: Error): WriteResult {
    const { log } = this.#options;
    const { kind, namespace, name, resourceVersion } = object;
    const code = error instanceof ApiError ? error.code : 0;
    const giveUp = (level: 'debug' | 'warn') => {
      entry.givenUp = `${resourceVersion} ${text}`;
      log[level](`the status of ${kind} ${namespace}/${name} is not written: ${error.message}`, { resource: key });
    };
    if (error instanceof NoStatus || code === 403) {
      this.#refuse(kind, error);
      return 'refused';
    }
    // The next version of the object, or its end, is on its way here.
    if (code === 404 || code === 409) {
      giveUp('debug');
      return code === 404 ? 'gone' : 'conflict';
    }
    if (code >= 400 && code < 500 && code !== 401 && code !== 408 && code !== 429) {
      giveUp('warn');
      return 'refused';
    }
    this.#later(key, entry, error instanceof ApiError ? error.retryAfterMs : 0);
    log.debug(`the status of ${kind} ${namespace}/${name} is written later: ${error.message}`, { resource: key });
    return 'failed';
  }

  #later(key: string, entry: Entry, leastMs = 0): void {
    entry.wait = this.#options.clock.after(Math.max(leastMs, entry.backoff.next()), () => {
      entry.wait = undefined;
      entry.isDue = true;
      this.touch(key);
    });
  }

  /** No object of the kind is written for a while. */
  #refuse(kind: string, error: Error): void {
    if (this.#refusedKinds.has(kind)) return;
    const { log, clock, objects } = this.#options;
    log.warn(`statuses of ${kind}s are not written for ${refusedMs / 60_000} min: ${error.message}`);
    const again = clock.after(refusedMs, () => {
      this.#refusedKinds.delete(kind);
      for (const key of objects.keys()) if (objects.get(key)?.kind === kind) this.touch(key);
    });
    this.#refusedKinds.set(kind, again);
  }
}
