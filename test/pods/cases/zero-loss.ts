/** Run by test/pods/zero-loss.test.ts: an application goes on calling while everything around it changes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../../kubernetes/support/random.ts';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import type { LoadReport } from '../support/commands.ts';
import { barePod, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';
import { type Rules, rulesOf } from '../support/random-rules.ts';

const url = 'http://reviews:9080/';
const args = ['--http', '9080'];
const versions = ['v1', 'v2'];
const seed = Number(process.env.SEED ?? 1);
const flips = 1000;
/** Between two changes, in milliseconds: faster than any person, slower than a queue that would merge them all. */
const pauseMs = 25;
const mostMs = 60_000;

describe('calls while everything changes', () => {
  let mesh: PodMesh;
  let client: PodApplication;
  let rules: Rules;

  before(async () => {
    mesh = await startPodMesh();
    rules = rulesOf(mesh.cluster, randomOf(seed));
    await mesh.apply(
      service('reviews', [{ name: 'http', port: 9080 }]),
      ...versions.map((version) => workload({ app: 'reviews', version, args, replicas: 2 })),
      workload({ app: 'client', args }),
    );
    await Promise.all([
      ...versions.map((version) => mesh.untilReady(2, 'reviews', version)),
      mesh.untilReady(1, 'client'),
    ]);
    client = mesh.application('client');
    await until(async () => (await client.call({ url })).status === 200, { what: 'a first answer', mostMs });
  });
  after(() => mesh?.stop());

  /** Calls all the while; none may fail. */
  async function underLoad(change: () => Promise<void>): Promise<LoadReport> {
    await client.startLoad({ url });
    // Whatever is on its way then arrives.
    const changed = await change()
      .then(() => sleep(1000))
      .catch((error: Error) => error);
    const report = await client.stopLoad();
    if (changed !== undefined) throw changed;
    const failed = Object.entries(report.tally).filter(([landing]) => !/^reviews-v\d$/.test(landing));
    assert.deepEqual(failed, [], `expected no failed call; first seen ${JSON.stringify(report.firstMs)}`);
    return report;
  }
  const flip = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      await rules.flip();
      await sleep(pauseMs);
    }
  };
  const podNames = () => mesh.pods({ app: 'reviews' }).map(({ name }) => name);
  const roll = async (version: string) => {
    const old = new Set(podNames());
    await mesh.cluster.kubectl(['rollout', 'restart', '-n', 'shop', `deployment/reviews-${version}`]);
    const isRolled = () =>
      mesh.pods({ app: 'reviews', version }).length === 2 &&
      mesh.pods({ app: 'reviews', version }).every(({ name }) => !old.has(name));
    await until(isRolled, { what: `a new generation of ${version}`, mostMs: 3 * mostMs });
  };

  test(`is not noticed over ${flips} changes of rules, in any order`, async (context) => {
    const { tally } = await underLoad(() => flip(flips));
    context.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
  });

  test('is not noticed while pods roll and rules change', async () => {
    await underLoad(async () => {
      let isRolling = true;
      const flipping = (async () => {
        while (isRolling) await flip(1);
      })();
      for (const version of versions) await roll(version);
      isRolling = false;
      await flipping;
    });
  });

  for (const [how, away] of [
    ['restarts', (plane: PodMesh['controlPlane']) => plane.stop('SIGTERM')],
    ['is killed', (plane: PodMesh['controlPlane']) => plane.stop('SIGKILL')],
    ['hangs', async (plane: PodMesh['controlPlane']) => plane.freeze()],
  ] as const)
    test(`is not noticed when the control plane ${how}; what came meanwhile arrives`, async () => {
      await mesh.apply(barePod({ name: 'spare', app: 'spare', version: 'v3', args }));
      await mesh.untilReady(1, 'spare');
      await rules.clear();
      await until(async () => (await client.callMany({ url, count: 20 }))['reviews-v3'] === undefined, {
        what: 'no pod of the last time',
        mostMs,
      });
      const { tally } = await underLoad(async () => {
        await away(mesh.controlPlane);
        await flip(20);
        await rules.clear();
        // The pod is of the service from now on, and nobody is there who could tell.
        const labels = { metadata: { labels: { app: 'reviews' } } };
        await mesh.cluster.api('PATCH', '/api/v1/namespaces/shop/pods/spare', labels);
        await sleep(2000);
        const { tally: before } = await client.lookAtLoad();
        assert.equal(before['reviews-v3'], undefined);
        if (how === 'hangs') mesh.controlPlane.thaw();
        else await mesh.controlPlane.start();
        await until(async () => (await client.lookAtLoad()).tally['reviews-v3'] !== undefined, {
          what: 'calls of the new pod',
          mostMs,
        });
        await mesh.cluster.kubectl(['delete', '-n', 'shop', 'pod/spare', '--timeout=60s']);
      });
      assert.ok((tally['reviews-v3'] ?? 0) > 0);
    });
});
