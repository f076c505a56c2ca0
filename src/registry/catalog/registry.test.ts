import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import type { RegistryChange } from '../registry.ts';
import { CatalogRegistry } from './registry.ts';

const web: CatalogService = {
  hostnames: ['web.service.consul'],
  namespace: 'default',
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  instances: [{ id: 'b', address: '10.0.0.2', ports: { http: 8080 } }],
};

/** A registry, with what it has emitted since it was asked last, and what it finds wrong. */
function createRegistry() {
  const changes: RegistryChange[] = [];
  const problems = new Map<string, readonly string[]>();
  const registry = new CatalogRegistry(
    { name: 'consul/dc1', kind: 'ConsulService', cluster: 'Kubernetes' },
    {
      apply: (emitted) => changes.push(...emitted),
      problems: (part, found) => problems.set(part, found.map(formatProblem)),
    },
  );
  return { registry, problems, emitted: () => changes.splice(0) };
}

/** What each change is about, with the addresses of a shard. */
function summary(changes: readonly RegistryChange[]): readonly string[] {
  return changes.map(({ table, key, row }) => {
    const at = row !== undefined && 'endpoints' in row ? ` ${row.endpoints.map(({ address }) => address)}` : '';
    return `${row === undefined ? 'no ' : ''}${table} ${key}${at}`;
  });
}

/** The addresses that are served of an instance, and what is wrong with it. */
function served(changed: Partial<CatalogInstance>): { readonly at: readonly string[]; readonly problems: unknown } {
  const { registry, problems, emitted } = createRegistry();
  const [instance] = web.instances;
  registry.apply([{ name: 'web', service: { ...web, instances: [{ ...(instance as CatalogInstance), ...changed }] } }]);
  const at = emitted().flatMap(({ row }) =>
    row !== undefined && 'endpoints' in row ? row.endpoints.map((one) => `${one.address}:${one.ports.http}`) : [],
  );
  return { at, problems: problems.get('consul/dc1: web') };
}

describe('a catalog as a registry', () => {
  it('emits a service and its endpoints for each of its names, in the namespace that the name tells', () => {
    const { registry, emitted } = createRegistry();
    const hostnames = ['web.service.consul', 'web.shop.svc.cluster.local'];
    registry.apply([{ name: 'web', service: { ...web, hostnames } }]);
    assert.deepEqual(summary(emitted()), [
      'service consul/dc1/default/web/web.service.consul',
      'endpointShard consul/dc1/default/web/web.service.consul 10.0.0.2',
      'service consul/dc1/shop/web/web.shop.svc.cluster.local',
      'endpointShard consul/dc1/shop/web/web.shop.svc.cluster.local 10.0.0.2',
    ]);
  });

  it('emits that rows of names are gone that a service has no longer, and all rows of one that is gone', () => {
    const { registry, emitted } = createRegistry();
    registry.apply([{ name: 'web', service: web }]);
    emitted();
    registry.apply([{ name: 'web', service: { ...web, hostnames: ['w.service.consul'] } }]);
    assert.deepEqual(summary(emitted()), [
      'no service consul/dc1/default/web/web.service.consul',
      'no endpointShard consul/dc1/default/web/web.service.consul',
      'service consul/dc1/default/web/w.service.consul',
      'endpointShard consul/dc1/default/web/w.service.consul 10.0.0.2',
    ]);
    registry.apply([{ name: 'web', service: undefined }]);
    assert.deepEqual(summary(emitted()), [
      'no service consul/dc1/default/web/w.service.consul',
      'no endpointShard consul/dc1/default/web/w.service.consul',
    ]);
  });

  it('has endpoints in the order of their ids, whatever order the catalog answers in', () => {
    const { registry, emitted } = createRegistry();
    const [b] = web.instances as readonly [CatalogInstance];
    registry.apply([{ name: 'web', service: { ...web, instances: [b, { ...b, id: 'a', address: '10.0.0.1' }] } }]);
    assert.equal(summary(emitted())[1], 'endpointShard consul/dc1/default/web/web.service.consul 10.0.0.1,10.0.0.2');
  });

  it('keeps keys apart from names with slashes', () => {
    const { registry, emitted } = createRegistry();
    registry.apply([{ name: 'a/web', service: web }]);
    assert.equal(emitted()[0]?.key, 'consul/dc1/default/a%2Fweb/web.service.consul');
  });

  it('leaves out names that nobody can call', () => {
    const { registry, problems, emitted } = createRegistry();
    registry.apply([{ name: 'my web', service: { ...web, hostnames: ['my web.service.consul'] } }]);
    assert.deepEqual(emitted(), []);
    assert.deepEqual(problems.get('consul/dc1: my web'), [
      'ConsulService default/my web of cluster consul/dc1: hostnames: expected a DNS name in lower case, by which clients can call, found "my web.service.consul" [FW3101]',
    ]);
  });
});

describe('an instance', () => {
  const place = 'ConsulService default/web of cluster consul/dc1: instances[b]';
  const check = (name: string, changed: Partial<CatalogInstance>, at: readonly string[], problem?: string) =>
    it(name, () =>
      assert.deepEqual(served(changed), {
        at,
        problems: problem === undefined ? [] : [`${place}.${problem} [FW3102]`],
      }),
    );

  check('is where it says', {}, ['10.0.0.2:8080']);
  check('may have an IPv6 address', { address: '2001:db8::1' }, ['2001:db8::1:8080']);
  check('may have a name that DNS knows', { address: 'web-1.internal' }, ['web-1.internal:8080']);
  for (const port of [0, -1, 70_000, 80.5])
    check(
      `is left out at port ${port}`,
      { ports: { http: port } },
      [],
      `ports.http: expected a port from 1 to 65535, found ${port}`,
    );
  for (const address of ['0.0.0.0', '::', '', 'a b'])
    check(
      `is left out at ${JSON.stringify(address)}`,
      { address },
      [],
      `address: expected an IP address or a DNS name that can be connected to, found ${JSON.stringify(address)}`,
    );
  for (const weight of [-3, 0.5])
    check(
      `may not weigh ${weight}`,
      { weight },
      ['10.0.0.2:8080'],
      `weight: expected a whole number of 0 or more, found ${weight}`,
    );
});
