/** Shares of random choices, judged with a bound on false alarms. */
import assert from 'node:assert/strict';

/** One test in a million that is right fails all the same. */
const falseAlarm = 1e-6;

/** How far a share of `count` independent choices may be from what it should be (Hoeffding's inequality). */
export function tolerance(count: number): number {
  return Math.sqrt(Math.log(2 / falseAlarm) / (2 * count));
}

/** Fails unless each landing has its share of all, and there are no others. */
export function assertShares(landings: readonly string[], expected: { readonly [landing: string]: number }): void {
  const allowed = tolerance(landings.length);
  const others = landings.filter((landing) => expected[landing] === undefined);
  assert.deepEqual(others, [], 'expected no other landings');
  for (const [landing, share] of Object.entries(expected)) {
    const found = landings.filter((one) => one === landing).length / landings.length;
    assert.ok(
      Math.abs(found - share) <= allowed,
      `expected ${landing} to get ${share} of ${landings.length} ± ${allowed.toFixed(3)}, found ${found.toFixed(3)}`,
    );
  }
}
