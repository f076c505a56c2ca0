import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../model/endpoint.ts';
import { nowhere } from '../model/locality.ts';
import { type Service, serviceKey } from '../model/service.ts';
import { mergedEndpoints } from './merged-endpoints.ts';

/** A service with ports such as `http: 80`. */
function row(registry: string, ports: { readonly [name: string]: number }, more: Partial<Service> = {}): Service {
  return {
    registry,
    hostname: 'a.shop.svc.cluster.local',
    namespace: 'shop',
    name: 'a',
    ports: Object.entries(ports).map(([name, number]) => ({ name, number, protocol: 'TCP' })),
    addresses: [],
    resolution: 'static',
    isExternal: false,
    isHeadless: false,
    createdAt: 0,
    labels: {},
    origin: { kind: 'Service', namespace: 'shop', name: 'a' },
    ...more,
  };
}

function endpoint(ports: Endpoint['ports'], address = '10.0.0.1'): Endpoint {
  const place = {
    locality: nowhere,
    weight: 1,
    health: 'unknown',
    network: '',
    serviceAccount: '',
    nodeName: '',
  } as const;
  return { address, ports, labels: {}, ...place, workload: '', namespace: 'shop', cluster: 'home' };
}

const kubernetes = row('kubernetes/home', { http: 80 });
const consul = row('consul/dc1', { web: 80, http: 90, tcp: 91 });
const entry = row('service-entry', { web: 80, http: 90 });
const sliceKey = 'kubernetes/home/shop/a-x7/a.shop.svc.cluster.local';

/** What is left of an endpoint that a row reports: `address name=port …`. */
function check(
  name: string,
  rows: readonly Service[],
  [key, reported]: readonly [string, Endpoint],
  ...expected: readonly string[]
): void {
  it(name, () => {
    const found = mergedEndpoints(rows, 'home').of({ key, endpoints: [reported] });
    const shown = found.map(({ address, ports }) =>
      [address, ...Object.entries(ports).map(([port, number]) => `${port}=${number}`)].join(' '),
    );
    assert.deepEqual(shown, expected);
  });
}

describe('the ports of an endpoint in a merged service', () => {
  const all = [entry, consul, kubernetes];
  check(
    'are those of a catalog by number',
    all,
    [serviceKey(consul), endpoint({ web: 8080, http: 8090, tcp: 8091 })],
    '10.0.0.1 http=8080 http-90=8090 tcp=8091',
  );
  check('are those of a cluster by name', all, [sliceKey, endpoint({ http: 8080 })], '10.0.0.1 http=8080');
  check('are not those that a catalog calls alike', all, [sliceKey, endpoint({ tcp: 8091 })]);
  check(
    'are those of a ServiceEntry by name beside the service of a cluster',
    all,
    [serviceKey(entry), endpoint({ http: 8090 })],
    '10.0.0.1 http=8090',
  );
  check(
    'are those of a ServiceEntry by number beside the service of a catalog',
    [entry, consul],
    [serviceKey(entry), endpoint({ web: 8080, http: 8090 })],
    '10.0.0.1 web=8080 http=8090',
  );
  check(
    'are those that its own service has, among several of one catalog',
    [consul, row('consul/dc1', { web: 91 }, { name: 'b' })],
    ['consul/dc1/shop/b/a.shop.svc.cluster.local', endpoint({ web: 8080, http: 8090 })],
    '10.0.0.1 tcp=8080',
  );
});

describe('an endpoint of a merged service', () => {
  check('is none of a cluster that has no such service', [consul], [sliceKey, endpoint({ web: 8080 })]);
  check('is none of a catalog that has no such service', [kubernetes], [serviceKey(consul), endpoint({ http: 8080 })]);
  check(
    'is none with a name for DNS where DNS is not asked',
    [kubernetes, consul],
    [serviceKey(consul), endpoint({ web: 8080 }, 'vm.internal')],
  );
  check(
    'may have a name for DNS where DNS is asked',
    [consul, row('nomad/global', { web: 80 }, { resolution: 'dns' })],
    ['nomad/global/shop/a/a.shop.svc.cluster.local', endpoint({ web: 8080 }, 'vm.internal')],
    'vm.internal web=8080',
  );
  check(
    'is what it is where no platform has the host',
    [entry],
    [serviceKey(entry), endpoint({ x: 1 })],
    '10.0.0.1 x=1',
  );
});
