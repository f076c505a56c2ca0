/** What a catalog says of services that are registered in real datacenters, two of them, which know each other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ControlPlane } from '../../src/control-plane.ts';
import { silent } from '../../src/lib/log.ts';
import type { CatalogInstance, CatalogService } from '../../src/model/catalog.ts';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { until } from '../support/until.ts';
import { consulCatalogsAt } from './support/catalog.ts';
import { type Consul, startConsul } from './support/consul.ts';
import { describeWithConsul } from './support/suite.ts';

describeWithConsul('catalogs of two datacenters', (program) => {
  let block: AddressBlock;
  /** Of `dc1`, and the one that is asked of both. */
  let consul: Consul;
  let far: Consul;
  const stop = new AbortController();
  let runs: readonly Promise<void>[] = [];
  const known = { dc1: new Map<string, CatalogService>(), dc2: new Map<string, CatalogService>() };
  const plane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local' });
  before(async () => {
    block = await takeTestBlock();
    consul = await startConsul({ program, block, number: 1 });
    far = await startConsul({ program, block, number: 2, datacenter: 'dc2', joinsFar: consul.ip });
    const knowsBoth = async () => (await consul.request('GET', '/v1/catalog/datacenters')) as readonly string[];
    await until(async () => (await knowsBoth()).length === 2, { what: 'two datacenters', mostMs: 20_000 });
    const catalogs = await consulCatalogsAt(consul.url, ['dc1', 'dc2']);
    const synced = new Set<string>();
    runs = catalogs.map((catalog, i) => {
      const into = known[i === 0 ? 'dc1' : 'dc2'];
      const apply = (name: string, service: CatalogService | undefined) =>
        service === undefined ? into.delete(name) : into.set(name, service);
      const sink = plane.catalogSink(catalog);
      return catalog.run(
        {
          apply(changes) {
            for (const { name, service } of changes) apply(name, service);
            sink.apply(changes);
          },
          synced: () => synced.add(catalog.name),
          problems: (part, found) => sink.problems(part, found),
          freshness: (freshness) => sink.freshness(freshness),
        },
        stop.signal,
      );
    });
    await until(() => synced.size === 2, { what: 'both to be listed', mostMs: 20_000 });
  });
  after(async () => {
    stop.abort();
    await Promise.all(runs);
    await Promise.all([consul?.close(), far?.close()]);
    block?.release();
  });

  const instances = (name: string, dc: keyof typeof known = 'dc1') => known[dc].get(name)?.instances ?? [];
  /** Waits until one field of the instances of a service, in any order, is that. */
  const untilOf = async <Field extends keyof CatalogInstance>(
    name: string,
    field: Field,
    wanted: readonly CatalogInstance[Field][],
  ) => {
    const found = () => instances(name).map((one) => one[field]);
    const isThat = () => JSON.stringify(found().sort()) === JSON.stringify([...wanted].sort());
    await until(isThat, { what: `${field} of ${name}` }).catch(() => assert.deepEqual(found(), wanted));
  };

  test('say all that is registered of an instance', async () => {
    await consul.register({
      Name: 'whole',
      Address: '10.0.0.1',
      Port: 8080,
      Tags: ['primary', 'v1', 'zone-of=shop'],
      Meta: { team: 'blue', 'istio-protocol': 'http', 'istio-port': '80' },
      Weights: { Passing: 7, Warning: 2 },
      status: 'passing',
    });
    await until(() => known.dc1.has('whole'), { what: 'the service' });
    const { hostnames, ports } = known.dc1.get('whole') ?? {};
    assert.deepEqual(hostnames, ['whole.service.consul', 'whole.service.dc1.consul']);
    assert.deepEqual(
      ports?.map(({ number, protocol }) => `${number} ${protocol}`),
      ['80 HTTP'],
    );
    const [instance] = instances('whole');
    const { address, labels = {}, weight, health, nodeName, locality } = instance ?? { address: '' };
    assert.deepEqual(
      [address, weight, health, nodeName, locality?.region],
      ['10.0.0.1', 7, 'healthy', 'node-1', 'dc1'],
    );
    const { team, version, primary, 'zone-of': zoneOf } = labels;
    assert.deepEqual([team, version, primary, zoneOf], ['blue', 'v1', 'true', 'shop']);
    await consul.check('whole', 'warning');
    await untilOf('whole', 'weight', [2]);
    await untilOf('whole', 'health', ['healthy']);
    await consul.check('whole', 'critical');
    await untilOf('whole', 'health', ['unhealthy']);
  });

  test('follow maintenance of a service and of a node', async () => {
    await consul.register({ Name: 'kept', Address: '10.0.0.2', Port: 8080 });
    await untilOf('kept', 'health', ['healthy']);
    await consul.beginMaintenance('kept');
    await untilOf('kept', 'health', ['draining']);
    await consul.endMaintenance('kept');
    await untilOf('kept', 'health', ['healthy']);
    await consul.beginMaintenance();
    await untilOf('kept', 'health', ['draining']);
    await consul.endMaintenance();
    await untilOf('kept', 'health', ['healthy']);
    await consul.deregister('kept');
    await until(() => instances('kept').length === 0, { what: 'no instance' });
  });

  test('follow the address of a node that has no agent, for services without one of their own', async () => {
    await consul.registerFar('outside', '192.0.2.1', { Name: 'legacy', Port: 8080 });
    await untilOf('legacy', 'address', ['192.0.2.1']);
    await consul.registerFar('outside', '192.0.2.2');
    await untilOf('legacy', 'address', ['192.0.2.2']);
    await consul.registerFar('outside', 'legacy.example.com');
    await untilOf('legacy', 'address', ['legacy.example.com']);
    await consul.registerFar('outside', '2001:db8::1');
    await untilOf('legacy', 'address', ['2001:db8::1']);
    await consul.deregisterFar('outside');
    await until(() => instances('legacy').length === 0, { what: 'no instance' });
  });

  test('are of one mind about names in any case', async () => {
    await consul.register({ Name: 'Mixed', ID: 'a', Address: '10.0.0.3', Port: 8080 });
    await consul.register({ Name: 'MIXED', ID: 'b', Address: '10.0.0.4', Port: 8080 });
    const mixed = () => [...known.dc1].filter(([name]) => name.toLowerCase() === 'mixed').map(([, service]) => service);
    await until(() => mixed().flatMap((one) => one.instances).length === 2, { what: 'both instances once' });
    assert.deepEqual(
      mixed().map(({ hostnames: [first] }) => first),
      ['mixed.service.consul'],
    );
  });

  test('leave out what cannot be called, tell so, and go on with the rest', async () => {
    await consul.register({ Name: 'not a name', Address: '10.0.0.5', Port: 8080 });
    for (const Port of [0, -1, 70_000])
      await consul.register({ Name: 'ports', ID: `p${Port}`, Address: '10.0.0.6', Port });
    await consul.register({ Name: 'ports', ID: 'good', Address: '10.0.0.7', Port: 8080 });
    await consul.register({ Name: 'large', Address: '10.0.0.8', Port: 8080, Tags: ['x'.repeat(100_000), 'v3'] });
    await until(() => instances('ports').length === 4 && instances('large').length === 1, { what: 'the services' });
    assert.deepEqual(instances('large')[0]?.labels, { version: 'v3' });
    plane.commit();
    const shards = [...plane.graph.rows(plane.mesh.tables.shards)].map(([, shard]) => shard);
    const served = shards.filter(({ name }) => name === 'ports').flatMap(({ endpoints }) => endpoints);
    assert.deepEqual([...new Set(served.map(({ address }) => address))], ['10.0.0.7']);
    const told = plane.diagnostics.all().map(({ code, object }) => `${code} ${object?.name}`);
    assert.deepEqual([...new Set(told)].sort(), ['FW3101 not a name', 'FW3102 ports']);
  });

  test('keep apart what two datacenters have of one name', async () => {
    await consul.register({ Name: 'both', Address: '10.0.1.1', Port: 8080 });
    await far.register({ Name: 'both', Address: '10.0.2.1', Port: 8080 });
    const addresses = (dc: keyof typeof known) => instances('both', dc).map(({ address }) => address);
    await until(() => addresses('dc1').length === 1 && addresses('dc2').length === 1, { what: 'one in each' });
    assert.deepEqual([addresses('dc1'), addresses('dc2')], [['10.0.1.1'], ['10.0.2.1']]);
    assert.deepEqual(known.dc2.get('both')?.hostnames, ['both.service.consul', 'both.service.dc2.consul']);
    await far.deregister('both');
    await until(() => addresses('dc2').length === 0, { what: 'none in dc2' });
    assert.deepEqual(addresses('dc1'), ['10.0.1.1']);
  });
});
