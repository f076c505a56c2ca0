/** Run by test/pods/traffic.test.ts: applications that know nothing of a mesh call each other, in whatever they speak. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import { rule, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';
import type { RunningPod } from '../support/running-pod.ts';

const ports = {
  speaking: [
    '--http',
    '9080',
    '--http2',
    '9081',
    '--tcp',
    '9000',
    '--tcp',
    '9001',
    '--greet',
    '3306',
    '--web-socket',
    '9090',
  ],
  served: [
    { name: 'http', port: 9080 },
    { name: 'http2', port: 9081 },
    { name: 'grpc', port: 9082, targetPort: 9081 },
    { name: 'tcp-echo', port: 9000 },
    { name: 'mysql-greet', port: 3306 },
    { name: 'http-chat', port: 9090 },
    // A protocol that nobody says.
    { name: 'any', port: 7000, targetPort: 9080 },
    { name: 'other', port: 7001, targetPort: 9001 },
  ],
};

describe('applications in pods', () => {
  let mesh: PodMesh;
  let client: PodApplication;
  let reviews: RunningPod;
  /** Of a pod that no mesh knows. */
  let outsideAddress: string;
  const landingOf = async (url: string) => (await client.call({ url })).landing;

  before(async () => {
    mesh = await startPodMesh();
    await mesh.apply(
      service('reviews', ports.served),
      workload({ app: 'reviews', args: ports.speaking }),
      service('db', ports.served, { clusterIP: 'None' }),
      workload({ app: 'db', args: ports.speaking, kind: 'StatefulSet', replicas: 2 }),
      workload({ app: 'client', args: ports.speaking }),
      workload({ namespace: 'outside', app: 'stranger', args: ports.speaking }),
    );
    await Promise.all([
      mesh.untilReady(1, 'reviews'),
      mesh.untilReady(2, 'db'),
      mesh.untilReady(1, 'client'),
      mesh.untilReady(1, 'stranger'),
    ]);
    client = mesh.application('client');
    reviews = mesh.pod('reviews');
    outsideAddress = mesh.pod('stranger').addresses[0];
    mesh.names.tell('outside.example.com', outsideAddress);
    await until(async () => (await landingOf('http://reviews:9080/')) === 'reviews-v1', {
      what: 'the client to reach reviews',
      mostMs: 20_000,
    });
  });
  after(() => mesh?.stop());

  describe('are found', () => {
    for (const host of ['reviews', 'reviews.shop', 'reviews.shop.svc', 'reviews.shop.svc.cluster.local'])
      test(`by ${host}`, async () => {
        const { landing, seen } = await client.call({ url: `http://${host}:9080/a` });
        assert.equal(landing, 'reviews-v1');
        assert.ok(seen?.headers['x-request-id'], 'expected the request to have come through Envoys');
      });

    test('by their address', async () =>
      assert.equal(await landingOf(`http://${reviews.addresses[0]}:9080/`), 'reviews-v1'));

    test('from the namespace of another by the name in theirs', async () =>
      assert.deepEqual(await client.resolve({ name: 'stranger' }), ['ENOTFOUND']));

    test('all of them by the name of a headless service', async () => {
      const addresses = mesh.pods({ app: 'db' }).map((pod) => pod.addresses[0]);
      assert.deepEqual([...(await client.resolve({ name: 'db' }))].sort(), addresses.sort());
    });

    test('not by asking the name server of the cluster', () =>
      assert.deepEqual(
        mesh.names.asked.filter((name) => name.includes('reviews') || name.includes('db')),
        [],
      ));
  });

  describe('speak', () => {
    test('HTTP/2', async () => {
      const what = { host: 'reviews', port: 9081, path: '/', isGrpc: false };
      assert.deepEqual(await client.callHttp2(what), { landing: 'reviews-v1', version: '2.0', grpcStatus: '' });
    });
    test('gRPC', async () => {
      const what = { host: 'reviews', port: 9082, path: '/shop.Reviews/Get', isGrpc: true };
      assert.deepEqual(await client.callHttp2(what), { landing: 'reviews-v1', version: '2.0', grpcStatus: '0' });
    });
    test('by WebSockets', async () =>
      assert.equal(await client.webSocket({ url: 'ws://reviews:9090/', text: 'hello' }), 'reviews-v1 hello'));
    test('TCP, the client first', async () =>
      assert.equal(await client.echo({ host: 'reviews', port: 9000, text: 'hello' }), 'hello'));
    test('TCP, the server first', async () =>
      assert.equal(await client.greet({ host: 'reviews', port: 3306 }), 'reviews-v1'));
    test('HTTP at a port whose protocol nobody says', async () => {
      const { landing, seen } = await client.call({ url: 'http://reviews:7000/' });
      assert.equal(landing, 'reviews-v1');
      assert.ok(seen?.headers['x-request-id'], 'expected Envoy to have noticed HTTP');
    });
    test('something else at a port whose protocol nobody says', async () =>
      assert.equal(await client.echo({ host: 'reviews', port: 7001, text: 'hello\n' }), 'hello\n'));
  });

  describe('without a common address', () => {
    test('speak HTTP', async () => assert.equal(await landingOf('http://db:9080/'), 'db-v1'));
    test('speak TCP, the server first', async () =>
      assert.equal(await client.greet({ host: 'db', port: 3306 }), 'db-v1'));
    test('are called one by one', async () => {
      for (const pod of mesh.pods({ app: 'db' })) {
        await pod.application?.forget();
        const url = `http://${pod.name}.db.shop.svc.cluster.local:9080/`;
        assert.equal(await landingOf(url), 'db-v1');
        assert.equal((await pod.application?.received())?.length, 1, `expected ${pod.name} to be called`);
      }
    });
  });

  describe('call themselves', () => {
    test('by their service', async () => assert.equal((await itself('http://reviews:9080/')).landing, 'reviews-v1'));
    test('by their address', async () =>
      assert.equal((await itself(`http://${reviews.addresses[0]}:9080/`)).landing, 'reviews-v1'));
    test('by the loopback address, without their Envoy', async () => {
      const { landing, seen } = await itself('http://127.0.0.1:9080/');
      assert.equal(landing, 'reviews-v1');
      assert.equal(seen?.headers['x-request-id'], undefined);
    });
    const itself = (url: string) => mesh.application('reviews').call({ url });
  });

  describe('and what no mesh knows', () => {
    const outside = 'http://outside.example.com:9080/';

    test('is reached', async () => {
      const { landing, seen } = await client.call({ url: outside });
      assert.equal(landing, 'stranger-v1');
      assert.equal(seen?.headers['x-envoy-decorator-operation'], undefined);
    });
    test('is reached by TCP, the server first', async () =>
      assert.equal(await client.greet({ host: outsideAddress, port: 3306 }), 'stranger-v1'));

    test('is refused where only what is registered may be called', async () => {
      const only = rule('Sidecar', 'client', {
        workloadSelector: { labels: { app: 'client' } },
        outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
        egress: [{ hosts: ['./*'] }],
      });
      await mesh.apply(only);
      await until(async () => (await landingOf(outside)).startsWith('502'), { what: 'a refusal', mostMs: 20_000 });
      assert.equal(await client.greet({ host: outsideAddress, port: 3306 }), 'closed');
      assert.equal(await landingOf('http://reviews:9080/'), 'reviews-v1');
      const known = rule('ServiceEntry', 'outside', {
        hosts: ['outside.example.com'],
        ports: [{ number: 9080, name: 'http', protocol: 'HTTP' }],
        resolution: 'STATIC',
        location: 'MESH_EXTERNAL',
        endpoints: [{ address: outsideAddress }],
      });
      await mesh.apply(known);
      await until(async () => (await landingOf(outside)) === 'stranger-v1', { what: 'a way', mostMs: 20_000 });
      assert.match((await client.resolve({ name: 'outside.example.com' }))[0] ?? '', /^240\.240\./);
      await mesh.remove(only, known);
    });

    test('reaches pods without a sidecar of its own', async () => {
      const { landing } = await mesh.application('stranger').call({ url: `http://${reviews.addresses[0]}:9080/` });
      assert.equal(landing, 'reviews-v1');
    });
  });

  describe('are not trapped by', () => {
    for (const port of [15001, 15006])
      test(`a call of port ${port} of another pod`, async () => {
        assert.equal(await client.greet({ host: reviews.addresses[0] ?? '', port }), 'closed');
        assert.match(await landingOf(`http://${reviews.addresses[0]}:${port}/`), /^(ECONNRESET|socket hang up)/);
      });
    test('a call of port 15001 of their own', async () =>
      assert.equal(await client.greet({ host: '127.0.0.1', port: 15001 }), 'closed'));
  });
});
