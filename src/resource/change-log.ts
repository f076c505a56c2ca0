/**
 * What has changed in a view, in order: each name once, at its last change. Streams hold a place in the log instead of a
 * copy of what they were sent.
 */
import type { Resource } from './resource.ts';

export interface Change {
  readonly name: string;
  /** Undefined when it is gone. */
  readonly resource: Resource | undefined;
  /** What was there before the change; a proxy may be told to keep it until nothing refers to it. */
  readonly before: Resource | undefined;
}

/** A change as the log tells it. */
export interface LoggedChange extends Change {
  /** Readers that stand before this revision have never been told of the name; 0 when that is not known. */
  readonly knownSince: number;
}

interface Entry extends LoggedChange {
  readonly revision: number;
}

/** A log of fewer entries is not worth compacting. */
const fewest = 64;

export class ChangeLog {
  #entries: Entry[] = [];
  readonly #latest = new Map<string, Entry>();
  /** Readers mostly stand at the same place and ask in turn. */
  #lastAnswer: { readonly revision: number; readonly changes: readonly LoggedChange[] } | undefined;
  #compactAt = fewest;

  /** Revisions never go back. */
  add(revision: number, change: Change): void {
    const known = this.#latest.get(change.name)?.knownSince;
    const entry = { ...change, revision, knownSince: known ?? (change.before === undefined ? revision : 0) };
    this.#entries.push(entry);
    this.#latest.set(change.name, entry);
    this.#lastAnswer = undefined;
  }

  /** The changes after a revision, each name once, in the order of their last changes. */
  since(revision: number): readonly LoggedChange[] {
    if (this.#lastAnswer?.revision === revision) return this.#lastAnswer.changes;
    const changes: LoggedChange[] = [];
    for (let i = this.#firstAfter(revision); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      if (this.#latest.get(entry.name) === entry) changes.push(entry);
    }
    this.#lastAnswer = { revision, changes };
    return changes;
  }

  /** How many entries are kept, overtaken ones included. */
  get size(): number {
    return this.#entries.length;
  }

  /** Whether the log has grown so far that compacting it is cheap beside what has been added since the last time. */
  get isDue(): boolean {
    return this.#entries.length >= this.#compactAt;
  }

  /** Forgets what every reader has passed, and what has been overtaken. */
  compact(passed: number): void {
    this.#entries = this.#entries.filter((entry) => entry.revision > passed && this.#latest.get(entry.name) === entry);
    for (const [name, entry] of this.#latest) if (entry.revision <= passed) this.#latest.delete(name);
    this.#compactAt = Math.max(fewest, 2 * this.#entries.length);
    this.#lastAnswer = undefined;
  }

  #firstAfter(revision: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as Entry).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
