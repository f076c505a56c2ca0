import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

const gateway = (id: string, hosts: string) =>
  object('Gateway', id, `{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [${hosts}]}]}`);
const rule = (spec: string, match = '') =>
  object('VirtualService', 'shop/x', `{${spec}, http: [{${match} route: [{destination: {host: a}}]}]}`);

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(service('shop/a', 'http: 80'), ...objects), lines));
}

const at = 'VirtualService shop/x';

describe('the gateways of a VirtualService', () => {
  check('are there', [rule('hosts: [a.example.com], gateways: [edge]'), gateway('shop/edge', "'*.example.com'")]);
  check(
    'are not there',
    [rule('hosts: [a.example.com], gateways: [nowhere, ingress/edge]'), gateway('ingress/edge', 'a.example.com')],
    `error FW1007 ${at} spec.gateways[0]: expected a Gateway, found none of the name shop/nowhere: nothing is routed there`,
  );
  check(
    'are in another namespace',
    [rule('hosts: [a.example.com], gateways: [edge, ingress/edge]'), gateway('ingress/edge', 'a.example.com')],
    `error FW1007 ${at} spec.gateways[0]: expected a Gateway, found none of the name shop/edge: nothing is routed there`,
    '  Gateway ingress/edge has that name in another namespace',
  );
  check(
    'take the host, one of them at least',
    [
      rule('hosts: [a.example.com, b.example.org], gateways: [edge, two]'),
      gateway('shop/edge', 'a.example.com'),
      gateway('shop/two', "./*.example.com, 'other/*'"),
    ],
    `error FW1008 ${at} spec.hosts[1]: expected a host that one of its Gateways takes from namespace shop, found b.example.org: nothing is routed there`,
    '  Gateway shop/edge takes a.example.com',
    '  Gateway shop/two takes ./*.example.com, other/*',
  );
  check('take a short host by its full name', [
    rule('hosts: [a], gateways: [edge]'),
    gateway('shop/edge', "'*.shop.svc.cluster.local'"),
  ]);
});

describe('a match for gateways', () => {
  const edge = gateway('shop/edge', "'*'");
  check('is for one of the rule', [
    rule('hosts: [a], gateways: [mesh, edge]', 'match: [{gateways: [shop/edge]}],'),
    edge,
  ]);
  check(
    'is for one that the rule is not for',
    [rule('hosts: [a], gateways: [edge]', 'match: [{gateways: [mesh]}],'), edge],
    `warning FW1009 ${at} spec.http[0].match[0].gateways: expected gateways among those of the rule (shop/edge), found mesh: the match never fits`,
  );
});
