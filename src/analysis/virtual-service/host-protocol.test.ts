import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () =>
    assert.deepEqual(analysisOf(service('shop/a', 'http: 80'), service('shop/db', 'tcp: 5432'), ...objects), lines),
  );
}

const to = 'route: [{destination: {host: a}}]';
const rule = (spec: string) => object('VirtualService', 'shop/x', `{${spec}}`);

describe('the host of a VirtualService', () => {
  check('speaks HTTP', [rule(`hosts: [a], http: [{${to}}]`)]);
  check(
    'does not speak HTTP',
    [rule(`hosts: [db], http: [{${to}}]`)],
    'warning FW1013 VirtualService shop/x spec.hosts[0]: expected a port for the rules in http, found that db.shop.svc.cluster.local speaks TCP on 5432: they have no effect',
    '  Service shop/db has ports for TCP on 5432',
  );
  check(
    'speaks HTTP alone',
    [rule(`hosts: [a], tls: [{match: [{sniHosts: [a]}], ${to}}], tcp: [{${to}}]`)],
    'warning FW1013 VirtualService shop/x spec.hosts[0]: expected a port for the rules in tcp, found that a.shop.svc.cluster.local speaks HTTP on 80: they have no effect',
    '  Service shop/a has ports for HTTP on 80',
    'warning FW1013 VirtualService shop/x spec.hosts[0]: expected a port for the rules in tls, found that a.shop.svc.cluster.local speaks HTTP on 80: they have no effect',
    '  Service shop/a has ports for HTTP on 80',
  );
  check(
    'is no service',
    [rule(`hosts: [b.example.com], http: [{${to}}]`)],
    'info FW1014 VirtualService shop/x spec.hosts[0]: expected a service, found none of the name b.example.com: requests to it are routed on port 80 only',
  );
  check(
    'is a service that is hidden',
    [
      object(
        'ServiceEntry',
        'other/b',
        '{hosts: [b.example.com], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http}]}',
      ),
      rule(`hosts: [b.example.com], http: [{${to}}]`),
    ],
    'info FW1014 VirtualService shop/x spec.hosts[0]: expected a service that namespace shop sees, found b.example.com, which is hidden from it: requests to it are routed on port 80 only',
    '  ServiceEntry other/b is shown to . only',
  );
  check('is no service, beside one that is', [rule(`hosts: [a, b.example.com], http: [{${to}}]`)]);
  check(
    'lacks the port of a match',
    [rule(`hosts: [a], http: [{match: [{port: 8080}, {port: 80}], ${to}}]`)],
    'warning FW1015 VirtualService shop/x spec.http[0].match[0].port: expected a port of the hosts, found 8080: the match never fits',
    '  Service shop/a has the ports 80',
  );
});
