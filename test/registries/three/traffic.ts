/** Run by test/registries/three.test.ts: version v1 of a host is in Kubernetes, v2 in Consul, and another service in files alone. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { configCluster } from '../../../src/config-cluster.ts';
import { fileSource } from '../../../src/files/file-source.ts';
import { readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { must } from '../../../src/lib/assert.ts';
import { silent } from '../../../src/lib/log.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { findConsul } from '../../../src/up/consul-program.ts';
import { consulCatalogAt } from '../../consul/support/catalog.ts';
import { type Consul, startConsul } from '../../consul/support/consul.ts';
import { type Application, startHttpApplication } from '../../envoy/support/application.ts';
import { type LiveMesh, startLiveMesh } from '../../envoy/support/live-mesh.ts';
import { constantLoad } from '../../envoy/support/load.ts';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { type Cluster, startCluster } from '../../kubernetes/support/cluster.ts';
import { installDefinitions } from '../../kubernetes/support/definitions.ts';
import { type Kubelet, startKubelet } from '../../kubernetes/support/kubelet.ts';
import { deployment, namespace, rule, service } from '../../kubernetes/support/objects.ts';
import { until } from '../../support/until.ts';
import { serviceObjects } from '../support/service-objects.ts';

const reviews = 'http://reviews:9080/';
const stock = 'http://stock:80/';
/** For what takes a moment, on a machine that does much else. */
const mostMs = 30_000;

