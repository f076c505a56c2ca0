/** Files that are gone together with most others of a path that the user gave, and what the log is told of them. */
import type { Log } from '../lib/log.ts';
import { isMassDisappearance } from '../source/disappearance.ts';
import { isUnder } from './scan.ts';

export interface DoubtedFilesOptions {
  readonly log: Log;
  /** The paths that the user gave. */
  readonly roots: readonly string[];
  /** How long they stay in force, in milliseconds. */
  readonly doubtMs: number;
}

export class DoubtedFiles {
  readonly #options: DoubtedFilesOptions;
  readonly #paths = new Set<string>();
  #count = { back: 0, gone: 0 };

  constructor(options: DoubtedFilesOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Takes the paths of all files that are in force, those that are gone among them. */
  note(known: readonly string[], gone: readonly string[]): void {
    const { log, roots, doubtMs } = this.#options;
    for (const root of roots) {
      const here = gone.filter((path) => isUnder(path, [root]));
      const isNew = here.some((path) => !this.#paths.has(path));
      const all = known.filter((path) => isUnder(path, [root])).length;
      if (!isNew || !isMassDisappearance(all, here.length)) continue;
      if (this.#paths.size === 0)
        log.warn(
          `${here.length} of ${all} files of ${root} are gone together; what they held stays in force for ${doubtMs / 1000} s, unless they are back`,
          { registry: 'files' },
        );
      for (const path of here) this.#paths.add(path);
    }
  }

  back(path: string): void {
    this.#settle(path, 'back');
  }

  gone(path: string): void {
    this.#settle(path, 'gone');
  }

  #settle(path: string, how: 'back' | 'gone'): void {
    if (!this.#paths.delete(path)) return;
    this.#count[how] += 1;
    if (this.#paths.size > 0) return;
    const { back, gone } = this.#count;
    this.#options.log.warn(
      `of ${back + gone} files that were gone together ${back} are back, ${gone} are out of force now`,
      {
        registry: 'files',
      },
    );
    this.#count = { back: 0, gone: 0 };
  }
}
