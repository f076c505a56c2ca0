import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

const a = service('shop/a', 'http: 80');
const edge = object('Gateway', 'shop/edge', '{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*"]}]}');
const rule = (destination: string, rest = '') =>
  object('VirtualService', 'shop/x', `{hosts: [a], ${rest} http: [{route: [{destination: {${destination}}}]}]}`);

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(a, ...objects), lines));
}

const at = 'VirtualService shop/x spec.http[0].route[0].destination';

describe('a destination', () => {
  check('is a service', [rule('host: a')]);
  check(
    'is no service of that name',
    [rule('host: missing')],
    `error FW1002 ${at}.host: expected a service, found none of the name missing.shop.svc.cluster.local: requests get 503`,
  );
  check('may be any name of a wildcard', [rule("host: '*.example.com'")]);
  check(
    'is hidden',
    [
      object(
        'ServiceEntry',
        'other/e',
        '{hosts: [e.example.com], exportTo: ["."], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}',
      ),
      rule('host: e.example.com'),
    ],
    `error FW1003 ${at}.host: expected a service that namespace shop sees, found e.example.com, which is hidden from it: requests get 503`,
    '  ServiceEntry other/e is shown to . only',
  );
  check('has the port', [rule('host: a, port: {number: 80}')]);
  check(
    'lacks the port',
    [rule('host: a, port: {number: 8080}')],
    `error FW1004 ${at}.port: expected a port of a.shop.svc.cluster.local, found 8080, which it lacks: requests get 503`,
    '  Service shop/a has the ports 80',
  );
  check(
    'of a gateway says which of several ports',
    [service('shop/b', 'http: 8080, http-admin: 9090'), edge, rule('host: b', 'gateways: [edge],')],
    `error FW1005 ${at}: expected port, as b.shop.svc.cluster.local has several, found none: the gateway takes its own, 80, which the service lacks`,
    '  Service shop/b has the ports 8080, 9090',
  );
  check('of a gateway takes its only port', [
    service('shop/b', 'http: 8080'),
    edge,
    rule('host: b', 'gateways: [edge],'),
  ]);
  check(
    'of a mirror is looked at too',
    [
      rule('host: a'),
      object(
        'VirtualService',
        'shop/y',
        '{hosts: [y], gateways: [edge], http: [{route: [{destination: {host: a}}], mirrors: [{destination: {host: n}}]}]}',
      ),
      edge,
    ],
    'error FW1002 VirtualService shop/y spec.http[0].mirrors[0].destination.host: expected a service, found none of the name n.shop.svc.cluster.local: requests get 503',
  );
});

describe('a subset', () => {
  const subsets = (id: string, names: string, rest = '') =>
    object('DestinationRule', id, `{host: a.shop.svc.cluster.local, ${rest} subsets: [${names}]}`);
  const missing = `error FW1006 ${at}.subset: expected a subset that a DestinationRule for a.shop.svc.cluster.local defines, found v1, which none does: requests go to the whole service until one does`;
  check('is defined', [rule('host: a, subset: v1'), subsets('shop/d', '{name: v1}')]);
  check('is not defined at all', [rule('host: a, subset: v1')], missing);
  check(
    'is not defined by the rule in force',
    [rule('host: a, subset: v1'), subsets('shop/d', '{name: v2}, {name: v3}')],
    missing,
    '  DestinationRule shop/d is in force for the host, with the subsets v2, v3',
  );
  check(
    'is defined by a rule that is not in force',
    [rule('host: a, subset: v1'), subsets('shop/d', '{name: v2}'), subsets('istio-system/d', '{name: v1}')],
    missing,
    '  DestinationRule shop/d is in force for the host, with the subsets v2',
    '  DestinationRule istio-system/d defines v1 but is not in force here',
  );
});
