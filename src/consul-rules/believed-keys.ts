/**
 * Which keys count as gone. An answer that lacks a key may come from a server that has lost its state, or, without a trace,
 * from one that does not let the token see the key (Consul answers 404 then, as for a prefix without keys). So the absence
 * of a key that was known, and of all keys, is believed when the token may read the prefix and
 *
 * - a second read agrees, while the server has been seen all along;
 * - a read agrees after some time, when it was lost or went back in time.
 *
 * What an answer does hold counts at once.
 */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { ObjectSink } from '../model/object-source.ts';
import { KeyedObjects } from './keyed-objects.ts';

export type Values = ReadonlyMap<string, Buffer>;

export interface BelievedKeysOptions {
  /** What places of objects begin with. */
  readonly store: string;
  /** Reads all keys as of now. */
  readonly read: () => Promise<Values>;
  /** Rejected when the token may not read every key under the prefix. */
  readonly mayRead: () => Promise<void>;
  readonly clock: Clock;
  /** How long absences are not believed after the server was lost, in milliseconds. */
  readonly graceMs?: number;
}

/** A server that comes back may first answer from a state of long ago. */
const usualGraceMs = 30_000;

export class BelievedKeys {
  readonly #options: BelievedKeysOptions;
  readonly #objects: KeyedObjects;
  /** Until when absences are not believed. */
  #doubtUntilMs = Number.NEGATIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(options: BelievedKeysOptions, sink: Pick<ObjectSink, 'apply' | 'problems'>) {
    this.#options = options;
    this.#objects = new KeyedObjects(options.store, sink);
  }

  /** The server was lost, or has gone back in time. */
  doubt(): void {
    const { clock, graceMs = usualGraceMs } = this.#options;
    this.#doubtUntilMs = clock.now() + graceMs;
  }

  /** Takes an answer. `again` is called when what it lacks is to be read again. Rejected as reads are; then nothing is gone. */
  async take(values: Values, again: () => void): Promise<void> {
    this.#cancel();
    const missing = this.#missingIn(values);
    if (missing.size === 0 && values.size > 0) {
      this.#objects.take(values);
      return;
    }
    this.#objects.take(values, missing);
    const { mayRead, read, clock } = this.#options;
    await mayRead();
    const waitMs = this.#doubtUntilMs - clock.now();
    if (missing.size > 0 && waitMs > 0) this.#cancel = clock.after(waitMs, again);
    else if (missing.size > 0) {
      const second = await read();
      // Keys that only the second answer lacks have not been missed twice.
      const held = [...this.#missingIn(second)].filter((key) => !missing.has(key));
      this.#objects.take(second, new Set(held));
      if (held.length > 0) again();
    }
  }

  close(): void {
    this.#cancel();
  }

  #missingIn(values: Values): ReadonlySet<string> {
    return new Set([...this.#objects.names].filter((key) => !values.has(key)));
  }
}
