/**
 * How well a platform is seen of which many parts are read, each by itself: stale while one of them cannot be. A fault that is
 * mended within a moment is none: connections are closed all the time.
 */
import type { Cancel, Clock } from '../lib/clock.ts';
import { ReportedState, type ReportedStateOptions, type StateSink } from './reported-state.ts';

export interface PartsStateOptions extends ReportedStateOptions {
  readonly clock: Clock;
}

/** In milliseconds. */
const momentMs = 500;

export class PartsState {
  readonly #clock: Clock;
  readonly #state: ReportedState;
  /** What has not been read yet since the beginning; undefined when all has been. */
  #expected: Set<string> | undefined = new Set();
  /** What cannot be read just now, since longest first, with the last reason. */
  readonly #failed = new Map<string, string>();
  #reported: string | undefined;
  #moment: Cancel | undefined;

  constructor(options: PartsStateOptions, sink: StateSink) {
    this.#clock = options.clock;
    this.#state = new ReportedState(options, sink);
  }

  /** A part that has to be read before everything has been. */
  expect(part: string): void {
    this.#expected?.add(part);
  }

  /** A part has been read, or need not be any more. */
  seen(part: string): void {
    this.#failed.delete(part);
    if (this.#failed.size === 0) {
      this.close();
      if (this.#state.isStale) this.#state.live();
    }
    this.#expected?.delete(part);
    if (this.#expected?.size !== 0) return;
    this.#expected = undefined;
    this.#state.synced();
  }

  /** A part could not be read just now. Of many reasons that of the part counts which cannot be read for longest. */
  failed(part: string, reason: string): void {
    this.#failed.set(part, reason);
    if (this.#state.isStale) this.#report();
    else this.#moment ??= this.#clock.after(momentMs, () => this.#report());
  }

  /** What a part says is not to be believed, however soon it says something else: stale from now until it is seen. */
  doubted(part: string, reason: string): void {
    this.#failed.set(part, reason);
    this.#report();
  }

  /** Nothing more is reported of faults that have just begun. */
  close(): void {
    this.#moment?.();
    this.#moment = undefined;
  }

  #report(): void {
    this.close();
    const [reason] = this.#failed.values();
    if (reason === undefined || (this.#state.isStale && reason === this.#reported)) return;
    this.#reported = reason;
    this.#state.stale(reason);
  }
}
