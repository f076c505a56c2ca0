import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, pod, service, slice } from '../../../test/support/mesh.ts';

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(...objects), lines));
}

const entry = (id: string, spec: string) => object('ServiceEntry', id, `{${spec}}`);
const http = 'ports: [{number: 80, name: http, protocol: HTTP}]';

describe('a host that several objects state', () => {
  const a = service('shop/a', 'http: 80');
  const same = (ports: string) =>
    entry(
      'shop/e',
      `hosts: [a.shop.svc.cluster.local], resolution: STATIC, ${ports}, endpoints: [{address: 10.0.0.1}]`,
    );
  const found = 'expected a host that no Service of Kubernetes has, found a.shop.svc.cluster.local: the Service counts';
  check(
    'is that of the Service',
    [a, same(http)],
    `warning FW1201 ServiceEntry shop/e spec.hosts[0]: ${found}, and nothing of this entry`,
    '  Service shop/a has the host',
  );
  check(
    'is that of the Service, without the ports of the entry',
    [a, same('ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: more, protocol: HTTP}]')],
    `warning FW1201 ServiceEntry shop/e spec.hosts[0]: ${found}, and ports 81 of this entry lead nowhere`,
    '  Service shop/a has the host',
  );
  const dns = (id: string, rest = '') => entry(id, `hosts: [e.example.com], resolution: DNS, ${rest} ${http}`);
  check('is one service where the entries agree', [dns('shop/e@1'), dns('shop/f@2')]);
  check(
    'is that of the older entry where they differ',
    [dns('shop/e@1'), entry('shop/f@2', `hosts: [E.example.com], resolution: NONE, exportTo: ['.'], ${http}`)],
    'warning FW1202 ServiceEntry shop/f spec.hosts[0]: expected ServiceEntries of e.example.com that agree in all but their ports, found another resolution and another exportTo: this one has no effect',
    '  ServiceEntry shop/e is older and has the host',
  );
  check(
    'is that of each namespace for itself',
    [dns('shop/e@1'), dns('other/e@2')],
    'warning FW1202 ServiceEntry other/e spec.hosts[0]: expected ServiceEntries of e.example.com that agree in all but their ports, found another namespace: workloads outside of namespace other do not use this one',
    '  ServiceEntry shop/e is older and has the host',
  );
});

describe('a service', () => {
  const selecting = (id: string, app: string) => service(id, 'http: 80', `selector: {app: ${app}}`);
  check('has endpoints', [selecting('shop/a', 'a'), pod('shop/a1', 'app: a'), slice('shop/a', 'http: 8080', 'a1')]);
  check(
    'has none',
    [selecting('shop/a', 'a'), pod('shop/b1', 'app: b')],
    'warning FW1203 Service shop/a spec.selector: expected an endpoint, found none for a.shop.svc.cluster.local: requests to it get 503',
  );
  check('may have any where nothing that runs is known', [selecting('shop/a', 'a')]);
  check('may have any where only endpoints of others are known', [
    selecting('shop/a', 'a'),
    service('shop/b', 'http: 80'),
    slice('shop/b', 'http: 8080', '10.0.0.1'),
  ]);
  check(
    'that is stated has the endpoints that are listed',
    [entry('shop/e', `hosts: [e.example.com], resolution: STATIC, ${http}`)],
    'warning FW1203 ServiceEntry shop/e spec: expected an endpoint, found none for e.example.com: requests to it get 503',
  );
});

describe('ports that do not say whom a connection is for', () => {
  const tcp = (id: string, host: string, rest = '') =>
    entry(id, `hosts: [${host}], resolution: DNS, ${rest} ports: [{number: 9000, name: tcp, protocol: TCP}]`);
  check('have addresses of their own', [
    tcp('shop/e@1', 'e.example.com', 'addresses: [10.0.0.1],'),
    tcp('shop/f@2', 'f.example.com', 'addresses: [10.0.0.2],'),
  ]);
  check(
    'share an address',
    [
      tcp('shop/e@1', 'e.example.com', 'addresses: [10.0.0.1],'),
      tcp('shop/f@2', 'f.example.com', 'addresses: [10.0.0.1],'),
    ],
    'warning FW1204 ServiceEntry shop/f spec.ports[0]: expected an address and port that no older service has, found 10.0.0.1:9000: they go to e.example.com',
    '  ServiceEntry shop/e is older and gets the connections',
  );
  check(
    'have no address',
    [tcp('shop/e@1', 'e.example.com'), tcp('shop/f@2', 'f.example.com')],
    'warning FW1204 ServiceEntry shop/f spec.ports[0]: expected an address that no older service has, found none, so that all connections to port 9000 are one: they go to e.example.com',
    '  ServiceEntry shop/e is older and gets the connections',
  );
  check('are told apart by TLS', [
    entry('shop/e@1', 'hosts: [e.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]'),
    entry('shop/f@2', 'hosts: [f.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]'),
  ]);
});

describe('a Service of Kubernetes', () => {
  const alias = (id: string, target: string) => object('Service', id, `{type: ExternalName, externalName: ${target}}`);
  check('is another name of a service', [service('shop/a', 'http: 80'), alias('shop/b', 'a.shop.svc.cluster.local')]);
  check(
    'is another name of nothing',
    [alias('shop/b', 'example.com')],
    'warning FW1205 Service shop/b spec.externalName: expected another name of a service, found example.com, which none has: its connections are passed through as they are',
  );
  check(
    'is another name of itself',
    [alias('shop/b', 'c.shop.svc.cluster.local'), alias('shop/c', 'b.shop.svc.cluster.local')],
    'error FW1205 Service shop/b spec.externalName: expected another name of a service, found that b.shop.svc.cluster.local leads to c.shop.svc.cluster.local, and that to b.shop.svc.cluster.local',
    'error FW1205 Service shop/c spec.externalName: expected another name of a service, found that c.shop.svc.cluster.local leads to b.shop.svc.cluster.local, and that to c.shop.svc.cluster.local',
  );
  check(
    'says what its ports speak',
    [service('shop/a', 'http: 80, web: 81')],
    'info FW1206 Service shop/a spec.ports[1]: expected port 81 to say what it speaks, found the name web: its proxies look at the first bytes',
  );
});
