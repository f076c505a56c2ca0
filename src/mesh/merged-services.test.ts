import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetesRegistry } from '../model/cluster.ts';
import type { Service } from '../model/service.ts';
import { countClaims, mergeClusters } from './merged-services.ts';

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

describe('claims on a host', () => {
  function check(name: string, keys: readonly string[], expected: number): void {
    it(name, () => assert.equal(countClaims(keys), expected));
  }
  check('are none for a host that nobody states', [], 0);
  check('are one for all clusters together', ['kubernetes/a/shop/x/x.test', 'kubernetes/b/shop/x/x.test'], 1);
  check('are one for each that is stated', ['service-entry/a/x/x.test', 'service-entry/b/x/x.test'], 2);
  check('are told apart', ['kubernetes/a/shop/x/x.test', 'service-entry/b/x/x.test'], 2);
});
