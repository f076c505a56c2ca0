/** What a source says of itself: whether it has listed all, and how far it can be trusted. */
import type { Freshness } from '../model/source.ts';
import type { VisibilityLog } from './visibility-log.ts';

/** The part of a sink that hears it, whatever the source reports besides. */
export interface StateSink {
  synced(): void;
  freshness(freshness: Freshness): void;
}

export interface ReportedStateOptions {
  /** As the log calls it. */
  readonly resource: string;
  readonly visibility: VisibilityLog;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
}

export class ReportedState {
  readonly #options: ReportedStateOptions;
  readonly #sink: StateSink;
  #isSynced = false;
  #staleSinceMs: number | undefined;

  constructor(options: ReportedStateOptions, sink: StateSink) {
    this.#options = options;
    this.#sink = sink;
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
    const { resource, visibility, now } = this.#options;
    this.#staleSinceMs ??= now();
    visibility.lost(resource, reason);
    this.#sink.freshness({ state: 'stale', sinceMs: this.#staleSinceMs, reason });
  }

  live(): void {
    this.#isSeen();
    this.#sink.freshness({ state: 'live' });
  }

  absent(reason: string): void {
    this.#isSeen();
    this.#sink.freshness({ state: 'absent', reason });
  }

  #isSeen(): void {
    this.#staleSinceMs = undefined;
    this.#options.visibility.seen(this.#options.resource);
  }
}
