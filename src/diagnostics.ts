/** What is wrong with what users wrote, as of now: by the part of a source that it was found in. */
import type { Log } from './lib/log.ts';
import { describeOrigin } from './model/origin.ts';
import { formatProblem, type Problem } from './model/problem.ts';

export class Diagnostics {
  readonly #log: Log;
  readonly #parts = new Map<string, readonly Problem[]>();

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
    const known = new Set(before.map(identityOf));
    for (const problem of problems) {
      if (known.has(identityOf(problem))) continue;
      known.add(identityOf(problem));
      if (problem.severity === 'error') this.#log.error(formatProblem(problem));
      else this.#log.warn(formatProblem(problem));
    }
    const [last] = before;
    if (problems.length > 0 || last === undefined) return;
    const { object, file = part } = last;
    this.#log.info(`${object === undefined ? file : describeOrigin(object)}: all problems are solved`);
  }

  /** All problems, by file and line. */
  all(): readonly Problem[] {
    return [...this.#parts.values()]
      .flat()
      .sort((a, b) => compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0));
  }
}

function identityOf({ line: _, ...rest }: Problem): string {
  return formatProblem(rest);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
