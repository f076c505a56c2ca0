import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Lets time pass: what falls due is called in order, each at its own moment. */
  advance(ms: number): void;
  /** How many calls have not fallen due. */
  readonly pending: number;
}

export function fakeClock(): FakeClock {
  let now = 0;
  const due = new Set<{ readonly atMs: number; readonly work: () => void }>();
  const next = (untilMs: number) => [...due].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  return {
    now: () => now,
    after(ms, work) {
      const entry = { atMs: now + ms, work };
      due.add(entry);
      return () => due.delete(entry);
    },
    advance(ms) {
      const untilMs = now + ms;
      for (let entry = next(untilMs); entry !== undefined; entry = next(untilMs)) {
        due.delete(entry);
        now = entry.atMs;
        entry.work();
      }
      now = untilMs;
    },
    get pending() {
      return due.size;
    },
  };
}
