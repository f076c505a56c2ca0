import assert from 'node:assert/strict';
import { it } from 'node:test';

/** One rule of a function and its cases: arguments and what is expected of them. */
export function checkFunction<A extends readonly unknown[], R>(
  name: string,
  call: (...args: A) => R,
  cases: readonly (readonly [...A, R])[],
): void {
  it(name, () => {
    const found = cases.map((one) => [...one.slice(0, -1), call(...(one.slice(0, -1) as unknown as A))]);
    assert.deepEqual(found, cases);
  });
}
