/**
 * A source that remembers over a restart what it said last.
 *
 *      start ─► file? ─ no ─► the source, as it is
 *                 │ yes
 *                 ├── the first list comes in time ─► in force; what only the file has is doubted, as after an outage
 *                 └── it does not ─► what the file has is in force, stale since then
 *                          └── the first list comes ─► in force; what only the file has is doubted
 *
 * Catalogs have a guard behind them, which is told that the catalog could not be seen until now. Of objects most may be missing
 * from the first list and stay for a grace time all the same, unless they are reported meanwhile; if they are fewer they are gone.
 */
import { type Clock, systemClock } from '../lib/clock.ts';
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import type { Freshness, Sink, Source } from '../model/source.ts';
import { graceMs, isMassDisappearance } from '../source/disappearance.ts';
import type { Memory } from './memory.ts';
import { readSnapshot, type Snapshot, SnapshotError } from './snapshot.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

export interface RememberedOptions<Change> {
  /** The file. */
  readonly path: string;
  readonly memory: Memory<Change>;
  /** Who doubts what only the file has: the sink, which is told that it is gone, or this source. */
  readonly doubter: 'sink' | 'source';
  /** Told when what the file has is in force, with when that was so in milliseconds since the epoch, and why. */
  readonly onRecall: (name: string, seenAtMs: number, reason: string) => void;
  readonly log: Log;
  readonly clock?: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** So long the platform may take to deliver its first list before the file does, in milliseconds: proxies wait for it. */
const patienceMs = 3000;
/** How often it is noted that the source is live, in milliseconds. */
const noteMs = 60_000;

export function remembered<Change>(source: Source<Change>, options: RememberedOptions<Change>): Source<Change> {
  const { path, memory, log } = options;
  const { name } = source;
  return {
    name,
    async run(sink, signal) {
      const snapshot = await readSnapshot(path, name, (value) => memory.decode(value)).catch((error: unknown) => {
        if (!(error instanceof SnapshotError)) throw error;
        log.warn(`${name}: ${path} is ignored: ${error.message}`, { registry: name });
        return undefined;
      });
      if (signal.aborted) return;
      const run = new RememberedRun(name, options, snapshot, sink);
      try {
        await source.run(run.sink, signal);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        await run.end();
      }
    },
  };
}

class RememberedRun<Change> {
  readonly sink: Sink<Change>;
  readonly #name: string;
  readonly #options: Required<RememberedOptions<Change>>;
  readonly #sink: Sink<Change>;
  readonly #writer: SnapshotWriter;
  /** What the source itself has reported, by key. */
  readonly #known = new Map<string, Change>();
  /** What the file has and the source has not reported. */
  readonly #recalled: Map<string, Change>;
  readonly #count: number;
  readonly #seenAtMs: number;
  /**
   * Changes are held back in the first phase, and freshness until the last. A source may say that it is synced although it cannot
   * be seen, so that nobody waits for it: what the file has counts until it can.
   */
  #phase: 'waiting' | 'recalled' | 'listed' | 'synced';
  #said: Freshness | undefined;
  #cancelNote = () => {};
  #cancel = () => {};

  constructor(
    name: string,
    options: RememberedOptions<Change>,
    snapshot: Snapshot<Change> | undefined,
    sink: Sink<Change>,
  ) {
    this.#name = name;
    this.#options = { clock: systemClock, now: Date.now, ...options };
    this.#sink = sink;
    const { memory, clock, log, path, now } = this.#options;
    const changes = snapshot?.changes ?? [];
    this.#recalled = new Map(changes.map((change) => [memory.key(change), change]));
    this.#count = this.#recalled.size;
    this.#seenAtMs = snapshot?.seenAtMs ?? 0;
    this.#phase = 'waiting';
    const sum = (all: Iterable<Change>) => [...all].reduce((total, change) => total + memory.weight(change), 0);
    this.#writer = new SnapshotWriter({
      ...{ name, path, log, clock, now },
      values: () => this.#encoded(),
      weight: () => sum(this.#known.values()),
      writtenWeight: sum(changes),
    });
    if (snapshot !== undefined) this.#cancel = clock.after(patienceMs, () => this.#recall('it has not answered yet'));
    this.sink = {
      apply: (found) => this.#apply(found),
      synced: () => this.#synced(),
      problems: (part, problems) => sink.problems(part, problems),
      freshness: (freshness) => this.#freshness(freshness, snapshot !== undefined),
    };
    this.#note();
  }

  *#encoded(): Generator<unknown> {
    for (const change of this.#known.values()) yield this.#options.memory.encode(change);
  }

  async end(): Promise<void> {
    this.#cancel();
    this.#cancelNote();
    await this.#writer.end();
  }

