/** Run by test/pods/zero-loss.test.ts: an application goes on calling while everything around it changes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../../kubernetes/support/random.ts';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import type { Tally } from '../support/commands.ts';
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
/** Pods that call, by the dialect of their Envoys. */
const clients = { 'client-delta': 'true', 'client-sotw': 'false' } as const;
type ClientName = keyof typeof clients;
const clientNames = Object.keys(clients) as ClientName[];

describe('calls while everything changes', () => {
  let mesh: PodMesh;
  const applications = new Map<ClientName, PodApplication>();
  let rules: Rules;

  before(async () => {
    mesh = await startPodMesh();
    rules = rulesOf(mesh.cluster, randomOf(seed));
    await mesh.apply(
      service('reviews', [{ name: 'http', port: 9080 }]),
      ...versions.map((version) => workload({ app: 'reviews', version, args, replicas: 2 })),
      ...clientNames.map((app) => {
        const config = { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true', ISTIO_DELTA_XDS: clients[app] } };
        return workload({ app, args, annotations: { 'proxy.istio.io/config': JSON.stringify(config) } });
      }),
    );
    await Promise.all([
      ...versions.map((version) => mesh.untilReady(2, 'reviews', version)),
      ...clientNames.map((app) => mesh.untilReady(1, app)),
    ]);
    for (const app of clientNames) {
      const client = mesh.application(app);
      applications.set(app, client);
      const api = clients[app] === 'true' ? 'DELTA_GRPC' : 'GRPC';
      assert.match(await mesh.pod(app).admin('/config_dump'), new RegExp(`"api_type": ?"${api}"`));
      await until(async () => (await client.call({ url })).status === 200, {
        what: `a first answer of ${app}`,
        mostMs,
      });
    }
  });
  after(() => mesh?.stop());

  const ofEach = <T>(ask: (client: PodApplication, name: ClientName) => Promise<T>): Promise<readonly T[]> =>
    Promise.all([...applications].map(([name, client]) => ask(client, name)));

  /** Calls all the while; none may fail. Yields where those of each client landed. */
  async function underLoad(change: () => Promise<void>): Promise<readonly Tally[]> {
    await ofEach((client) => client.startLoad({ url }));
    // Whatever is on its way then arrives.
    const changed = await change()
      .then(() => sleep(1000))
      .catch((error: Error) => error);
    const reports = await ofEach(async (client, name) => ({ name, ...(await client.stopLoad()) }));
    if (changed !== undefined) throw changed;
    for (const { name, tally, firstMs } of reports) {
      const failed = Object.entries(tally).filter(([landing]) => !/^reviews-v\d$/.test(landing));
      assert.deepEqual(failed, [], `expected no failed call of ${name}; first seen ${JSON.stringify(firstMs)}`);
    }
    return reports.map(({ tally }) => tally);
  }
  /** Whether calls of each client land at a pod of a version. */
  const landAt = async (version: string) =>
    (await ofEach((one) => one.lookAtLoad())).map(({ tally }) => tally[version]);
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
    const tallies = await underLoad(() => flip(flips));
    context.diagnostic(`seed ${seed}: ${JSON.stringify(tallies)}`);
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
      const isGone = async () =>
        (await ofEach((client) => client.callMany({ url, count: 20 }))).every((tally) => !('reviews-v3' in tally));
      await until(isGone, { what: 'no pod of the last time', mostMs });
      await underLoad(async () => {
        await away(mesh.controlPlane);
        await flip(20);
        await rules.clear();
        // The pod is of the service from now on, and nobody is there who could tell.
        const labels = { metadata: { labels: { app: 'reviews' } } };
        await mesh.cluster.api('PATCH', '/api/v1/namespaces/shop/pods/spare', labels);
        await sleep(2000);
        assert.deepEqual(await landAt('reviews-v3'), [undefined, undefined]);
        if (how === 'hangs') mesh.controlPlane.thaw();
        else await mesh.controlPlane.start();
        await until(async () => (await landAt('reviews-v3')).every((count) => count !== undefined), {
          what: 'calls of the new pod by each client',
          mostMs,
        });
        await mesh.cluster.kubectl(['delete', '-n', 'shop', 'pod/spare', '--timeout=60s']);
      });
    });
});
