/** How well something outside can be seen, as people are told. */
import type { Freshness } from '../model/source.ts';

export type Visibility =
  | Freshness
  /** Not seen for so long that nobody should expect it back by itself. What was reported last stays in force all the same. */
  | { readonly state: 'lost'; readonly sinceMs: number; readonly reason: string };

/**
 * After this long without a sight of it, a source is lost, in milliseconds: upgrades of servers, elections and failovers take
 * less, and somebody can still be called while what is in force is mostly right.
 */
export const lostAfterMs = 10 * 60_000;

export const visibilityStates = ['live', 'stale', 'lost', 'absent'] as const satisfies readonly Visibility['state'][];

/** `nowMs` is in milliseconds since the epoch. */
export function visibilityAt(freshness: Freshness, nowMs: number): Visibility {
  return freshness.state === 'stale' && nowMs - freshness.sinceMs >= lostAfterMs
    ? { ...freshness, state: 'lost' }
    : freshness;
}

/** How long ago it was seen last, in milliseconds. */
export function unseenMs(visibility: Visibility, nowMs: number): number {
  return visibility.state === 'stale' || visibility.state === 'lost' ? Math.max(0, nowMs - visibility.sinceMs) : 0;
}
