/** Time, as far as code waits for it. Tests bring one of their own, so that nothing sleeps. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `work` once after that many milliseconds unless it is cancelled. */
  after(ms: number, work: () => void): Cancel;
}

export type Cancel = () => void;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
