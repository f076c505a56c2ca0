/** Work by name, of which only so much is under way at once: who doubts a thousand services asks about a few at a time. */
export interface BoundedWorkOptions {
  readonly mostAtOnce: number;
  /** Does not reject. What it does after its signal has aborted has no effect. */
  readonly work: (name: string, signal: AbortSignal) => Promise<void>;
}

export class BoundedWork {
  readonly #options: BoundedWorkOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, AbortController>();

  constructor(options: BoundedWorkOptions) {
    this.#options = options;
  }

  /** Has no effect while work of that name is under way or waits. */
  ask(name: string): void {
    if (this.#waiting.has(name) || this.#running.has(name)) return;
    this.#waiting.add(name);
    this.#next();
  }

  /** Stops what is under way and drops what waits. */
  stop(): void {
    this.#waiting.clear();
    for (const stop of this.#running.values()) stop.abort();
    this.#running.clear();
  }

  #next(): void {
    for (const name of this.#waiting) {
      if (this.#running.size >= this.#options.mostAtOnce) return;
      this.#waiting.delete(name);
      const stop = new AbortController();
      this.#running.set(name, stop);
      void this.#options.work(name, stop.signal).then(() => {
        if (this.#running.get(name) === stop) this.#running.delete(name);
        this.#next();
      });
    }
  }
}
