/**
 * Pods come and go, 50 a second, while watches break: at rest each Envoy has what the apiserver lists. `CHURN_SECONDS` makes
 * it longer, `CHURN_SEED` another one; figures are the matter of `npm run bench -- churn`.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findEnvoy } from '../../src/agent/envoy-program.ts';
import { describeWith } from '../support/real-part.ts';
import { churn, percentile, untilEqual } from './support/churn.ts';
import { type ChurnWorld, startChurnWorld } from './support/churn-world.ts';
import { startMirror } from './support/mirror.ts';
import { randomOf } from './support/random.ts';
import { describeWithKubernetes } from './support/suite.ts';

const { CHURN_SECONDS = '20', CHURN_SEED = '1' } = process.env;
const found = findEnvoy();

describeWithKubernetes('while Pods come and go and watches break', () => {
  describeWith({ name: 'an Envoy', found, remedy: 'set ENVOY or run `npm run setup`' }, 'real Envoys', ({ path }) => {
    let world: ChurnWorld;
    before(async () => {
      world = await startChurnWorld(path, async (cluster, proxy) => {
        const { xdsAddress, close: stop } = await startMirror({ cluster, server: proxy.url });
        return { xdsAddress, stop };
      });
    });
    after(() => world?.stop());

    test('have what the apiserver lists, at rest, and soon lose what is gone', async () => {
      const { cluster, envoys, pods } = world;
      await untilEqual(cluster, envoys);
      const options = { ...world, seconds: Number(CHURN_SECONDS), changesPerSecond: 50 };
      const figures = await churn({ ...options, random: randomOf(Number(CHURN_SEED)) }, pods);
      await untilEqual(cluster, envoys);
      const { removed, brokenWatches, sinceTold } = figures;
      assert.ok(
        removed > 100 && brokenWatches > 10,
        `expected a churn, found ${JSON.stringify({ removed, brokenWatches })}`,
      );
      // Five times what is aimed at: the machine does much else.
      assert.ok(percentile(sinceTold, 0.99) < 5000, `expected less than 5 s, found ${sinceTold.slice(-10)}`);
    });
  });
});
