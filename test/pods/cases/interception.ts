/** Run by test/pods/interception.test.ts: the ways in which a pod's connections come to its Envoy, and what is spared. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import { rule, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';

const args = ['--http', '9080', '--greet', '3306', '--peer', '9002'];
const ports = [
  { name: 'http', port: 9080 },
  { name: 'mysql-greet', port: 3306 },
  { name: 'tcp-peer', port: 9002 },
];
const annotation = (name: string, value: string) => ({ [`sidecar.istio.io/${name}`]: value });
const traffic = (name: string, value: string) => ({ [`traffic.sidecar.istio.io/${name}`]: value });
const dualStack = { 'test/dual-stack': 'true' };
const mostMs = 20_000;

const pods = {
  client: {},
  redirected: {},
  transparent: { annotations: annotation('interceptionMode', 'TPROXY') },
  dual: { annotations: dualStack },
  'dual-client': { annotations: dualStack },
  'dual-transparent': { annotations: { ...dualStack, ...annotation('interceptionMode', 'TPROXY') } },
  usual: { annotations: annotation('nativeSidecar', 'false') },
  held: {
    annotations: {
      ...annotation('nativeSidecar', 'false'),
      'proxy.istio.io/config': JSON.stringify({ holdApplicationUntilProxyStarts: true }),
    },
  },
  sparing: { annotations: traffic('excludeInboundPorts', '9002') },
  probed: { container: { readinessProbe: { httpGet: { path: '/is-it-up', port: 9080 } } } },
} as const;

describe('interception', () => {
  let mesh: PodMesh;
  const client = (app = 'client') => mesh.application(app);
  const addressOf = (app: string) => mesh.pod(app).addresses[0];
  const address6Of = (app: string) => mesh.pod(app).addresses[1] ?? '';
  const untilCalls = (from: string, app: string) =>
    until(async () => (await client(from).call({ url: `http://${app}:9080/` })).landing === `${app}-v1`, {
      what: `${from} to reach ${app}`,
      mostMs,
    });

  before(async () => {
    mesh = await startPodMesh();
    const twoFamilies = { ipFamilyPolicy: 'PreferDualStack' };
    await mesh.apply(
      workload({ namespace: 'outside', app: 'stranger', args }),
      ...Object.entries(pods).flatMap(([app, options]) => [
        service(app, ports, app.startsWith('dual') ? twoFamilies : {}),
        workload({ app, args, ...options }),
      ]),
    );
    await Promise.all([...Object.keys(pods), 'stranger'].map((app) => mesh.untilReady(1, app)));
  });
  after(() => mesh?.stop());

  for (const app of ['redirected', 'transparent', 'dual', 'dual-transparent', 'usual', 'held'])
    describe(`of a pod that is ${app}`, () => {
      before(() => untilCalls('client', app));

      test('takes what comes in', async () => {
        const { seen } = await client().call({ url: `http://${app}:9080/` });
        assert.ok(seen?.headers['x-request-id']);
        assert.equal(await client().greet({ host: app, port: 3306 }), `${app}-v1`);
      });
      test('takes what goes out', async () => {
        await untilCalls(app, 'redirected');
        assert.equal(await client(app).greet({ host: 'redirected', port: 3306 }), 'redirected-v1');
      });
      test('takes what goes to itself', async () => {
        await untilCalls(app, app);
        const { landing } = await client(app).call({ url: `http://${addressOf(app)}:9080/` });
        assert.equal(landing, `${app}-v1`);
      });
      test('makes no loops', async () => {
        for (const port of [15001, 15006])
          assert.equal(await client().greet({ host: addressOf(app), port }), 'closed', `port ${port}`);
      });
    });

  describe('by REDIRECT', () => {
    test('hides who calls', async () =>
      assert.equal(await client().greet({ host: 'redirected', port: 9002 }), '127.0.0.6'));
  });

  describe('by TPROXY', () => {
    test('lets the application see who calls', async () =>
      assert.equal(await client().greet({ host: 'transparent', port: 9002 }), addressOf('client')));
  });

  describe('of two families', () => {
    for (const app of ['dual', 'dual-transparent']) {
      test(`gives ${app} a name in both`, async () => {
        const found = await client('dual-client').resolve({ name: app, family: 6 });
        assert.match(found[0] ?? '', /^fd00:10:96:/);
        assert.match((await client('dual-client').resolve({ name: app, family: 4 }))[0] ?? '', /^10\.96\./);
      });
      test(`takes what comes into ${app} by IPv6`, async () => {
        const [address] = await client('dual-client').resolve({ name: app, family: 6 });
        const { landing, seen } = await client('dual-client').call({ url: `http://[${address}]:9080/` });
        assert.equal(landing, `${app}-v1`);
        assert.ok(seen?.headers['x-request-id']);
        assert.equal(await client('dual-client').greet({ host: address6Of(app), port: 3306 }), `${app}-v1`);
      });
      test(`makes no loops in ${app} by IPv6`, async () => {
        for (const port of [15001, 15006])
          assert.equal(await client('dual-client').greet({ host: address6Of(app), port }), 'closed', `port ${port}`);
      });
    }
  });

  describe('spares', () => {
    test('ports that an annotation names', async () => {
      const stranger = mesh.application('stranger');
      assert.equal(await stranger.greet({ host: addressOf('sparing'), port: 9002 }), addressOf('stranger'));
      assert.equal(await stranger.greet({ host: addressOf('redirected'), port: 9002 }), '127.0.0.6');
    });

    test('addresses that an annotation names', async () => {
      const outside = addressOf('stranger');
      await mesh.apply(
        rule('Sidecar', 'default', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' }, egress: [{ hosts: ['./*'] }] }),
        workload({
          ...{ app: 'wandering', args },
          annotations: traffic('excludeOutboundIPRanges', `${outside}/32`),
        }),
      );
      await mesh.untilReady(1, 'wandering');
      assert.equal(await client('wandering').greet({ host: outside, port: 3306 }), 'stranger-v1');
      await until(async () => (await client().greet({ host: outside, port: 3306 })) === 'closed', {
        what: 'a refusal of what no annotation names',
        mostMs,
      });
    });
  });

  test('leaves probes to the agent, which asks the application', async () => {
    const received = await client('probed').received();
    assert.ok(received.some(({ path }) => path === '/is-it-up'));
    assert.ok(received.every(({ path, headers }) => path !== '/is-it-up' || headers['x-request-id'] === undefined));
  });

  test('leaves metrics of Envoy and the agent to Prometheus', async () => {
    const text = await (await fetch(`http://${addressOf('redirected')}:15020/stats/prometheus`)).text();
    assert.match(text, /^envoy_server_live/m);
    assert.match(text, /^fairway_agent_/m);
  });
});
