/** What becomes of instances in a real Consul, and what a real Envoy does then; another service never notices. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { callMany, tally } from '../envoy/support/call.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { until } from '../support/until.ts';
import { consulCatalogAt } from './support/catalog.ts';
import { type Consul, startConsul } from './support/consul.ts';
import { type ConsulMesh, startConsulMesh, urlOf } from './support/consul-mesh.ts';
import { describeWithConsul } from './support/suite.ts';

const canary = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web.service.consul
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.service.consul]
  http:
  - match: [{headers: {x-canary: {exact: "yes"}}}]
    route: [{destination: {host: web.service.consul, subset: v2}}]
  - route:
    - {destination: {host: web.service.consul, subset: v1}, weight: 80}
    - {destination: {host: web.service.consul, subset: v2}, weight: 20}
`;

describeWithConsul('instances in a Consul', (program) => {
  describeWithEnvoy('with a real Envoy', () => {
    let block: AddressBlock;
    /** The one that the control plane asks; `web-1` and `stock-2` are its own. */
    let consul: Consul;
    /** The agent of another node. */
    let agent: Consul;
    let mesh: ConsulMesh;
    before(async () => {
      block = await takeTestBlock();
      consul = await startConsul({ program, block, number: 1 });
      agent = await startConsul({ program, block, number: 2, mode: 'client', joins: consul.ip });
      mesh = await startConsulMesh(block, await consulCatalogAt(consul.url));
      await mesh.startInstance(consul, 'web', { Meta: { version: 'v1' } });
      await mesh.startInstance(consul, 'stock');
      await mesh.untilReaches('web', 'web-1');
      await mesh.untilReaches('stock', 'stock-2');
    });
    after(async () => {
      await mesh?.close();
      await Promise.all([agent?.close(), consul?.close()]);
      block?.release();
    });

    const loads = (context: { after(cleanup: () => Promise<void>): void }) => {
      mesh.keepCalling(context, 'web');
      mesh.keepCalling(context, 'stock');
    };

    test('are called when they register, and no more when they deregister', async (context) => {
      loads(context);
      const name = await mesh.startInstance(agent, 'web');
      await mesh.untilReaches('web', 'web-1', name);
      await agent.deregister(name);
      await mesh.untilReaches('web', 'web-1');
    });

    test('are called only while their checks pass', async (context) => {
      loads(context);
      const name = await mesh.startInstance(agent, 'web', { status: 'critical' });
      const other = await mesh.startInstance(agent, 'web');
      await mesh.untilReaches('web', 'web-1', other);
      await agent.check(name, 'passing');
      await mesh.untilReaches('web', 'web-1', name, other);
      await agent.check(name, 'critical');
      await mesh.untilReaches('web', 'web-1', other);
      for (const one of [name, other]) await agent.deregister(one);
      await mesh.untilReaches('web', 'web-1');
    });

    test('are not called in maintenance, be it their own or that of their node', async (context) => {
      loads(context);
      const names = [await mesh.startInstance(agent, 'web'), await mesh.startInstance(agent, 'web')];
      const [first = '', second = ''] = names;
      await mesh.untilReaches('web', 'web-1', ...names);
      await agent.beginMaintenance(first);
      await mesh.untilReaches('web', 'web-1', second);
      await agent.beginMaintenance();
      await mesh.untilReaches('web', 'web-1');
      await agent.endMaintenance();
      await mesh.untilReaches('web', 'web-1', second);
      await agent.endMaintenance(first);
      await mesh.untilReaches('web', 'web-1', ...names);
      for (const name of names) await agent.deregister(name);
      await mesh.untilReaches('web', 'web-1');
    });

    test('are all out of service when all their checks fail, and called again when one passes', async (context) => {
      mesh.keepCalling(context, 'stock');
      const names = [await mesh.startInstance(agent, 'cart'), await mesh.startInstance(agent, 'cart')];
      const [first = '', second = ''] = names;
      await mesh.untilReaches('cart', ...names);
      for (const name of names) await agent.check(name, 'critical');
      await mesh.mesh.untilLands('client', urlOf('cart'), () => ['503 no healthy upstream']);
      await agent.check(second, 'passing');
      await mesh.untilReaches('cart', second);
      await agent.check(first, 'passing');
      await mesh.untilReaches('cart', ...names);
    });

    test('are not called when their node is lost, until it is back', async (context) => {
      loads(context);
      const name = await mesh.startInstance(agent, 'web');
      await mesh.untilReaches('web', 'web-1', name);
      await agent.stop('SIGKILL');
      await mesh.untilReaches('web', 'web-1');
      await agent.start();
      // An agent takes a check of this type for critical until the instance says otherwise.
      await agent.check(name, 'passing');
      await mesh.untilReaches('web', 'web-1', name);
      await agent.deregister(name);
      await mesh.untilReaches('web', 'web-1');
    });

    test('are called on while the agent comes back with nothing, until they have registered again', async (context) => {
      loads(context);
      const near = await mesh.startInstance(consul, 'web');
      const far = await mesh.startInstance(agent, 'web');
      await mesh.untilReaches('web', 'web-1', near, far);
      await consul.stop('SIGTERM');
      await consul.start();
      await sleep(1000);
      const names = (await consul.get('/v1/catalog/services')).text;
      assert.ok(!names.includes('stock'), `expected a Consul without the service stock, found ${names}`);
      await mesh.untilReaches('web', 'web-1', near, far);
      // What it had is registered by whoever started it; what the other agent has is told by that one, once they have met.
      await mesh.registerAgain(consul, 'web-1', 'stock-2', near);
      await agent.request('PUT', `/v1/agent/join/${consul.ip}`);
      await until(async () => (await consul.instances('web')).length === 3, { what: 'all of them', mostMs: 20_000 });
      await consul.deregister(near);
      await mesh.untilLive();
      await mesh.untilReaches('web', 'web-1', far);
      await agent.deregister(far);
      await mesh.untilReaches('web', 'web-1');
    });

    test('are canaries by weight and by header, of the version that their metadata state', async (context) => {
      loads(context);
      const name = await mesh.startInstance(agent, 'web', { Meta: { version: 'v2' } });
      await mesh.untilReaches('web', 'web-1', name);
      await mesh.rule(canary);
      await mesh.untilReaches({ url: urlOf('web'), headers: { 'x-canary': 'yes' } }, name);
      const landings = tally(await callMany(mesh.mesh.proxy('client').httpProxy, { url: urlOf('web') }, 500));
      assert.deepEqual([...landings.keys()].sort(), ['web-1', name].sort());
      const share = (landings.get(name) ?? 0) / 500;
      assert.ok(share > 0.1 && share < 0.3, `expected a fifth of the calls, found ${share}`);
      await mesh.rule('');
      await mesh.untilReaches('web', 'web-1', name);
      await agent.deregister(name);
      await mesh.untilReaches('web', 'web-1');
    });
  });
});