  #note(): void {
    if (this.#phase === 'synced' && this.#said?.state !== 'stale') this.#writer.seen();
    this.#cancelNote = this.#options.clock.after(noteMs, () => this.#note());
  }

  #apply(changes: readonly Change[]): void {
    const { memory } = this.#options;
    for (const change of changes) {
      if (!memory.isKept(change)) continue;
      const key = memory.key(change);
      if (memory.isGone(change)) this.#known.delete(key);
      else this.#known.set(key, change);
      if (this.#phase !== 'waiting') this.#recalled.delete(key);
    }
    if (this.#phase === 'synced') this.#writer.changed();
    const passed = this.#phase === 'waiting' ? changes.filter((change) => !memory.isKept(change)) : changes;
    if (passed.length > 0) this.#sink.apply(passed);
  }

  #freshness(freshness: Freshness, hasFile: boolean): void {
    this.#said = freshness;
    if (this.#phase === 'synced' || !hasFile) this.#sink.freshness(freshness);
    else if (freshness.state === 'stale') {
      if (this.#phase === 'waiting') this.#recall(freshness.reason);
      else this.#stale(freshness.reason);
    } else if (this.#phase === 'listed') this.#settleLate();
  }

  #stale(reason: string): void {
    this.#sink.freshness({ state: 'stale', sinceMs: this.#seenAtMs, reason });
  }

  /** The platform does not answer: what it said last is in force, as far as it has not said otherwise. */
  #recall(reason: string): void {
    this.#cancel();
    this.#phase = 'recalled';
    this.#stale(reason);
    for (const [key, change] of this.#known) this.#recalled.set(key, change);
    this.#sink.apply([...this.#recalled.values()]);
    for (const key of this.#known.keys()) this.#recalled.delete(key);
    this.#options.onRecall(this.#name, this.#seenAtMs, reason);
    this.#sink.synced();
  }

  /** The first list is there, or nobody is to wait for it. */
  #synced(): void {
    if (this.#phase === 'waiting') {
      this.#cancel();
      this.#settleInTime();
      this.#phase = 'synced';
      this.#writer.changed();
      this.#sink.synced();
      const { doubter } = this.#options;
      if (doubter === 'sink' || this.#said !== undefined) this.#sink.freshness(this.#said ?? { state: 'live' });
    } else if (this.#phase === 'recalled') {
      this.#phase = 'listed';
      if (this.#said?.state !== 'stale') this.#settleLate();
    }
  }

  /** What the file has is in force, and the first list is there. */
  #settleLate(): void {
    this.#settleMissing();
    this.#phase = 'synced';
    this.#writer.changed();
    this.#sink.freshness(this.#said ?? { state: 'live' });
  }

  /** Only what differs from the file is worth remembering. */
  #settleInTime(): void {
    const before = [...this.#recalled].filter(([key, change]) => !equal(this.#known.get(key), change));
    for (const key of this.#known.keys()) this.#recalled.delete(key);
    if (this.#options.doubter === 'sink' && before.length > 0) {
      this.#stale('it is asked for the first time since the start');
      this.#sink.apply(before.map(([, change]) => change));
    } else if (this.#isDoubtful()) this.#sink.apply([...this.#recalled.values()]);
    if (this.#known.size > 0) this.#sink.apply([...this.#known.values()]);
    this.#settleMissing();
  }

  #isDoubtful(): boolean {
    return isMassDisappearance(this.#count, this.#recalled.size);
  }

  #settleMissing(): void {
    const { doubter, log } = this.#options;
    if (this.#recalled.size === 0) return;
    if (doubter === 'sink' || !this.#isDoubtful()) {
      this.#forget();
      return;
    }
    log.warn(
      `${this.#name}: ${this.#recalled.size} of ${this.#count} objects that were known before the start are gone from its first list, and stay in force for ${graceMs / 1000} s`,
      { registry: this.#name },
    );
    this.#forgetLater();
  }

  /** While the platform cannot be seen it could not report them either. */
  #forgetLater(): void {
    this.#cancel = this.#options.clock.after(graceMs, () => {
      if (this.#said?.state === 'stale') {
        this.#forgetLater();
        return;
      }
      const { log } = this.#options;
      log.warn(`${this.#name}: ${this.#recalled.size} objects that were known before the start are out of force now`, {
        registry: this.#name,
      });
      this.#forget();
    });
  }

  #forget(): void {
    const { memory } = this.#options;
    const gone = [...this.#recalled.values()].map((change) => memory.gone(change));
    this.#recalled.clear();
    if (gone.length > 0) this.#sink.apply(gone);
  }
}
