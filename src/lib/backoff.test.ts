import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backoff } from './backoff.ts';

function check(name: string, random: number, expected: readonly number[]): void {
  it(name, () => {
    const delays = backoff({ firstMs: 100, mostMs: 1000, random: () => random });
    assert.deepEqual(
      expected.map(() => delays.next()),
      expected,
    );
  });
}

check('delays double up to the longest', 1, [100, 200, 400, 800, 1000, 1000]);
check('no delay is shorter than half of its step', 0, [50, 100, 200, 400, 500, 500]);
check('delays are spread evenly in between', 0.5, [75, 150, 300, 600, 750, 750]);

it('delays start again after a reset', () => {
  const delays = backoff({ firstMs: 100, mostMs: 1000, random: () => 0 });
  const first = [delays.next(), delays.next()];
  delays.reset();
  assert.deepEqual([...first, delays.next()], [50, 100, 50]);
});

it('a thousand failures do not lead beyond the longest delay', () => {
  const delays = backoff({ firstMs: 100, mostMs: 1000, random: () => 1 });
  for (let i = 0; i < 2000; i++) delays.next();
  assert.equal(delays.next(), 1000);
});
