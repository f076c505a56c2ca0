/** Regular expressions of users. They only ever meet RE2, and never one that would cost it, or an Envoy, too much. */
import { RE2JS } from 're2js';

/** The limit is Istio's. */
const longestPattern = 1024;
/** What Istio's and Fairway's bootstraps allow as `re2.max_program_size.error_level`. */
const largestProgram = 32_768;
const verdicts = new Map<string, string | undefined>();

/** Why Envoy would refuse a regular expression; undefined when it takes it. */
export function re2Problem(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `expected at most ${longestPattern} characters, found ${pattern.length}`;
  if (verdicts.has(pattern)) return verdicts.get(pattern);
  const verdict = verdictOf(pattern);
  if (verdicts.size > 10_000) verdicts.clear();
  verdicts.set(pattern, verdict);
  return verdict;
}

function verdictOf(pattern: string): string | undefined {
  // Compiling such a pattern only to learn that it is too large would take a second.
  const tooLarge = `expected a pattern of at most ${largestProgram} instructions, found more: its repetitions multiply`;
  if (estimatedSize(pattern) > largestProgram) return tooLarge;
  try {
    return RE2JS.compile(pattern).programSize() > largestProgram ? tooLarge : undefined;
  } catch (error) {
    return `expected a regular expression of RE2's syntax, found ${JSON.stringify(pattern)}: ${(error as Error).message}`;
  }
}

/** About how many instructions a pattern becomes: one for each character, as often as it may be repeated. */
function estimatedSize(pattern: string): number {
  const open: number[] = [];
  let size = 0;
  let last = 0;
  for (const [token, least, most] of pattern.matchAll(/\\.|\[(?:\\.|[^\]])+\]|\{(\d+)(?:,(\d*))?\}|./gsu)) {
    if (token === '(') {
      open.push(size + last);
      size = 0;
      last = 0;
    } else if (token === ')') {
      last += size;
      size = open.pop() ?? 0;
    } else if (least !== undefined) {
      last *= Math.max(Number(least), Number(most || least));
    } else {
      size += last;
      last = 1;
    }
  }
  return open.reduce((sum, part) => sum + part, size + last);
}
