/** What is wrong with what users wrote, as of now: by the part of a source that it was found in. */
import type { Log } from './lib/log.ts';
import { describeOrigin } from './model/origin.ts';
import { compareProblems, formatProblem, type Problem } from './model/problem.ts';

const levels = { error: 'error', warning: 'warn', info: 'info' } as const;

export class Diagnostics {
  readonly #log: Log;
  readonly #parts = new Map<string, readonly Problem[]>();
  readonly #listeners = new Set<(part: string) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Replaces what was said of a part: a file, an object, a place. Each problem is logged when it appears, not again when
   * only its line moves; and so is the end of all of a part's problems.
   */
  replace(part: string, problems: readonly Problem[]): void {
    const before = this.#parts.get(part) ?? [];
    if (problems.length === 0) this.#parts.delete(part);
    else this.#parts.set(part, problems);
    if (before.length > 0 || problems.length > 0) for (const listener of this.#listeners) listener(part);
    const known = new Set(before.map(identityOf));
    for (const problem of problems) {
      if (known.has(identityOf(problem))) continue;
      known.add(identityOf(problem));
      this.#log[levels[problem.severity]](formatProblem(problem));
    }
    const [last] = before;
    if (problems.length > 0 || last === undefined) return;
    const { object, file = part } = last;
    this.#log.info(`${object === undefined ? file : describeOrigin(object)}: all problems are solved`);
  }

  /** Nobody looks at a part any more: what was said of it is neither true nor solved. */
  forget(part: string): void {
    this.#parts.delete(part);
  }

  /** What is wrong with a part. */
  of(part: string): readonly Problem[] {
    return this.#parts.get(part) ?? [];
  }

  /** Calls `listener` whenever something is said of a part, until the result is called. */
  watch(listener: (part: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All problems, by file and line. */
  all(): readonly Problem[] {
    return [...this.#parts.values()].flat().sort(compareProblems);
  }
}

function identityOf({ line: _, ...rest }: Problem): string {
  return formatProblem(rest);
}
