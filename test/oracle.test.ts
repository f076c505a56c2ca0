/**
 * Invariant: work is proportional to the change and gives what all work afresh would give. After every commit of a random
 * history each proxy holds the very names, bytes and origins that a control plane would give it which was told of the
 * final objects only, in another order, and which narrows no client.
 *
 * `ORACLE_RUNS` makes it longer, `ORACLE_SEED` another one.
 */
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { history } from './oracle/history.ts';
import { run } from './oracle/run.ts';

const { ORACLE_RUNS = '360', ORACLE_SEED } = process.env;
const seeds = ORACLE_SEED === undefined ? [1, 2, 3] : [Number(ORACLE_SEED)];

describe('after every commit of a random history proxies hold what they would hold from scratch', () => {
  for (const seed of seeds)
    it(`with seed ${seed}`, async () => {
      const numRuns = Math.ceil(Number(ORACLE_RUNS) / seeds.length);
      await fc.assert(fc.asyncProperty(history, run), { seed, numRuns });
    });
});
