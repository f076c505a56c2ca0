import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetesRegistry } from '../model/cluster.ts';
import type { Service, ServicePort } from '../model/service.ts';
import { countClaims, mergeClusters, mergedPorts, mergeRegistries } from './merged-services.ts';

function row(cluster: string, more: Partial<Service> = {}): Service {
  return {
    registry: kubernetesRegistry(cluster),
    hostname: 'a.shop.svc.cluster.local',
    namespace: 'shop',
    name: 'a',
    ports: [{ number: 80, name: `http-${cluster}`, protocol: 'HTTP' }],
    addresses: [`10.1.0.1-${cluster}`],
    resolution: 'static',
    isExternal: false,
    isHeadless: false,
    createdAt: 0,
    labels: { of: cluster },
    origin: { kind: 'Service', namespace: 'shop', name: 'a' },
    ...more,
  };
}
const stated = row('', { registry: 'service-entry', addresses: ['240.1.0.1'] });

describe('services of a host in several clusters', () => {
  function check(name: string, rows: readonly Service[], cluster: string, expected: readonly Service[]): void {
    it(name, () => assert.deepEqual(mergeClusters(rows, 'home', cluster), expected));
  }
  check('are what the one of the config cluster is', [row('east'), row('home')], '', [row('home')]);
  check('are without the config cluster what the one of the first cluster by id is', [row('west'), row('east')], '', [
    row('east'),
  ]);
  check('have the addresses of the cluster that the client runs in', [row('east'), row('home')], 'east', [
    row('home', { addresses: ['10.1.0.1-east'] }),
  ]);
  check(
    'have the addresses of the first one where the client runs in a cluster without it',
    [row('east'), row('home')],
    'west',
    [row('home')],
  );
  check(
    'have the addresses of the first one where those of the cluster have none',
    [row('east', { addresses: [] }), row('home')],
    'east',
    [row('home')],
  );
  check(
    'have the identities of all of them',
    [row('home', { subjectAltNames: ['one', 'two'] }), row('east', { subjectAltNames: ['two', 'three'] })],
    '',
    [row('home', { subjectAltNames: ['one', 'two', 'three'] })],
  );
  check('are merged apart from services that are stated', [stated, row('east'), row('home')], '', [
    row('home'),
    stated,
  ]);
  check('are not merged when they are one', [stated, row('east')], 'east', [stated, row('east')]);
});

const catalog = (registry: string, more: Partial<Service> = {}) => row('', { registry, addresses: [], ...more });
const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const raw: ServicePort = { number: 90, name: 'tcp', protocol: 'TCP' };

describe('services of a host in catalogs', () => {
  function check(name: string, rows: readonly Service[], expected: readonly Service[]): void {
    it(name, () => {
      assert.deepEqual(mergeRegistries(rows, 'home', 'east'), expected);
      assert.deepEqual(mergeRegistries([...rows].reverse(), 'home', 'east'), expected);
    });
  }
  check(
    'are what the one of a cluster is, with the ports that it lacks',
    [catalog('consul/dc1', { ports: [raw, http] }), row('home', { exportTo: ['.'] })],
    [row('home', { exportTo: ['.'], ports: [...row('home').ports, raw] })],
  );
  check(
    'are what the one of the first catalog by name is',
    [catalog('nomad/global', { ports: [raw] }), catalog('consul/dc1', { ports: [http] })],
    [catalog('consul/dc1', { ports: [http, raw] })],
  );
  check(
    'are one for all names in one catalog',
    [
      catalog('consul/dc1', { name: 'reviews-v2', ports: [http] }),
      catalog('consul/dc1', { name: 'reviews-v1', ports: [http] }),
    ],
    [catalog('consul/dc1', { name: 'reviews-v1', ports: [http] })],
  );
  check(
    'are one for each namespace, that of the cluster first',
    [catalog('consul/dc1', { namespace: 'a' }), catalog('nomad/global', { ports: [raw] }), row('home')],
    [row('home', { ports: [...row('home').ports, raw] }), catalog('consul/dc1', { namespace: 'a' })],
  );
  check('are apart from what is stated', [catalog('consul/dc1'), stated], [catalog('consul/dc1'), stated]);
  check(
    'ask DNS where one of them has to',
    [catalog('nomad/global', { resolution: 'dns' }), catalog('consul/dc1')],
    [catalog('consul/dc1', { resolution: 'dns' })],
  );
  check(
    'do not ask DNS for the service of a cluster',
    [catalog('nomad/global', { resolution: 'dns' }), row('home')],
    [row('home')],
  );
  check(
    'have the address that the service has in the cluster of the client',
    [catalog('consul/dc1'), row('home'), row('east')],
    [row('home', { addresses: row('east').addresses })],
  );
});

describe('the name of a port that a catalog adds', () => {
  function check(name: string, own: readonly ServicePort[], added: readonly ServicePort[], expected: string): void {
    it(name, () => {
      const ports = mergedPorts(row('home', { ports: own }), [catalog('consul/dc1', { ports: added })]);
      assert.equal(ports.map((port) => `${port.name} ${port.number} ${port.protocol}`).join(), expected);
    });
  }
  check('is its own', [http], [raw], 'http 80 HTTP,tcp 90 TCP');
  check('is another one where the service has it', [http], [{ ...raw, name: 'http' }], 'http 80 HTTP,http-90 90 TCP');
  check(
    'is another one still where the service has that too',
    [http, { ...http, number: 81, name: 'http-90' }],
    [{ ...raw, name: 'http' }],
    'http 80 HTTP,http-90 81 HTTP,http-90- 90 TCP',
  );
  check(
    'is that of the service where the number is',
    [http],
    [{ ...http, name: 'web', protocol: 'TCP' }],
    'http 80 HTTP',
  );
});

describe('claims on a host', () => {
  function check(name: string, keys: readonly string[], expected: number): void {
    it(name, () => assert.equal(countClaims(keys), expected));
  }
  check('are none for a host that nobody states', [], 0);
  check('are one for all clusters together', ['kubernetes/a/shop/x/x.test', 'kubernetes/b/shop/x/x.test'], 1);
  check('are one for each that is stated', ['service-entry/a/x/x.test', 'service-entry/b/x/x.test'], 2);
  check('are one for all platforms of a namespace', ['kubernetes/a/shop/x/x.test', 'consul/dc1/shop/y/x.test'], 1);
  check('are one for each namespace of catalogs', ['consul/dc1/shop/y/x.test', 'nomad/global/bank/y/x.test'], 2);
  check('are told apart', ['kubernetes/a/shop/x/x.test', 'service-entry/b/x/x.test'], 2);
});
