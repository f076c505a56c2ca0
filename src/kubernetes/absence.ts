/** What a whole list leaves out: few objects are gone, most of them are doubted until another list agrees. Pure. */
import { isMassDisappearance } from '../source/disappearance.ts';

/** Objects that are in force although a list has left them out, until one that is taken at that moment or later agrees. */
export interface Doubt {
  readonly keys: ReadonlySet<string>;
  /** In milliseconds of the clock. */
  readonly untilMs: number;
}

export interface Absence {
  /** How many objects were known. */
  readonly known: number;
  /** The keys of those that the list leaves out. */
  readonly absent: readonly string[];
  readonly nowMs: number;
  /** After how long another list counts. */
  readonly lookAgainMs: number;
}

/** Yields what is gone, and what is doubted from now on, given what was doubted so far. */
export function judgeAbsence(
  { known, absent, nowMs, lookAgainMs }: Absence,
  doubt: Doubt | undefined,
): { readonly gone: readonly string[]; readonly doubt: Doubt | undefined } {
  if (!isMassDisappearance(known, absent.length)) return { gone: absent, doubt: undefined };
  if (doubt !== undefined && nowMs < doubt.untilMs) return { gone: [], doubt: { ...doubt, keys: new Set(absent) } };
  const gone = absent.filter((key) => doubt?.keys.has(key) === true);
  const others = absent.filter((key) => doubt?.keys.has(key) !== true);
  return isMassDisappearance(known - gone.length, others.length)
    ? { gone, doubt: { keys: new Set(others), untilMs: nowMs + lookAgainMs } }
    : { gone: absent, doubt: undefined };
}
