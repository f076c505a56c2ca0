/** What becomes of services in Nomad while nothing goes wrong. The same for a real one and for the stand-in, as far as both can. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { jobOf } from './support/job.ts';
import { type NomadClient, nomadClient } from './support/nomad-client.ts';
import { NomadServer, type NomadServerOptions } from './support/nomad-server.ts';
import { describeNomads } from './support/nomads.ts';
import { type WatchedNomad, type WatchedOptions, watchNomad } from './support/watched.ts';

const mostMs = 30_000;

describeNomads('a job', (nomad) => {
  it('is a service with instances that follow what runs', async (test) => {
    const watched = watchNomad(test, nomad().url, { aliases: ['{name}.shop.svc.cluster.local'] });
    await until(() => watched.isSynced, { what: 'the first list', mostMs });
    const name = 'followed';
    const key = `${name}.default`;
    const services = [{ Name: name, PortLabel: 'http', Tags: ['v1', 'protocol=http'] }];
    const count = (wanted: number) =>
      until(() => (watched.services.get(key)?.instances.length ?? 0) === wanted, {
        what: `${wanted} instances`,
        mostMs,
      });
    const areHealthy = () => watched.instances(key).every((one) => one.endsWith(' healthy'));

    await nomad().run(jobOf({ name, services }));
    await count(1);
    await until(areHealthy, { what: 'a healthy instance', mostMs });
    const { hostnames, namespace, ports, instances } = watched.services.get(key) ?? assert.fail('expected a service');
    assert.deepEqual(
      {
        hostnames,
        namespace,
        protocol: ports[0]?.protocol,
        labels: instances[0]?.labels,
        region: instances[0]?.locality?.region,
      },
      {
        hostnames: ['followed.default.nomad', 'followed.shop.svc.cluster.local'],
        namespace: 'default',
        protocol: 'HTTP',
        labels: { version: 'v1', protocol: 'http' },
        region: 'global',
      },
    );

    await nomad().run(jobOf({ name, services, count: 2 }));
    await count(2);
    await nomad().run(jobOf({ name, services: [{ Name: name, PortLabel: 'http', Tags: ['v2'] }], count: 2 }));
    const areNew = () => watched.services.get(key)?.instances.every(({ labels }) => labels?.version === 'v2') === true;
    await until(areNew, { what: 'the new version', mostMs });
    await nomad().stop(jobOf({ name, services }));
    await until(() => !watched.services.has(key), { what: 'no service', mostMs });
    assert.deepEqual(watched.problems(), []);
  });

  it('is asked about past what is known', async (test) => {
    const watched = watchNomad(test, nomad().url);
    const name = 'asked';
    const job = jobOf({ name, services: [{ Name: name, PortLabel: 'http' }] });
    await nomad().run(job);
    await until(() => watched.instances('asked.default').join().endsWith(' healthy'), { what: 'an instance', mostMs });
    const { signal } = new AbortController();
    assert.deepEqual(await watched.catalog.reread?.('asked.default', signal), watched.services.get('asked.default'));
    await nomad().stop(job);
    await until(async () => (await nomad().registrations(name)).length === 0, { what: 'no registration', mostMs });
    assert.equal(await watched.catalog.reread?.('asked.default', signal), undefined);
  });
});

/** A stand-in that is watched. */
async function started(
  test: TestContext,
  options: WatchedOptions = {},
  serverOptions: NomadServerOptions = {},
): Promise<{ server: NomadServer; client: NomadClient; watched: WatchedNomad }> {
  const server = new NomadServer(serverOptions);
  await server.start();
  test.after(() => server.close());
  const watched = watchNomad(test, server.url, options);
  return { server, client: nomadClient(server.url), watched };
}

const web = (count = 1, port?: number) =>
  jobOf({
    name: 'web',
    count,
    services: [{ Name: 'web', PortLabel: 'http' }],
    ...(port === undefined ? {} : { port }),
  });

