/** What is wrong with what users wrote, as of now: by the part of a source that it was found in. */
import type { Log } from './lib/log.ts';
import { formatProblem, type Problem } from './model/problem.ts';

export class Diagnostics {
  readonly #log: Log;
  readonly #parts = new Map<string, readonly Problem[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Replaces what was said of a part. New problems are logged, and so is the end of all. */
  replace(part: string, problems: readonly Problem[]): void {
    const before = new Set((this.#parts.get(part) ?? []).map(formatProblem));
    if (problems.length === 0) this.#parts.delete(part);
    else this.#parts.set(part, problems);
    for (const problem of problems) {
      const text = formatProblem(problem);
      if (before.has(text)) continue;
      if (problem.severity === 'error') this.#log.error(text);
      else this.#log.warn(text);
    }
    if (problems.length === 0 && before.size > 0) this.#log.info(`${part}: all problems are solved`);
  }

  /** All problems, by file and line. */
  all(): readonly Problem[] {
    return [...this.#parts.values()]
      .flat()
      .sort((a, b) => compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
