import assert from 'node:assert/strict';
import { it } from 'node:test';
import { routeConfiguration } from '../envoy/route/route-configuration.ts';
import { virtualHost } from '../envoy/route/virtual-host.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import { encodeResource } from './encode.ts';
import { resourceJson } from './json.ts';
import { assembleRouteConfiguration, encodeVirtualHost } from './route-configuration.ts';

const host = (name: string, status = 404): VirtualHostIr => ({
  name,
  domains: [name],
  countsAttempts: true,
  origins: [`Service/shop/${name}`],
  routes: [
    {
      name: 'default',
      match: { path: { kind: 'prefix', value: '/' } },
      action: { kind: 'respond', status },
      origin: { object: `VirtualService/shop/${name}`, path: 'spec.http[0]' },
    },
    { name: 'rest', match: { path: { kind: 'exact', value: '/rest' } }, action: { kind: 'respond', status } },
  ],
});

function check(name: string, hosts: readonly VirtualHostIr[], namesPorts: boolean): void {
  it(name, () => {
    const assembled = assembleRouteConfiguration('80', hosts.map(encodeVirtualHost), namesPorts);
    const whole = { ...routeConfiguration('80', namesPorts), virtualHosts: hosts.map(virtualHost) };
    assert.deepEqual(
      [assembled.size, resourceJson(assembled)],
      [Buffer.concat(assembled.chunks).length, resourceJson(encodeResource(RouteConfiguration, '80', whole, []))],
    );
  });
}

check('without hosts it is what one encoding of the whole gives', [], false);
check('with hosts it is what one encoding of the whole gives', [host('a'), host('b')], false);
check('that names ports it is what one encoding of the whole gives', [host('a')], true);

it('its version changes with the name, the hosts, their order and whether ports matter, and with nothing else', () => {
  const [a, b, other] = [host('a'), host('b'), host('b', 503)].map(encodeVirtualHost) as [never, never, never];
  const version = (...args: Parameters<typeof assembleRouteConfiguration>) =>
    assembleRouteConfiguration(...args).version;
  const same = [version('80', [a, b]), version('80', [a, b])];
  const different = [
    version('81', [a, b]),
    version('80', [b, a]),
    version('80', [a]),
    version('80', [a, other]),
    version('80', [a, b], true),
  ];
  assert.deepEqual([new Set(same).size, new Set([...same, ...different]).size], [1, 6]);
});

it('its parts name the origins of each host and the rule behind each route', () => {
  assert.deepEqual(assembleRouteConfiguration('80', [encodeVirtualHost(host('a'))]).parts, [
    {
      name: 'a',
      origins: ['Service/shop/a'],
      routes: [{ object: 'VirtualService/shop/a', path: 'spec.http[0]' }, undefined],
    },
  ]);
});

it('the bytes of a host are those of every configuration it stands in', () => {
  const a = encodeVirtualHost(host('a'));
  const pieces = ['80', '81'].map((name) => assembleRouteConfiguration(name, [a]).chunks.at(-1));
  assert.ok(pieces.every((piece) => piece === a.bytes));
});