describe('files, Kubernetes and Consul as one mesh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-three-'));
  const files = join(folder, 'mesh');
  const applications: Application[] = [];
  let block: AddressBlock;
  let cluster: Cluster;
  let kubelet: Kubelet;
  let consul: Consul;
  let mesh: LiveMesh;

  const start = async (name: string, address: string) => {
    const application = await startHttpApplication({ name, address, port: 8080 });
    applications.push(application);
    return application;
  };
  const register = (name: string, address: string) =>
    consul.register({
      ...{ ID: name, Name: 'reviews', Address: address, Port: 8080, status: 'passing' },
      Meta: { version: 'v2', 'istio-port': '9080', 'istio-protocol': 'http' },
    });

  before(async () => {
    mkdirSync(files);
    block = await takeTestBlock();
    [cluster, consul] = await Promise.all([
      startCluster({ controllers: true }),
      startConsul({ program: must(findConsul(), 'a Consul').path, block }),
    ]);
    await installDefinitions(cluster);
    kubelet = await startKubelet(cluster, (n) => `10.200.0.${n}`);
    const objects = [
      ...[namespace('shop'), namespace('istio-system'), service('shop', 'reviews')],
      deployment('shop', 'reviews', 'v1'),
    ];
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], objects.join('\n---\n'));
    await start('reviews-v2', '10.210.0.1');
    await register('reviews-v2', '10.210.0.1');
    await start('stock-1', '10.220.0.1');
    writeFileSync(join(files, 'stock.yaml'), serviceObjects('stock', ['10.220.0.1']));
    await until(() => kubelet.applications.size === 1, { what: 'a Pod', mostMs });
    await weigh(1, 1);
    const { sources, meshConfig, others } = configCluster({
      ...{ access: readKubeconfig(cluster.kubeconfigPath), id: 'Kubernetes', version: 'test' },
      ...{ systemNamespace: 'istio-system', meshConfigMap: 'istio', log: silent },
    });
    const catalog = await consulCatalogAt(consul.url, { alias: '{name}.shop.svc.cluster.local' });
    mesh = await startLiveMesh({
      envoy: must(findEnvoy(), 'an Envoy').path,
      block,
      proxies: [{ name: 'client', namespace: 'shop', labels: { app: 'client' } }],
      server: {
        ...{ sources, meshConfig, otherClusters: others },
        overlays: [fileSource({ paths: [files], log: silent })],
        catalogs: [catalog],
      },
    });
  });
  after(async () => {
    await mesh?.stop();
    await kubelet?.stop();
    await Promise.all(applications.map((application) => application.close()));
    await consul?.close();
    await cluster?.stop();
    block?.release();
    rmSync(folder, { recursive: true });
  });

  const podName = () => must([...kubelet.applications.keys()][0], 'a Pod');
  /** A canary: so much for the version in Kubernetes, so much for that in Consul. */
  const weigh = async (v1: number, v2: number) => {
    const to = (subset: string, weight: number) => ({ destination: { host: 'reviews', subset }, weight });
    const subsets = ['v1', 'v2'].map((version) => ({ name: version, labels: { version } }));
    const rules = [
      rule('VirtualService', 'shop', 'reviews', {
        hosts: ['reviews'],
        http: [{ route: [to('v1', v1), to('v2', v2)] }],
      }),
      rule('DestinationRule', 'shop', 'reviews', { host: 'reviews', subsets }),
    ];
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], rules.join('\n---\n'));
  };
  const staleRegistries = () => [
    ...new Set(
      mesh.server.controlPlane.sources.flatMap(({ name, freshness }) =>
        freshness.state === 'stale' ? [name.split('/')[0] ?? ''] : [],
      ),
    ),
  ];
  /** Calls both services all the time while something goes on, of which not one may fail. */
  const underLoad = async (work: () => Promise<void>) => {
    const loads = [reviews, stock].map((url) => constantLoad(mesh.proxy('client').httpProxy, { url }));
    try {
      await work();
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    const landings = loads.flatMap((load) => load.landings);
    assert.ok(landings.length > 100, `expected many calls, found ${landings.length}`);
    const failed = landings.filter((landing) => !/^(reviews|stock)-/.test(landing));
    assert.deepEqual([...new Set(failed)], [], `${failed.length} of ${landings.length} calls failed`);
  };

  test('splits one host between a version in Kubernetes and one in Consul', () =>
    underLoad(async () => {
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2']);
      await weigh(1, 0);
      await mesh.untilLands('client', reviews, () => [podName()]);
      await weigh(0, 1);
      await mesh.untilLands('client', reviews, () => ['reviews-v2']);
      await weigh(1, 1);
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2']);
    }));

  test('goes on while Consul is killed, and takes what it says afterwards', () =>
    underLoad(async () => {
      await consul.stop('SIGKILL');
      await until(() => staleRegistries().join() === 'consul', { what: 'Consul alone to be stale', mostMs });
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2']);
      await consul.start();
      // A development agent has lost everything: its instances register again, as they do in the field.
      await register('reviews-v2', '10.210.0.1');
      await until(() => staleRegistries().length === 0, { what: 'Consul to be seen again', mostMs });
      await start('reviews-v2b', '10.210.0.2');
      await register('reviews-v2b', '10.210.0.2');
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2', 'reviews-v2b']);
    }));

  test('goes on while the API server is killed, and takes what it says afterwards', () =>
    underLoad(async () => {
      await cluster.stopApiserver('SIGKILL');
      await until(() => staleRegistries().join() === 'kubernetes', { what: 'Kubernetes alone to be stale', mostMs });
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2', 'reviews-v2b']);
      await cluster.startApiserver();
      await until(() => staleRegistries().length === 0, { what: 'Kubernetes to be seen again', mostMs });
      await weigh(0, 1);
      await mesh.untilLands('client', reviews, () => ['reviews-v2', 'reviews-v2b']);
      await weigh(1, 1);
      await mesh.untilLands('client', reviews, () => [podName(), 'reviews-v2', 'reviews-v2b']);
    }));

  test('goes on while the files are away, and takes what they say afterwards', () =>
    underLoad(async () => {
      renameSync(files, join(folder, 'away'));
      await until(() => staleRegistries().join() === 'files', { what: 'files alone to be stale', mostMs });
      await mesh.untilLands('client', stock, () => ['stock-1']);
      await start('stock-2', '10.220.0.2');
      writeFileSync(join(folder, 'away', 'stock.yaml'), serviceObjects('stock', ['10.220.0.1', '10.220.0.2']));
      renameSync(join(folder, 'away'), files);
      await until(() => staleRegistries().length === 0, { what: 'files to be seen again', mostMs });
      await mesh.untilLands('client', stock, () => ['stock-1', 'stock-2']);
    }));
});
