import { AssertionError } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, for the message when it does not come. */
  readonly what: string;
  readonly mostMs?: number;
}

/**
 * Waits until `condition` holds, looking every few milliseconds: for what the outside world (file-system events, sockets,
 * processes) brings about in its own time. Throws when it does not hold within `mostMs`.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { what, mostMs = 5000 }: UntilOptions,
): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new AssertionError({ message: `expected ${what} within ${mostMs} ms, waited in vain` });
    await sleep(5);
  }
}
