import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogChange } from '../../model/catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import { RegisteredServices } from './registered-services.ts';

/** Registrations of one datacenter, with what has been emitted since it was looked at last, and what is wrong now. */
function register() {
  const changes: CatalogChange[] = [];
  const problems = new Map<string, readonly string[]>();
  const registered = new RegisteredServices({
    kind: 'ConsulService',
    catalog: 'consul/dc1',
    namespace: 'shop',
    hosts: ['{name}.service.consul'],
    address: 'lan',
    emit: (change) => changes.push(change),
    problems: (part, found) => problems.set(part, found.map(formatProblem)),
  });
  return {
    registered,
    /** Instances of each service that is different, by id and port; `gone` for a service that is. */
    emitted: () =>
      changes.splice(0).map(({ name, service }) => {
        const instances = service?.instances.map(({ id, ports }) => `${id}:${Object.values(ports).join('+')}`);
        return `${name}: ${instances?.join(' ') ?? 'gone'}`;
      }),
    problems: () => [...problems.values()].flat(),
  };
}

const entry = (ID: string, service: object = {}, Node = 'n1') => ({
  Node: { Node, Address: '10.0.0.1', Datacenter: 'dc1' },
  Service: { ID, Service: 'web', Port: 8080, Meta: null, Future: [1], ...service },
  Checks: null,
});

describe('registrations', () => {
  it('are emitted when they say something new, in whatever order they come', () => {
    const { registered, emitted } = register();
    const all = [entry('a'), entry('b')];
    assert.equal(registered.set('web', all, false), true);
    assert.equal(registered.set('web', [...all].reverse(), false), false);
    assert.equal(registered.set('web', [entry('a')], false), true);
    assert.deepEqual(emitted(), ['web: n1/a:8080 n1/b:8080', 'web: n1/a:8080']);
  });

  it('go with the name of their service', () => {
    const { registered, emitted, problems } = register();
    registered.set('web', [entry('a', { Meta: { 'istio-port': 'x' } })], false);
    registered.drop('web');
    registered.drop('stock');
    assert.deepEqual([emitted(), problems()], [['web: n1/a:8080', 'web: gone'], []]);
  });

  it('stay when there are none for us, which is told until there are', () => {
    const { registered, emitted, problems } = register();
    registered.set('web', [entry('a')], false);
    registered.denied('web');
    assert.deepEqual(problems(), [
      'ConsulService shop/web of cluster consul/dc1: expected all instances of a service that is listed, found none [FW3112]',
    ]);
    registered.set('web', [entry('a')], false);
    assert.deepEqual([emitted(), problems()], [['web: n1/a:8080'], []]);
  });

  it('may be some of all, which is told', () => {
    const { registered, problems } = register();
    registered.set('web', [entry('a')], true);
    assert.deepEqual(problems(), [
      'ConsulService shop/web of cluster consul/dc1: expected all instances of a service that is listed, found that some are left out [FW3112]',
    ]);
  });

  it('stay when Consul refuses to tell of them, which is told', () => {
    const { registered, emitted, problems } = register();
    registered.refused('..', 'HTTP 301');
    assert.deepEqual(
      [emitted(), problems()],
      [
        [],
        [
          'ConsulService shop/.. of cluster consul/dc1: expected the instances of a service that is listed, found HTTP 301 [FW3114]',
        ],
      ],
    );
  });

  it('that cannot be read are left out, or stay as they were known, and are told', () => {
    const { registered, emitted, problems } = register();
    const broken = entry('b', { Port: 'eighty' });
    registered.set('web', [entry('a'), broken, 7], false);
    registered.set('web', [entry('a'), entry('b'), entry('c')], false);
    registered.set('web', [entry('a'), broken], false);
    assert.deepEqual(emitted(), ['web: n1/a:8080', 'web: n1/a:8080 n1/b:8080 n1/c:8080', 'web: n1/a:8080 n1/b:8080']);
    assert.deepEqual(problems(), [
      'ConsulService shop/web of cluster consul/dc1: [1]: Service.Port: expected a whole number from -2147483648 to 2147483647, found "eighty" [FW3110]',
    ]);
  });

  it('of which none can be read any more leave the service as it was, its port too', () => {
    const { registered, emitted } = register();
    registered.set('web', [entry('a'), entry('b')], false);
    assert.equal(registered.set('web', [entry('a', { Port: 'x' }), entry('b', { Port: 'x' })], false), false);
    registered.set('web', [entry('a', { Port: 'x' })], false);
    assert.deepEqual(emitted(), ['web: n1/a:8080 n1/b:8080', 'web: n1/a:8080']);
  });

  it('that contradict each other are told', () => {
    const { registered, problems } = register();
    registered.set(
      'web',
      [entry('a', { Meta: { protocol: 'http' } }), entry('b', { Meta: { protocol: 'tcp' } })],
      false,
    );
    assert.deepEqual(problems(), [
      'ConsulService shop/web of cluster consul/dc1: expected instances that agree on their protocol, found http and tcp [FW3111]',
    ]);
  });

  it('of which many are wrong are told twenty times', () => {
    const { registered, problems } = register();
    registered.set(
      'web',
      Array.from({ length: 30 }, () => 7),
      false,
    );
    assert.equal(problems().length, 20);
  });

  it('of proxies of Consul are no service', () => {
    const { registered, emitted } = register();
    registered.set('web-sidecar-proxy', [entry('a', { Kind: 'connect-proxy' })], false);
    registered.set('web', [entry('a'), entry('g', { Kind: 'mesh-gateway' }), entry('t', { Kind: 'typical' })], false);
    assert.deepEqual(emitted(), ['web: n1/a:8080 n1/t:8080']);
  });

  it('are found by their node', () => {
    const { registered } = register();
    registered.set('web', [entry('a'), entry('b', {}, 'n2')], false);
    registered.set('stock', [entry('a', {}, 'n2')], false);
    assert.deepEqual(
      [registered.atNode('n2'), registered.atNode('n1'), registered.atNode('n3')],
      [['web', 'stock'], ['web'], []],
    );
  });

  it('can be described without telling anybody', () => {
    const { registered, emitted, problems } = register();
    const described = registered.describe('web', [entry('b'), entry('a'), 7]);
    assert.deepEqual(
      described?.instances.map(({ id }) => id),
      ['n1/a', 'n1/b'],
    );
    assert.equal(registered.describe('web', []), undefined);
    assert.deepEqual([emitted(), problems()], [[], []]);
  });
});
