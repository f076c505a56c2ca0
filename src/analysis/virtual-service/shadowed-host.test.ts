import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(service('shop/a', 'http: 80, http-web: 81'), ...objects), lines));
}

const to = 'route: [{destination: {host: a}}]';
const rule = (id: string, rest = '', http = to) =>
  object('VirtualService', id, `{hosts: [a.shop.svc.cluster.local], ${rest} http: [{${http}}]}`);
const shadowed = (id: string, namespace = 'shop') =>
  `error FW1001 VirtualService ${id} spec.hosts[0]: expected to route a.shop.svc.cluster.local, found that another VirtualService does so for workloads of namespace ${namespace}`;

describe('a host of a VirtualService', () => {
  check('is its own where no other names it', [rule('shop/x')]);
  check(
    'belongs to the older one',
    [rule('shop/x@2'), rule('shop/z@1')],
    shadowed('shop/x'),
    '  VirtualService shop/z has the host since 2026-01-01T00:00:00.000Z: it is older',
  );
  check(
    'belongs to the first by name among those of one age',
    [rule('shop/z@1'), rule('shop/x@1')],
    shadowed('shop/z'),
    '  VirtualService shop/x has the host: both are of one age, and its name comes first',
  );
  check(
    'belongs to the one that is shown to fewer',
    [rule('shop/x@1'), rule('shop/z@2', "exportTo: ['.'],")],
    shadowed('shop/x'),
    '  VirtualService shop/z has the host: it is shown to fewer, and what is shown to fewer comes first',
  );
  check('is looked at from where the rule is shown', [
    object('Namespace', 'other', '{}'),
    rule('shop/x@2', 'exportTo: [other],'),
    rule('shop/z@1', "exportTo: ['.'],"),
  ]);
  check('is shared on gateways', [
    rule('shop/x', 'gateways: [edge],'),
    rule('shop/z', 'gateways: [edge],'),
    object('Gateway', 'shop/edge', '{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ["*"]}]}'),
  ]);
  check('is shared by port', [
    rule('shop/x', '', `match: [{port: 80}], ${to}`),
    rule('shop/z', '', `match: [{port: 81}], ${to}`),
  ]);
  check('may be covered by a wildcard', [
    rule('shop/x@2'),
    object('VirtualService', 'shop/z@1', `{hosts: ['*.shop.svc.cluster.local'], http: [{${to}}]}`),
  ]);
});
