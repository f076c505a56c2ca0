/** Run by test/kubernetes/traffic.test.ts: one mesh of two clusters, each with an API server of its own. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { must } from '../../../src/lib/assert.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import type { LiveMesh } from '../../envoy/support/live-mesh.ts';
import { constantLoad, type Load } from '../../envoy/support/load.ts';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { until } from '../../support/until.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { startKubeMesh } from '../support/kube-mesh.ts';
import { type Kubelet, startKubelet } from '../support/kubelet.ts';
import { deployment, namespace, service } from '../support/objects.ts';

const client = { name: 'client', namespace: 'shop', labels: { app: 'client' } } as const;
const url = 'http://reviews:9080/';
/** For what takes a moment, on a machine that does much else. */
const mostMs = 20_000;

describe('a mesh of two clusters', () => {
  const blocks: AddressBlock[] = [];
  const clusters: Cluster[] = [];
  const kubelets: Kubelet[] = [];
  let mesh: LiveMesh;
  const home = () => must(clusters[0], 'the config cluster');
  const east = () => must(clusters[1], 'the other cluster');

  before(async () => {
    blocks.push(await takeTestBlock());
    for (const [i, name] of ['home', 'east'].entries()) {
      const cluster = await startCluster({ controllers: true });
      clusters.push(cluster);
      kubelets.push(await startKubelet(cluster, (n) => `10.${200 + i}.0.${n}`));
      const objects = [
        namespace('shop'),
        namespace('istio-system'),
        service('shop', 'reviews'),
        deployment('shop', 'reviews', name),
      ];
      await cluster.kubectl(['apply', '--server-side', '-f', '-'], objects.join('\n---\n'));
    }
    await until(() => podsIn('home').length === 1 && podsIn('east').length === 1, {
      what: 'a Pod in each',
      mostMs,
    });
    mesh = await startKubeMesh({
      kubeconfig: home().kubeconfigPath,
      envoy: must(findEnvoy(), 'an Envoy').path,
      block: must(blocks[0], 'a block'),
      proxies: [client],
    });
  });
  after(async () => {
    await mesh?.stop();
    await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    for (const block of blocks) block.release();
  });

  const podsIn = (...names: readonly ('home' | 'east')[]) =>
    names.flatMap((name) => [...(kubelets[name === 'home' ? 0 : 1]?.applications.keys() ?? [])]);
  const untilReaches = (...names: readonly ('home' | 'east')[]) =>
    mesh.untilLands('client', url, () => podsIn(...names));
  const secretPath = '/api/v1/namespaces/istio-system/secrets';
  const secret = (kubeconfig: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'east', namespace: 'istio-system', labels: { 'istio/multiCluster': 'true' } },
    stringData: { east: kubeconfig },
  });
  const staleSources = () =>
    mesh.server.controlPlane.sources.flatMap(({ name, freshness }) => (freshness.state === 'stale' ? [name] : []));
  const problems = () => mesh.server.controlPlane.diagnostics.all().map(({ code, path }) => `${code} ${path}`);
  const loads: Load[] = [];
  const loadOf = (): Load => {
    const load = constantLoad(mesh.proxy('client').httpProxy, { url });
    loads.push(load);
    return load;
  };
  afterEach(() => Promise.all(loads.splice(0).map((load) => load.stop())));
  const assertNoneFailed = async (calls: Load) => {
    await calls.stop();
    assert.deepEqual(
      [...new Set(calls.landings)].filter((where) => !where.startsWith('reviews-')),
      [],
    );
  };

  test('has one Service of both, once a Secret names the other cluster', async () => {
    await untilReaches('home');
    await home().api('POST', secretPath, secret(east().kubeconfigOf(east().adminToken)));
    await untilReaches('home', 'east');
  });

  test('keeps what is known of a cluster whose kubeconfig becomes useless, and takes the next one', async () => {
    const calls = loadOf();
    const before = JSON.parse(east().kubeconfigOf(east().adminToken));
    const dangerous = JSON.stringify({ ...before, users: [{ name: 'test', user: { exec: { command: 'steal' } } }] });
    await home().api('PATCH', `${secretPath}/east`, { stringData: { east: dangerous } });
    await until(() => problems().includes('FW0805 data["east"]'), { what: 'a program in it to be told', mostMs });
    await untilReaches('home', 'east');
    await home().api('PATCH', `${secretPath}/east`, { stringData: { east: east().kubeconfigOf('nobody') } });
    await until(() => staleSources().some((name) => name.startsWith('kubernetes/east/')), {
      what: 'a refused token to show',
      mostMs,
    });
    assert.deepEqual(problems(), []);
    await untilReaches('home', 'east');
    await home().api('PATCH', `${secretPath}/east`, { stringData: { east: east().kubeconfigOf(east().adminToken) } });
    await until(() => staleSources().length === 0, { what: 'the cluster to be seen again', mostMs });
    await assertNoneFailed(calls);
  });

  test('goes on while one of its API servers is away, whichever it is', async () => {
    for (const [away, here, name] of [
      [east(), home(), 'home'],
      [home(), east(), 'east'],
    ] as const) {
      const calls = loadOf();
      await away.stopApiserver('SIGKILL');
      await until(() => staleSources().length > 0, { what: 'the loss to be noticed', mostMs });
      const isOfOne = new Set(staleSources().map((source) => source.split('/')[1])).size === 1;
      assert.ok(isOfOne, `expected sources of one cluster, found ${staleSources()}`);
      const scale = (count: number) =>
        here.kubectl(['scale', '-n', 'shop', `deployment/reviews-${name}`, `--replicas=${count}`]);
      await scale(2);
      await until(() => podsIn(name).length === 2, { what: 'a second Pod', mostMs });
      await untilReaches('home', 'east');
      await scale(1);
      await until(() => podsIn(name).length === 1, { what: 'one Pod', mostMs });
      await untilReaches('home', 'east');
      await away.startApiserver();
      await until(() => staleSources().length === 0, { what: 'everything to be seen again', mostMs });
      await untilReaches('home', 'east');
      await assertNoneFailed(calls);
    }
  });

  test('is of one cluster again when the Secret is gone', async () => {
    const calls = loadOf();
    await home().api('DELETE', `${secretPath}/east`);
    await untilReaches('home');
    assert.ok(mesh.server.controlPlane.sources.every(({ name }) => !name.startsWith('kubernetes/east/')));
    await assertNoneFailed(calls);
  });
});
