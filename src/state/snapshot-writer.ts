/** Keeps the file of a source up to date, at a pace that a disk does not notice. */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isMassDisappearance } from '../source/disappearance.ts';
import { snapshotLines, touchSnapshot } from './snapshot.ts';
import { writeFileWhole } from './write-file.ts';

export interface SnapshotWriterOptions {
  /** The source's name. */
  readonly name: string;
  readonly path: string;
  /** What is to be in the file, as of now. */
  readonly values: () => Iterable<unknown>;
  /** How much that is. */
  readonly weight: () => number;
  /** What is in the file already weighs this much. */
  readonly writtenWeight: number;
  readonly log: Log;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** A file is written at most this often, in milliseconds. */
const paceMs = 5000;
/** A file that would say that most is gone is written when that has lasted for this long: guards have decided by then, in milliseconds. */
const thinMs = 60_000;
/** A file that is still right is touched this often, in milliseconds. */
const touchMs = 60_000;

export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  #writtenWeight: number;
  #isDirty = false;
  #hasFailed = false;
  /** Since when most of what is in the file is gone. */
  #thinSinceMs: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #cancel: Cancel | undefined;
  #touchedAtMs: number;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    this.#writtenWeight = options.writtenWeight;
    this.#touchedAtMs = options.clock.now();
  }

  /** What is to be in the file has changed. */
  changed(): void {
    this.#isDirty = true;
    this.#later();
  }

  /** What is in the file, or will be, is what the platform holds: call it now and then. */
  seen(): void {
    const { clock, path, now } = this.#options;
    if (this.#isDirty || clock.now() - this.#touchedAtMs < touchMs) return;
    this.#touchedAtMs = clock.now();
    touchSnapshot(path, now());
  }

  /** Writes what is not written, and nothing more afterwards. */
  async end(): Promise<void> {
    this.#cancel?.();
    await this.#writing;
    await this.#write();
    this.#cancel?.();
  }

  #later(): void {
    this.#cancel ??= this.#options.clock.after(paceMs, () => {
      this.#cancel = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return;
    const { name, path, values, weight, log, now } = this.#options;
    const weightNow = weight();
    if (this.#isThin(weightNow)) {
      this.#later();
      return;
    }
    this.#isDirty = false;
    try {
      await writeFileWhole(path, snapshotLines(name, now(), values()));
      this.#writtenWeight = weightNow;
      if (this.#hasFailed) log.info(`${name}: its state is kept again`, { registry: name });
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        log.error(`${name}: its state cannot be kept; what was kept before is there for the next start`, {
          registry: name,
          error,
        });
      this.#hasFailed = true;
      this.#isDirty = true;
      this.#later();
    }
  }

  /** Whether most of what is in the file has been gone for too short a time to be forgotten. */
  #isThin(weight: number): boolean {
    const nowMs = this.#options.clock.now();
    if (!isMassDisappearance(this.#writtenWeight, this.#writtenWeight - weight)) this.#thinSinceMs = undefined;
    else this.#thinSinceMs ??= nowMs;
    return this.#thinSinceMs !== undefined && nowMs - this.#thinSinceMs < thinMs;
  }
}
