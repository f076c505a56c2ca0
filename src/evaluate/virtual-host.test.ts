import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import type { Request } from './request.ts';
import { chooseVirtualHost } from './virtual-host.ts';

/** A configuration of virtual hosts by name, each with its domains. */
function routesOf(hosts: { readonly [name: string]: readonly string[] }, more: object = {}): RouteConfiguration {
  const virtualHosts = Object.entries(hosts).map(([name, domains]) => ({ name, domains }));
  return messageOf(RouteConfiguration, { virtualHosts, ...more });
}

function choose(routes: RouteConfiguration, authority: string) {
  return chooseVirtualHost(routes, { authority } as Request);
}

function check(
  name: string,
  routes: RouteConfiguration,
  cases: readonly (readonly [authority: string, found: string | undefined])[],
): void {
  it(name, () => {
    const found = cases.map(([authority]) => [authority, choose(routes, authority).step.chosen]);
    assert.deepEqual(found, cases);
  });
}

describe('a virtual host is found by', () => {
  check('its exact domain, in any case', routesOf({ a: ['A.com'], any: ['*'] }), [
    ['a.com', 'a'],
    ['A.COM', 'a'],
    ['b.a.com', 'any'],
  ]);
  check(
    'the longest wildcard at the front, then the longest at the end, then *',
    routesOf({
      com: ['*.com'],
      a: ['*.a.com'],
      dash: ['*-x.a.com'],
      foo: ['foo.*'],
      fooBar: ['foo.bar.*'],
      any: ['*'],
    }),
    [
      ['b.a.com', 'a'],
      ['b.com', 'com'],
      ['q-x.a.com', 'dash'],
      ['foo.com', 'com'],
      ['foo.org', 'foo'],
      ['foo.bar.org', 'fooBar'],
      ['other', 'any'],
      ['', 'any'],
    ],
  );
  check('a wildcard that stands for something', routesOf({ front: ['*.a.com'], end: ['foo.*'] }), [
    ['.a.com', undefined],
    ['x.a.com', 'front'],
    ['foo.', undefined],
    ['foo.x', 'end'],
  ]);
});

describe('the port of a host', () => {
  const hosts = { bare: ['a.com'], port: ['a.com:80', '[::1]:80'], any: ['*'] };
  check('belongs to it', routesOf(hosts), [
    ['a.com:80', 'port'],
    ['a.com:81', 'any'],
    ['[::1]:80', 'port'],
  ]);
  check('is left aside where the configuration says so', routesOf(hosts, { ignorePortInHostMatching: true }), [
    ['a.com:80', 'bare'],
    ['a.com:81', 'bare'],
    ['[::1]:80', 'any'],
  ]);
});

it('no virtual host means 404', () => {
  assert.deepEqual(choose(routesOf({ a: ['a.com'] }), 'b.com').end, {
    kind: 'answered',
    status: 404,
    because: 'no virtual host has the domain b.com',
    error: 'no virtual host matched',
  });
});

it('says which other virtual hosts fit less well', () => {
  assert.deepEqual(
    choose(routesOf({ any: ['*'], wild: ['*.com', '*.a.com'], a: ['b.a.com'], b: ['b.com'] }), 'b.a.com').step,
    {
      stage: 'virtual host',
      chosen: 'a',
      index: 2,
      because: 'its domain b.a.com fits',
      passedOver: [
        { name: 'wild', because: 'its domain *.a.com is less specific than b.a.com' },
        { name: 'any', because: 'its domain * is less specific than b.a.com' },
      ],
    },
  );
});
