import assert from 'node:assert/strict';
import { it } from 'node:test';
import { amountOf } from './quantity.ts';

it('reads amounts as Kubernetes writes them, and nothing else', () => {
  const amounts = ['2', '1.5', '.5', '100m', '128Mi', '1Gi', '5k', '1e3', '12E', '', '5ki', '1 Gi', '-1', 'much'];
  assert.deepEqual(amounts.map(amountOf), [
    ...[2, 1.5, 0.5, 0.1, 128 * 2 ** 20, 2 ** 30, 5000, 1000, 12e18],
    ...[undefined, undefined, undefined, undefined, undefined],
  ]);
});
