/**
 * Entries that nobody looks after: their controller has ended without a word. Whether it lives it is asked through one of its
 * entries, which costs two writes, however many it has; what it does not answer for goes.
 */
import { compareTexts } from '../lib/compare.ts';
import type { RegistrationState } from '../model/registration.ts';

export interface KnownEntry {
  /** `namespace/name` */
  readonly key: string;
  readonly state: RegistrationState;
}

export interface OrphanRules {
  readonly nowMs: number;
  readonly graceMs: number;
  /** How long a controller may take to answer, and a workload to connect. */
  readonly answerMs: number;
  /** Since when workloads can connect to who judges, and others can answer: after an outage they all may be on their way. */
  readonly servesSinceMs: number;
}

export interface Judgement {
  /** What to remove: nobody has come back to it. */
  readonly left: readonly string[];
  /** All entries of a controller that has not answered, unless it just has: the question tells, as it is by now. */
  readonly silent: readonly { readonly question: string; readonly keys: readonly string[] }[];
  /** Through which entries to ask. */
  readonly ask: readonly string[];
  /** Somebody may still answer, or connect. */
  readonly isWaiting: boolean;
}

/** Judges entries whose workloads are not connected here. */
export function judgeOrphans(
  entries: readonly KnownEntry[],
  { nowMs, graceMs, answerMs, servesSinceMs }: OrphanRules,
): Judgement {
  const isOver = (sinceMs: number) => Math.max(sinceMs, servesSinceMs) + answerMs <= nowMs;
  const [left, silent, ask]: [string[], Judgement['silent'][number][], string[]] = [[], [], []];
  let isWaiting = false;
  // Whoever noted the end of a workload removes its entry, unless it has ended as well.
  for (const { key, state } of entries)
    if (state.disconnectedAtMs !== undefined) {
      if (isOver(state.disconnectedAtMs + graceMs)) left.push(key);
      else isWaiting = true;
    }
  const claimed = entries.filter(({ state }) => state.disconnectedAtMs === undefined);
  const byController = Map.groupBy(
    claimed.toSorted((a, b) => compareTexts(a.key, b.key)),
    ({ state }) => state.controller,
  );
  for (const owned of byController.values()) {
    const question = owned.find(({ state }) => state.askedAtMs !== undefined);
    if (question === undefined) ask.push(...owned.slice(0, 1).map(({ key }) => key));
    else if (isOver(question.state.askedAtMs ?? 0))
      silent.push({ question: question.key, keys: owned.map(({ key }) => key) });
    else isWaiting = true;
  }
  return { left, silent, ask, isWaiting: isWaiting || ask.length > 0 };
}
