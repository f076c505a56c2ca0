import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Application, startHttpApplication, startTcpApplication } from './support/application.ts';
import { call, callMany, greeting, landing } from './support/call.ts';
import { serviceOf } from './support/kubernetes.ts';
import { client, intercepted, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const server = { name: 'server', namespace: 'shop', labels: { app: 'server' } } as const;

describeWithEnvoy('the sidecar of a server', (envoy) => {
  const shop = useShop(envoy, [client, server, intercepted]);
  const apps: Application[] = [];

  before(async () => {
    const { application: address } = shop().mesh.proxy('server');
    apps.push(await startHttpApplication({ name: 'web', address, port: 7000 }));
    apps.push(await startTcpApplication({ name: 'store', address, port: 7001 }));
  });
  after(() => Promise.all(apps.map((app) => app.close())));

  const service = () =>
    serviceOf({
      name: 'server',
      namespace: 'shop',
      selector: { app: 'server' },
      ports: [
        { name: 'http', port: 80, targetPort: 7000 },
        { name: 'tcp-store', port: 6000, targetPort: 7001 },
        { name: 'any', port: 81, targetPort: 7000 },
      ],
      endpoints: [{ address: shop().mesh.proxy('server').ip }],
    });

  test('hands requests over to its application', async () => {
    const { mesh } = shop();
    await mesh.apply(service());
    const answer = await call(mesh.proxy('client').httpProxy, { url: 'http://server/x' });
    assert.deepEqual([landing(answer), answer.seen?.path, answer.headers.server], ['web', '/x', 'envoy']);
    const inbound = await mesh.proxy('server').envoy.stats('^http.inbound_');
    const served = [...inbound].filter(([name, count]) => name.endsWith('downstream_rq_2xx') && count > 0);
    assert.equal(served.length, 1);
  });

  test('hands bytes over to its application', async () => {
    const { mesh } = shop();
    await mesh.apply(service());
    assert.equal(await greeting(mesh.proxy('client').port(6000)), 'store');
  });

  test('answers callers without a sidecar too', async () => {
    const { mesh } = shop();
    await mesh.apply(service());
    const { ip: host } = mesh.proxy('server');
    assert.equal(landing(await call({ host, port: 7000, isProxy: false }, { url: 'http://server/' })), 'web');
  });
});

describeWithEnvoy('endpoints come and go', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);

  test('an endpoint that leaves gets no more requests, and none fails', async () => {
    const { mesh, app } = shop();
    const peers = (...names: readonly string[]) =>
      serviceOf({
        name: 'peers',
        namespace: 'shop',
        selector: { app: 'peers' },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
        endpoints: names.map((name) => ({ address: app(name).address })),
      });
    const { httpProxy } = mesh.proxy('client');
    const landings = async (count: number) =>
      [...new Set(await callMany(httpProxy, { url: 'http://peers/' }, count))].sort();
    await mesh.apply(peers('ratings', 'details'));
    assert.deepEqual(await landings(100), ['details', 'ratings']);
    await mesh.apply(peers('details'));
    assert.deepEqual(await landings(100), ['details']);
    await mesh.apply(peers('details', 'catalog'));
    assert.deepEqual(await landings(100), ['catalog', 'details']);
    await mesh.apply(peers());
    assert.deepEqual(await landings(4), ['503 no healthy upstream']);
  });

  test('a pod that is not ready gets nothing', async () => {
    const { mesh, app } = shop();
    await mesh.apply(
      serviceOf({
        name: 'peers',
        namespace: 'shop',
        selector: { app: 'peers' },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
        endpoints: [{ address: app('ratings').address, isReady: false }, { address: app('details').address }],
      }),
    );
    const landings = await callMany(mesh.proxy('client').httpProxy, { url: 'http://peers/' }, 100);
    assert.deepEqual([...new Set(landings)], ['details']);
  });
});
