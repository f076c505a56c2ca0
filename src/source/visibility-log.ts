/**
 * Tells the log which resources of a server cannot be seen: one line for all that are lost together, and no line for what is
 * back before anybody could have looked.
 */
import type { Clock } from '../lib/clock.ts';
import { ensure } from '../lib/ensure.ts';
import type { Log } from '../lib/log.ts';
import { someOf } from '../lib/some-of.ts';

export interface VisibilityLogOptions {
  /** What lines start with, and `registry` is: the server's name, such as `kubernetes/Kubernetes`. */
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** What happens within this time is told together, in milliseconds. */
const togetherMs = 1000;

interface Loss {
  readonly reason: string;
  readonly sinceMs: number;
  isTold: boolean;
}

export class VisibilityLog {
  readonly #options: VisibilityLogOptions;
  readonly #lost = new Map<string, Loss>();
  /** Resources that are back and whose loss was told, with how long they were away. */
  readonly #back = new Map<string, number>();
  #isDue = false;

  constructor(options: VisibilityLogOptions) {
    this.#options = options;
  }

  /** A resource cannot be seen; said again and again, the first reason counts. */
  lost(resource: string, reason: string): void {
    if (this.#lost.has(resource)) return;
    const isTold = this.#back.delete(resource);
    this.#lost.set(resource, { reason, sinceMs: this.#options.clock.now(), isTold });
    this.#tellSoon();
  }

  /** A resource can be seen, or is known not to be there. */
  seen(resource: string): void {
    const loss = this.#lost.get(resource);
    if (loss === undefined) return;
    this.#lost.delete(resource);
    if (loss.isTold) this.#back.set(resource, this.#options.clock.now() - loss.sinceMs);
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#options.clock.after(togetherMs, () => {
      this.#isDue = false;
      this.#tell();
    });
  }

  #tell(): void {
    const { name, log } = this.#options;
    const byReason = new Map<string, string[]>();
    for (const [resource, loss] of this.#lost) {
      if (!loss.isTold) ensure(byReason, loss.reason, () => []).push(resource);
      loss.isTold = true;
    }
    for (const [reason, resources] of byReason)
      log.warn(`${name}: ${someOf(resources)} cannot be seen; what is known stays in force: ${reason}`, {
        registry: name,
      });
    if (this.#back.size === 0) return;
    log.info(`${name}: ${someOf([...this.#back.keys()])} can be seen again`, {
      registry: name,
      durationMs: Math.round(Math.max(...this.#back.values())),
    });
    this.#back.clear();
  }
}
