/** Real Envoys before one host that Kubernetes and a catalog have: books, of which reviews-v1 runs in a cluster and reviews-v2 beside it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { CatalogChange, CatalogInstance } from '../../src/model/catalog.ts';
import type { Sink } from '../../src/model/source.ts';
import { catalogService, instance } from '../support/catalog-services.ts';
import { until } from '../support/until.ts';
import { startHttpApplication } from './support/application.ts';
import { call, callMany, landing } from './support/call.ts';
import { object } from './support/cases.ts';
import { serviceOf } from './support/kubernetes.ts';
import { constantLoad } from './support/load.ts';
import { applicationPort, client, useShop } from './support/shop.ts';
import { assertShares } from './support/statistics.ts';
import { describeWithEnvoy } from './support/suite.ts';

const host = 'books.shop.svc.cluster.local';
const url = 'http://books:7000/';

const subsets = object(
  'DestinationRule shop/books',
  `
  host: books
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`,
);
const canary = object(
  'VirtualService shop/books',
  `
  hosts: [books]
  http:
    - route:
        - { destination: { host: books, subset: v1 }, weight: 80 }
        - { destination: { host: books, subset: v2 }, weight: 20 }`,
);
const nearFirst = object(
  'DestinationRule shop/books',
  `
  host: books
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 100 }
    loadBalancer: { localityLbSetting: { enabled: true } }`,
);

describeWithEnvoy('a host of Kubernetes and of a catalog', (envoy) => {
  const shop = useShop(envoy, [client]);
  let sink: Sink<CatalogChange> | undefined;
  before(() => {
    sink = shop().mesh.server.controlPlane.catalogSink({ name: 'consul/dc1', kind: 'ConsulService' });
  });

  /** Makes these instances the whole service in the catalog, whose ports have names of their own; none is no service. */
  function register(...instances: readonly CatalogInstance[]): void {
    const service = instances.length === 0 ? undefined : catalogService([host], 'web: 7000', instances);
    sink?.apply([{ name: 'books', service }]);
  }
  const registered = (more: Partial<CatalogInstance> = {}) =>
    instance(`${shop().app('reviews-v2').address}:${applicationPort}`, { labels: { version: 'v2' }, ...more }, 'web');
  const inCluster = (...pods: readonly string[]) =>
    serviceOf({
      name: 'books',
      namespace: 'shop',
      selector: { app: 'reviews' },
      ports: [{ name: 'http', port: 7000, targetPort: applicationPort }],
      endpoints: pods.map((pod) => ({ pod, address: shop().app(pod).address })),
    });
  const apply = (...objects: readonly string[]) => shop().mesh.apply(objects.join('\n---\n'));
  const proxy = () => shop().mesh.proxy('client').httpProxy;
  const lands = async () => landing(await call(proxy(), { url }));

  test('is split between the versions of both by weight', async () => {
    register(registered());
    await apply(inCluster('reviews-v1'), subsets, canary);
    assertShares(await callMany(proxy(), { url }, 1500), { 'reviews-v1': 0.8, 'reviews-v2': 0.2 });
  });

  test('is shared out among the endpoints of both without rules', async () => {
    register(registered());
    await apply(inCluster('reviews-v1'));
    assertShares(await callMany(proxy(), { url }, 400), { 'reviews-v1': 0.5, 'reviews-v2': 0.5 });
  });

  test('is that of the cluster alone', async () => {
    register();
    await apply(inCluster('reviews-v1'));
    assert.equal(await lands(), 'reviews-v1');
  });

  test('is that of the catalog alone', async () => {
    register(registered());
    await apply();
    assert.equal(await lands(), 'reviews-v2');
  });

  test('has no instance whose name Envoy would have to ask of DNS, and none that weighs nothing', async () => {
    register(registered({ id: 'named', address: 'vm.internal' }), registered({ id: 'idle', weight: 0 }));
    await apply(inCluster('reviews-v1'));
    assertShares(await callMany(proxy(), { url }, 20), { 'reviews-v1': 1 });
  });

  test('has a place once that both have', async () => {
    register({ ...registered(), address: shop().app('reviews-v1').address });
    await apply(inCluster('reviews-v1'));
    const members = await shop().mesh.proxy('client').envoy.stats(`cluster.outbound.7000..${host}.*membership_total`);
    assert.deepEqual([...members.values()], [1]);
  });

  test('is asked of DNS where the catalog alone has it and an instance has a name', async () => {
    const local = await startHttpApplication({ name: 'local', address: '127.0.0.1', port: 0 });
    try {
      register(registered(), instance(`localhost:${local.port}`, {}, 'web'));
      await apply();
      assertShares(await callMany(proxy(), { url }, 400), { 'reviews-v2': 0.5, local: 0.5 });
    } finally {
      register();
      await apply();
      await local.close();
    }
  });

  test('prefers the instance that is near, and goes on with the other registry when one has none', async () => {
    register(registered({ locality: client.locality ?? { region: '', zone: '', subzone: '' } }));
    await apply(inCluster('reviews-v1'), nearFirst);
    const load = constantLoad(proxy(), { url });
    const landsAt = (name: string) =>
      until(() => load.landings.at(-1) === name, { what: `requests to land at ${name}` });
    for (let round = 0; round < 5; round++) {
      await landsAt('reviews-v2');
      register();
      await landsAt('reviews-v1');
      register(registered(client.locality === undefined ? {} : { locality: client.locality }));
      await landsAt('reviews-v2');
      shop().mesh.applyAtOnce([inCluster(), nearFirst].join('\n---\n'));
      await shop().mesh.settle();
      await landsAt('reviews-v2');
      shop().mesh.applyAtOnce(nearFirst);
      await shop().mesh.settle();
      await landsAt('reviews-v2');
      await apply(inCluster('reviews-v1'), nearFirst);
    }
    await load.stop();
    assert.deepEqual([...new Set(load.landings)].sort(), ['reviews-v1', 'reviews-v2']);
  });
});
