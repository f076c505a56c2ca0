import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

const to = 'route: [{destination: {host: a.shop.svc.cluster.local}}]';
const root = (delegate: string, match = '') =>
  object('VirtualService', 'shop/root', `{hosts: [a], http: [{${match} delegate: {${delegate}}}]}`);
const delegate = (id: string, http: string, rest = '') => object('VirtualService', id, `{${rest} http: [${http}]}`);

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(service('shop/a', 'http: 80'), ...objects), lines));
}

const unusable = (found: string) =>
  `error FW1010 VirtualService shop/root spec.http[0].delegate: expected a VirtualService without hosts, found ${found}: the route is left out`;

describe('a delegate', () => {
  check('is used', [root('name: d'), delegate('shop/d', `{${to}}`)]);
  check('is not there', [root('name: d, namespace: other')], unusable('none of the name other/d'));
  check(
    'has hosts',
    [root('name: d'), delegate('shop/d@1', `{${to}}`, 'hosts: [b], gateways: [mesh],')],
    unusable('shop/d, which has hosts of its own'),
    '  VirtualService shop/d has hosts',
    'info FW1014 VirtualService shop/d spec.hosts[0]: expected a service, found none of the name b.shop.svc.cluster.local: requests to it are routed on port 80 only',
  );
  check(
    'is hidden',
    [root('name: d, namespace: other'), delegate('other/d', `{${to}}`, 'exportTo: ["."],')],
    unusable('other/d, which is hidden from namespace shop'),
    '  VirtualService other/d is shown to . only',
  );
  check(
    'has no root',
    [delegate('shop/d', `{${to}}`)],
    'warning FW1011 VirtualService shop/d: expected a VirtualService that hands over to this one, which has no hosts, found none: it has no effect',
  );
  check(
    'contradicts its root',
    [
      root('name: d', 'match: [{uri: {prefix: /a}}],'),
      delegate('shop/d', `{match: [{uri: {prefix: /a/b}}], ${to}}, {match: [{uri: {prefix: /b}}], ${to}}`),
    ],
    'warning FW1012 VirtualService shop/root spec.http[0].delegate: expected matches of the delegate within those of this route, found that spec.http[1] of shop/d is not: it is left out',
    '  VirtualService shop/d has the route',
  );
});
