import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, pod, service, slice } from '../../../test/support/mesh.ts';

const a = service('shop/a', 'http: 80, https: 443');
const rule = (id: string, spec: string) => object('DestinationRule', id, `{host: a.shop.svc.cluster.local, ${spec}}`);
const random = 'trafficPolicy: {loadBalancer: {simple: RANDOM}}';

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(a, ...objects), lines));
}

describe('the host of a DestinationRule', () => {
  check('is a service', [rule('shop/d', random)]);
  check(
    'is no service',
    [object('DestinationRule', 'shop/d', '{host: b}')],
    'warning FW1101 DestinationRule shop/d spec.host: expected a service, found none of the name b.shop.svc.cluster.local: the rule has no effect',
  );
  check('is a wildcard over a service', [object('DestinationRule', 'shop/d', "{host: '*.local'}")]);
  check(
    'is a wildcard over nothing',
    [object('DestinationRule', 'shop/d', "{host: '*.example.com'}")],
    'warning FW1101 DestinationRule shop/d spec.host: expected a service, found none of the name *.example.com: the rule has no effect',
  );
});

describe('the settings of a DestinationRule for a port', () => {
  const forPort = (number: number) =>
    `trafficPolicy: {portLevelSettings: [{port: {number: ${number}}, loadBalancer: {simple: RANDOM}}]}`;
  check('are for a port of the service', [rule('shop/d', forPort(80))]);
  check(
    'are for a port that the service lacks',
    [rule('shop/d', `subsets: [{name: v1, ${forPort(8080)}}]`)],
    'warning FW1105 DestinationRule shop/d spec.subsets[0].trafficPolicy.portLevelSettings[0].port: expected a port of a.shop.svc.cluster.local, found 8080: the settings have no effect',
    '  Service shop/a has the ports 80, 443',
  );
  const tls = 'trafficPolicy: {tls: {mode: SIMPLE}}';
  check(
    'start TLS where it is spoken already',
    [rule('shop/d', tls)],
    'warning FW1106 DestinationRule shop/d spec.trafficPolicy.tls: expected a port whose clients do not speak TLS themselves, found 443, which is for HTTPS: what is sent there is encrypted twice',
    '  Service shop/a says that port 443 is for HTTPS',
  );
  const toPort = 'hosts: [a], http: [{route: [{destination: {host: a, port: {number: 443}}}]}]';
  check('start TLS where a route sends what is not TLS yet', [
    rule('shop/d', tls),
    object('VirtualService', 'shop/v', `{${toPort}}`),
  ]);
  check('start TLS where it is not spoken yet', [
    rule(
      'shop/d',
      'trafficPolicy: {tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 443}, tls: {mode: DISABLE}}]}',
    ),
  ]);
});

describe('several DestinationRules of a host', () => {
  check('are merged', [rule('shop/d@1', random), rule('shop/e@2', 'subsets: [{name: v1}]')]);
  check(
    'lose what the older one has',
    [
      rule('shop/d@1', `${random}, subsets: [{name: v1}]`),
      rule('shop/e@2', `${random.replace('RANDOM', 'ROUND_ROBIN')}, subsets: [{name: v1}, {name: v2}]`),
    ],
    'warning FW1103 DestinationRule shop/e spec.subsets[0]: expected a subset v1 that no older rule for the host has, found one that is lost where the rules are merged',
    '  DestinationRule shop/d is older, and what it has counts',
    'warning FW1103 DestinationRule shop/e spec.trafficPolicy: expected a trafficPolicy that no older rule for the host has, found one that is lost where the rules are merged',
    '  DestinationRule shop/d is older, and what it has counts',
  );
  check(
    'are not merged where they are shown differently',
    [rule('shop/d@1', random), rule('shop/e@2', `exportTo: ['*'], ${random}`)],
    'error FW1102 DestinationRule shop/d spec.host: expected the rule to be in force in its namespace shop, found another one for the host: it has no effect there',
    '  DestinationRule shop/e is in force for the host',
  );
});

describe('a subset', () => {
  const d = rule('shop/d', 'subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {app: a, version: v2}}]');
  check('has endpoints', [
    d,
    pod('shop/a1', 'version: v1'),
    pod('shop/a2', 'app: a, version: v2'),
    slice('shop/a', 'http: 8080', 'a1', 'a2'),
  ]);
  check(
    'has none',
    [d, pod('shop/a1', 'version: v1'), slice('shop/a', 'http: 8080', 'a1')],
    'warning FW1104 DestinationRule shop/d spec.subsets[1]: expected an endpoint of a.shop.svc.cluster.local with app=a, version=v2, found none among 1: requests for subset v2 get 503',
    '  Service shop/a is the service',
  );
  check('may have any where nothing that runs is known', [d]);
});
