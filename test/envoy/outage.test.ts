import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { object } from './support/cases.ts';
import { constantLoad } from './support/load.ts';
import { client, ingress, intercepted, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const rule = (status: number) =>
  object(
    'VirtualService shop/ratings',
    `
  hosts: [ratings]
  http:
    - match: [{ uri: { exact: /rule } }]
      directResponse: { status: ${status} }
    - route: [{ destination: { host: ratings } }]`,
  );

describeWithEnvoy('proxies without their control plane', (envoy) => {
  const shop = useShop(envoy, [client, ingress, intercepted]);

  test('go on as before, and take what has changed when it is back', async () => {
    const { mesh } = shop();
    await mesh.apply(rule(418));
    const { httpProxy, envoy: proxy } = mesh.proxy('client');
    const updates = async () => [...(await proxy.stats('cds.update_success')).values()].reduce((sum, n) => sum + n, 0);
    const requests = constantLoad(httpProxy, { url: 'http://ratings:9080/' });
    const ruled = constantLoad(httpProxy, { url: 'http://ratings:9080/rule' });
    await mesh.plane.stop();
    const isAway = async () => [...(await proxy.stats('control_plane.connected_state')).values()].includes(0);
    await until(isAway, { what: 'the proxy to have lost its control plane' });
    const [served, known] = [requests.landings.length, await updates()];
    await until(() => requests.landings.length > served + 100, { what: 'requests to be served on' });
    mesh.plane.apply(`${mesh.base}\n---\n${rule(451)}`);
    await mesh.plane.start();
    await until(() => ruled.landings.at(-1) === '451', { what: 'the changed rule to be in force', mostMs: 30_000 });
    await mesh.settle();
    await Promise.all([requests.stop(), ruled.stop()]);
    assert.deepEqual([...new Set(requests.landings)], ['ratings']);
    assert.deepEqual([...new Set(ruled.landings)], ['418', '451']);
    // Clusters have not changed: what the proxy holds is not sent again.
    assert.ok((await updates()) - known <= 1, 'expected at most one update of clusters, which is empty');
  });
});
