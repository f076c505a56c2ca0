/** How well a platform is seen of which many parts are read each by itself: stale while one of them cannot be. */
import { ReportedState, type ReportedStateOptions, type StateSink } from './reported-state.ts';

export class PartsState {
  readonly #state: ReportedState;
  /** What has not been read yet since the beginning; undefined when all has been. */
  #expected: Set<string> | undefined = new Set();
  /** What cannot be read just now. */
  readonly #failed = new Set<string>();

  constructor(options: ReportedStateOptions, sink: StateSink) {
    this.#state = new ReportedState(options, sink);
  }

  /** A part that has to be read before everything has been. */
  expect(part: string): void {
    this.#expected?.add(part);
  }

  /** A part has been read, or need not be any more. */
  seen(part: string): void {
    this.#failed.delete(part);
    if (this.#failed.size === 0 && this.#state.isStale) this.#state.live();
    this.#expected?.delete(part);
    if (this.#expected?.size !== 0) return;
    this.#expected = undefined;
    this.#state.synced();
  }

  failed(part: string, reason: string): void {
    this.#failed.add(part);
    this.#state.stale(reason);
  }
}