describe('services of Nomad', () => {
  it('are read once each and then waited for, by no more connections than the budget', async (test) => {
    const { server, client, watched } = await started(test, { connections: 20 });
    for (let i = 0; i < 40; i++)
      await client.run(jobOf({ name: `s${i}`, services: [{ Name: `s${i}`, PortLabel: 'http' }] }));
    await until(() => watched.services.size === 40 && watched.isSynced, { what: 'all services' });
    assert.ok(server.mostOpen <= 20 + 2, `expected at most 20 connections beside the test's, found ${server.mostOpen}`);
    // One that has no query of its own.
    for (let i = 0; i < 40; i++) {
      await client.run(jobOf({ name: `s${i}`, count: 2, services: [{ Name: `s${i}`, PortLabel: 'http' }] }));
      await until(() => watched.services.get(`s${i}.default`)?.instances.length === 2, {
        what: `two instances of s${i}`,
      });
    }
  });

  it('without checks are asked about those once, whatever says that there are none', async (test) => {
    for (const noChecks of [null, {}]) {
      const { server, client, watched } = await started(test, {}, { noChecks });
      await client.run(web());
      await until(() => watched.instances('web.default').join().endsWith(' healthy'), { what: 'an instance' });
      const asked = () => server.requests.filter((one) => one.includes('/checks?')).length;
      await until(() => asked() > 0, { what: 'a question' });
      await sleep(200);
      assert.equal(asked(), 1);
    }
  });

  it('are there to come where nothing was ever run', async (test) => {
    const { watched } = await started(test);
    await until(() => watched.isSynced, { what: 'the first list' });
    assert.deepEqual([watched.services.size, watched.isStale], [0, false]);
  });

  it('are not read while nothing changes, though no event stream says so', async (test) => {
    const { server, client, watched } = await started(test, { connections: 16, times: { waitMs: 100 } });
    server.isStreamSilent = true;
    for (let i = 0; i < 20; i++)
      await client.run(jobOf({ name: `s${i}`, services: [{ Name: `s${i}`, PortLabel: 'http' }] }));
    await until(() => watched.services.size === 20 && watched.isSynced, { what: 'all services' });
    const reads = () => server.requests.filter((one) => one.includes('/v1/service/') && !one.includes('index=')).length;
    const waits = () => server.requests.filter((one) => one.includes('/v1/services') && one.includes('index=')).length;
    const after = async (more: number) => {
      const before = waits();
      await until(() => waits() >= before + more, { what: `${more} waits for names` });
      return reads();
    };
    // Reads of what changed last are over.
    const areOver = async () => reads() === (await after(2));
    await until(areOver, { what: 'no more reads', mostMs: 10_000 });
    const known = reads();
    assert.equal(await after(10), known);
    await client.run(jobOf({ name: 's7', count: 2, services: [{ Name: 's7', PortLabel: 'http' }] }));
    await until(() => watched.services.get('s7.default')?.instances.length === 2, { what: 'two instances of s7' });
  });

  it('come out of all namespaces that are wanted, and of no other', async (test) => {
    const { client, watched } = await started(test, { namespaces: ['default', 'team-a'] });
    const all = await started(test, { namespaces: ['*'] });
    for (const nomad of [client, all.client])
      for (const namespace of ['default', 'team-a', 'team-b'])
        await nomad.run(jobOf({ name: 'web', namespace, services: [{ Name: 'web', PortLabel: 'http' }] }));
    const names = (of: WatchedNomad) => [...of.services.values()].map(({ hostnames }) => hostnames[0]).sort();
    await until(() => watched.services.size === 2 && all.watched.services.size === 3, { what: 'all services' });
    assert.deepEqual(names(watched), ['web.default.nomad', 'web.team-a.nomad']);
    assert.deepEqual(names(all.watched), ['web.default.nomad', 'web.team-a.nomad', 'web.team-b.nomad']);
    await until(() => all.watched.instances('web.team-b').join().endsWith(' healthy'), { what: 'a healthy instance' });
  });

  it('keep instances in force while an allocation is replaced: there is none for a moment', async (test) => {
    const { client, watched } = await started(test, {}, { replacementMs: 50 });
    await client.run(web());
    await until(() => watched.inForce('web.default') === 1, { what: 'an instance' });
    watched.leastInForce('web.default');
    const [before] = await client.registrations('web');
    await client.stopAllocation(before?.AllocID ?? '');
    await until(() => watched.services.get('web.default')?.instances.some(({ id }) => id !== before?.ID) === true, {
      what: 'another instance',
    });
    await until(() => watched.inForce('web.default') === 1, { what: 'the old one to be gone' });
    assert.equal(watched.leastInForce('web.default'), 1);
  });

  it('have instances that drain while their allocation shall stop', async (test) => {
    const { server, client, watched } = await started(test);
    await client.run(web(1, 8080));
    await watched.untilInstances('web.default', ['8080 healthy']);
    const [{ AllocID } = { AllocID: '' }] = await client.registrations('web');
    server.state.changeAllocation(AllocID, { DesiredStatus: 'stop' });
    await watched.untilInstances('web.default', ['8080 draining']);
  });

  it('have instances that are unhealthy while a check does not succeed', async (test) => {
    const { server, client, watched } = await started(test);
    const services = [{ Name: 'web', PortLabel: 'http', Checks: [{ Name: 'c' }] }];
    await client.run(jobOf({ name: 'web', services, port: 8080 }));
    await watched.untilInstances('web.default', ['8080 healthy']);
    const [{ AllocID } = { AllocID: '' }] = await client.registrations('web');
    const [check] = server.state.checks.get(AllocID) ?? [];
    assert.ok(check !== undefined);
    server.state.checks.set(AllocID, [{ ...check, Status: 'failure' }]);
    await watched.untilInstances('web.default', ['8080 unhealthy']);
    server.state.checks.set(AllocID, [check]);
    await watched.untilInstances('web.default', ['8080 healthy']);
  });

  it('without an address or a port are told as they are, for whoever checks them', async (test) => {
    const { client, watched } = await started(test);
    const services = [
      { Name: 'no-address', PortLabel: '5433' },
      { Name: 'no-port', PortLabel: '' },
      { Name: 'six', PortLabel: '8081', Address: '2001:db8::5' },
    ];
    await client.run(jobOf({ name: 'odd', services }));
    await until(() => watched.services.size === 3, { what: 'three services' });
    const places = [...watched.services.values()].flatMap(({ instances, ports }) =>
      instances.map((one) => `${one.address} ${Object.values(one.ports)} as ${ports[0]?.number}`),
    );
    assert.deepEqual(places.sort(), [' 5433 as 5433', '127.0.0.1 0 as 80', '2001:db8::5 8081 as 8081']);
  });
});
