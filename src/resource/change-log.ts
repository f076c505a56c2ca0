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

interface Entry extends Change {
  readonly revision: number;
}

export class ChangeLog {
  #entries: Entry[] = [];
  readonly #latest = new Map<string, Entry>();

  add(revision: number, change: Change): void {
    const entry = { ...change, revision };
    this.#entries.push(entry);
    this.#latest.set(change.name, entry);
  }

  /** The changes after a revision, each name once. */
  since(revision: number): readonly Change[] {
    const changes: Change[] = [];
    for (let i = this.#firstAfter(revision); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      if (this.#latest.get(entry.name) === entry) changes.push(entry);
    }
    return changes;
  }

  /** Forgets what every reader has passed, and what has been overtaken. */
  compact(passed: number): void {
    if (this.#entries.length < 64) return;
    const kept = this.#entries.filter((entry) => entry.revision > passed && this.#latest.get(entry.name) === entry);
    for (const [name, entry] of this.#latest) if (entry.revision <= passed) this.#latest.delete(name);
    this.#entries = kept;
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
