/** What a source says of itself: whether it has listed all, and how far it can be trusted. Logs what changes. */
import type { Log } from '../lib/log.ts';
import type { ObjectSink } from '../model/object-source.ts';

export class ReportedState {
  readonly #name: string;
  readonly #sink: ObjectSink;
  readonly #log: Log;
  readonly #now: () => number;
  #isSynced = false;
  #staleSinceMs: number | undefined;

  constructor({ name, log, now }: { name: string; log: Log; now: () => number }, sink: ObjectSink) {
    this.#name = name;
    this.#sink = sink;
    this.#log = log;
    this.#now = now;
  }

  get isStale(): boolean {
    return this.#staleSinceMs !== undefined;
  }

  synced(): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#sink.synced();
  }

  stale(reason: string): void {
    if (this.#staleSinceMs === undefined) {
      this.#staleSinceMs = this.#now();
      this.#log.warn(`${this.#name}: cannot be seen; what is known stays in force: ${reason}`, {
        registry: this.#name,
      });
    }
    this.#sink.freshness({ state: 'stale', sinceMs: this.#staleSinceMs, reason });
  }

  live(): void {
    if (this.#staleSinceMs !== undefined)
      this.#log.info(`${this.#name}: can be seen again`, {
        registry: this.#name,
        durationMs: this.#now() - this.#staleSinceMs,
      });
    this.#staleSinceMs = undefined;
    this.#sink.freshness({ state: 'live' });
  }

  absent(reason: string): void {
    this.#staleSinceMs = undefined;
    this.#sink.freshness({ state: 'absent', reason });
  }
}
