/** Catalogs over HTTP, at a server that answers as newer versions of Consul do than the one of other tests. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { newerInstance, refusals, startStandIn } from '../../../test/consul/support/stand-in.ts';
import { startHttpFaultProxy } from '../../../test/support/http-fault-proxy.ts';
import { until } from '../../../test/support/until.ts';
import { silent } from '../../lib/log.ts';
import { fixedCredentials } from '../../lib/server-access.ts';
import type { CatalogService } from '../../model/catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import { type ConsulOptions, consulCatalogs, leastConnections } from './consul-catalog.ts';

function catalogsAt(url: URL, options: Partial<ConsulOptions> = {}) {
  return consulCatalogs({
    access: {
      server: url,
      trust: { authorities: async () => undefined, isUnverified: false },
      credentials: fixedCredentials({}),
    },
    datacenters: ['dc1'],
    namespace: 'shop',
    domain: 'consul',
    aliases: [],
    address: 'lan',
    connections: leastConnections,
    userAgent: 'fairway/test',
    log: silent,
    ...options,
  });
}

/** A server, catalogs that follow it through a proxy, and what the first of them says. */
async function follow(
  test: TestContext,
  options: Partial<ConsulOptions> = {},
  services: readonly string[] = ['newer'],
) {
  const consul = await startStandIn();
  consul.set('consul', [newerInstance('server', '127.0.0.1', 8300)]);
  for (const name of services) consul.set(name, [newerInstance(`${name}-1`, '10.0.0.1', 8080)]);
  const proxy = await startHttpFaultProxy(consul.url);
  const known = new Map<string, CatalogService | undefined>();
  const problems = new Map<string, readonly string[]>();
  const said: string[] = [];
  const catalogs = catalogsAt(proxy.url, options);
  const stop = new AbortController();
  const runs = catalogs.map((catalog, i) =>
    catalog.run(
      {
        apply: (changes) => {
          if (i === 0) for (const { name, service } of changes) known.set(name, service);
        },
        synced: () => said.push(`${catalog.name} synced`),
        freshness: (now) => said.push(`${now.state}${now.state === 'stale' ? `: ${now.reason}` : ''}`),
        problems: (part, found) => problems.set(part, found.map(formatProblem)),
      },
      stop.signal,
    ),
  );
  test.after(async () => {
    stop.abort();
    await Promise.all(runs);
    await proxy.close();
    await consul.close();
  });
  const hears = (text: string) => until(() => said.includes(text), { what: text });
  for (const { name } of catalogs) await hears(`${name} synced`);
  return { consul, proxy, catalogs, known, said, hears, problems: () => [...problems.values()].flat() };
}

it('a newer version tells more of an instance', async (test) => {
  const { known } = await follow(test);
  assert.deepEqual(known.get('newer'), {
    hostnames: ['newer.service.consul'],
    namespace: 'shop',
    ports: [{ number: 8080, name: 'http', protocol: 'HTTP' }],
    instances: [
      {
        id: 'node-1/newer-1',
        address: '10.0.0.1',
        ports: { http: 8080 },
        labels: { blue: 'true', version: 'v2' },
        locality: { region: 'north', zone: 'north-2', subzone: '' },
        weight: 1,
        health: 'healthy',
        nodeName: 'node-1',
      },
    ],
  });
});

describe('a newer version that has too much to do', () => {
  for (const [name, refusal] of Object.entries(refusals))
    it(`is left alone and asked again: ${name}`, async (test) => {
      const { consul, proxy, known, said, hears } = await follow(test);
      consul.refuse(refusal);
      proxy.breakOpen();
      const [line = ''] = refusal.body.split('\n');
      await until(
        () => said.some((one) => one.includes(`stale: HTTP ${refusal.status}${line === '' ? '' : `: ${line}`}`)),
        {
          what: 'the catalog to be stale',
        },
      );
      assert.equal(known.get('newer')?.instances.length, 1);
      consul.refuse(undefined);
      await hears('live');
    });
});

it('a newer version says what it leaves out', async (test) => {
  const { consul, problems } = await follow(test);
  consul.tell({ 'X-Consul-Results-Filtered-By-ACLs': 'true' });
  consul.set('newer', [newerInstance('newer-2', '10.0.0.2', 8080)]);
  await until(() => problems().length === 2, { what: 'two problems' });
  assert.deepEqual(
    problems().map((text) => text.slice(-8)),
    ['[FW3113]', '[FW3112]'],
  );
});

describe('datacenters of one URL', () => {
  it('are a catalog each, by names of their own, over one set of connections', async (test) => {
    const { catalogs, consul, known, proxy } = await follow(
      test,
      { datacenters: ['dc1', 'dc2'], connections: 2 * leastConnections, aliases: ['{name}.{dc}.mesh'] },
      Array.from({ length: 60 }, (_, i) => `s${i}`),
    );
    assert.deepEqual(
      catalogs.map(({ name, kind }) => `${kind} ${name}`),
      ['ConsulService consul/dc1', 'ConsulService consul/dc2'],
    );
    assert.deepEqual(known.get('s7')?.hostnames, ['s7.service.consul', 's7.service.dc1.consul', 's7.dc1.mesh']);
    assert.equal(known.size, 60);
    assert.ok(proxy.connections <= 2 * leastConnections, `${proxy.connections} connections`);
    for (const dc of ['dc1', 'dc2']) assert.ok(consul.asked.includes(`/v1/catalog/services?dc=${dc}`));
  });

  it('are called by their place when nobody says which one it is', () => {
    const [catalog] = catalogsAt(new URL('http://127.0.0.1:8500'), { datacenters: [] });
    assert.equal(catalog?.name, 'consul/127.0.0.1:8500');
  });
});

describe('a second look', () => {
  const { signal } = new AbortController();

  it('asks the leader', async (test) => {
    const { catalogs, consul } = await follow(test);
    const service = await catalogs[0]?.reread?.('newer', signal);
    assert.equal(service?.instances.length, 1);
    assert.equal(consul.asked.at(-1), '/v1/health/service/newer?dc=dc1&consistent=');
  });

  it('cannot be had of what is not followed', async () => {
    const [catalog] = catalogsAt(new URL('http://127.0.0.1:1'));
    await assert.rejects(catalog?.reread?.('web', signal) ?? Promise.resolve(), {
      message: 'expected consul/dc1 to be watched, found that it is not',
    });
  });
});
