import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Service, youngest } from '../model/service.ts';
import { VirtualAddresses } from './virtual-addresses.ts';

function service(hostname: string, more: Partial<Service> = {}): Service {
  return {
    registry: 'consul/dc1',
    hostname,
    namespace: 'shop',
    name: 'a',
    ports: [],
    addresses: [],
    resolution: 'static',
    isExternal: false,
    isHeadless: false,
    createdAt: youngest,
    labels: {},
    origin: { kind: 'ConsulService', namespace: 'shop', name: 'a' },
    ...more,
  };
}

/** The keys of the addresses that change, `-` before those that are gone. */
function changed(addresses: VirtualAddresses, seeker: string, ...services: readonly Service[]): readonly string[] {
  return addresses.seek(seeker, services).map(({ key, row }) => (row === undefined ? `-${key}` : key));
}

describe('a host', () => {
  it('has an address as long as somebody states it', () => {
    const all = new VirtualAddresses();
    assert.deepEqual(changed(all, 'consul/dc1/a', service('a.test')), ['shop/a.test']);
    assert.deepEqual(changed(all, 'nomad/global/a', service('a.test')), []);
    assert.deepEqual(changed(all, 'consul/dc1/a'), []);
    assert.deepEqual(changed(all, 'nomad/global/a'), ['-shop/a.test']);
  });

  it('keeps it when what is stated of it changes otherwise', () => {
    const all = new VirtualAddresses();
    changed(all, 'consul/dc1/a', service('a.test'));
    assert.deepEqual(changed(all, 'consul/dc1/a', service('a.test', { labels: { a: 'b' } })), []);
  });

  function check(name: string, more: Partial<Service>): void {
    it(name, () => assert.deepEqual(changed(new VirtualAddresses(), 'a', service('a.test', more)), []));
  }
  check('has none beside its own', { addresses: ['10.0.0.1'] });
  check('has none where connections are passed through', { resolution: 'passthrough' });
  check('has none where nobody wants it', { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } });
  check('has none that stands for many', { hostname: '*.test' });

  it('that is younger takes no address from an older one', () => {
    // Both ask for one place first.
    const [taken, other] = ['h319.test', 'h123.test'] as const;
    const all = new VirtualAddresses();
    const [before] = all.seek('service-entry/shop/a', [service(taken, { registry: 'service-entry', createdAt: 9 })]);
    changed(all, 'consul/dc1/a', service(other));
    const [after] = all.seek('service-entry/shop/a', [service(taken, { registry: 'service-entry', createdAt: 8 })]);
    assert.deepEqual(after?.row, before?.row);
  });
});
