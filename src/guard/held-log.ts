/** Tells the log that instances are held, once for all that are held together, and how it ended. */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { someOf } from '../lib/some-of.ts';

export interface HeldLogOptions {
  /** The registry's name. */
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  /** The services of which instances are held right now. */
  readonly services: () => readonly string[];
  /** Why they still are. */
  readonly reason: () => string;
}

/** How instances have changed in this respect. */
export interface HeldChange {
  readonly held: number;
  readonly back: number;
  readonly gone: number;
}

/** What a second look has settled within this time is not worth a line, in milliseconds. */
const worthTellingMs = 1000;

export class HeldLog {
  readonly #options: HeldLogOptions;
  #total: HeldChange = none;
  #isTold = false;
  #cancel: Cancel = () => {};

  constructor(options: HeldLogOptions) {
    this.#options = options;
  }

  /** How many instances are held now. */
  get count(): number {
    return this.#total.held - this.#total.back - this.#total.gone;
  }

  take({ held, back, gone }: HeldChange): void {
    const isFirst = this.count === 0;
    this.#total = { held: this.#total.held + held, back: this.#total.back + back, gone: this.#total.gone + gone };
    if (this.count === 0) this.#end();
    else if (isFirst) this.#cancel = this.#options.clock.after(worthTellingMs, () => this.#tell());
  }

  close(): void {
    this.#cancel();
  }

  #tell(): void {
    const { name, log, services, reason } = this.#options;
    this.#isTold = true;
    const held = `${this.count} instances of ${someOf(services())}`;
    log.warn(`${name}: ${held} are gone from its answers and stay in force until that is certain: ${reason()}`, {
      registry: name,
    });
  }

  #end(): void {
    const { name, log } = this.#options;
    const { held, back, gone } = this.#total;
    this.#cancel();
    this.#total = none;
    const message = `${name}: of ${held} instances that were gone from its answers ${back} are back, ${gone} are out of force now`;
    if (this.#isTold) log.warn(message, { registry: name });
    else log.debug(message, { registry: name });
    this.#isTold = false;
  }
}

const none: HeldChange = { held: 0, back: 0, gone: 0 };
