/** Run by test/pods/gateway.test.ts: a gateway's pod says no more than Istio's chart does, and webhook, agent and rules do the rest. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import { gateway, rule, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';
import type { RunningPod } from '../support/running-pod.ts';

const mostMs = 30_000;

describe('a gateway in a pod', () => {
  let mesh: PodMesh;
  /** Of a pod that no mesh knows. */
  let stranger: PodApplication;
  let ingress: RunningPod;
  const call = (path: string) =>
    stranger.call({ url: `http://${ingress.addresses[0]}${path}`, headers: { host: 'shop.example.com' } });

  before(async () => {
    mesh = await startPodMesh();
    await mesh.apply(
      service('reviews', [{ name: 'http', port: 9080 }]),
      workload({ app: 'reviews', args: ['--http', '9080'] }),
      workload({ app: 'reviews', version: 'v2', args: ['--http', '9080'] }),
      gateway('outside', 'ingress'),
      service('ingress', [{ name: 'http', port: 80 }], {}, 'outside'),
      workload({ namespace: 'outside', app: 'stranger', args: ['--http', '9080'] }),
      rule('Gateway', 'shop', {
        selector: { istio: 'ingress' },
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example.com'] }],
      }),
      rule('DestinationRule', 'reviews', {
        host: 'reviews',
        subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
      }),
      rule('VirtualService', 'shop', {
        hosts: ['shop.example.com'],
        gateways: ['shop'],
        http: ['v2', 'v1'].map((subset) => ({
          ...(subset === 'v2' ? { match: [{ uri: { prefix: '/new' } }] } : {}),
          route: [{ destination: { host: 'reviews', subset } }],
        })),
      }),
    );
    await Promise.all([
      mesh.untilReady(1, 'reviews', 'v1'),
      mesh.untilReady(1, 'reviews', 'v2'),
      mesh.untilReady(1, 'ingress'),
      mesh.untilReady(1, 'stranger'),
    ]);
    stranger = mesh.application('stranger');
    ingress = mesh.pod('ingress');
    await until(async () => (await call('/')).status === 200, { what: 'an answer through the gateway', mostMs });
  });
  after(() => mesh?.stop());

  test('lets calls in on port 80, by the rules of its host', async () => {
    assert.equal((await call('/old')).landing, 'reviews-v1');
    assert.equal((await call('/new')).landing, 'reviews-v2');
  });

  test('knows no other host', async () => {
    const { status } = await stranger.call({ url: `http://${ingress.addresses[0]}/` });
    assert.equal(status, 404);
  });

  test('tells Prometheus what it has let in', async () => {
    const answer = await fetch(`http://${ingress.addresses[0]}:15020/stats/prometheus`);
    assert.match(await answer.text(), /^istio_requests_total|^envoy_http_downstream_rq_total\{.*0\.0\.0\.0_80/m);
  });

  test('intercepts nothing, and is known as a gateway', async () => {
    const pods = await mesh.cluster.api<{
      readonly items: readonly { readonly spec: { readonly initContainers?: object } }[];
    }>('GET', '/api/v1/namespaces/outside/pods?labelSelector=app%3Dingress');
    assert.deepEqual(
      pods.items.map(({ spec }) => spec.initContainers),
      [undefined],
    );
    assert.match(await ingress.admin('/server_info'), /"id": ?"router~10\.77\./);
  });
});
