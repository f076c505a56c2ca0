import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageIn } from '../../test/support/envoy-messages.ts';
import { type RequestOptions, requestOf } from '../../test/support/http-request.ts';
import { VirtualHost } from '../proto/envoy/config/route/v3/route_components.ts';
import { chooseRoute } from './route.ts';

function check(name: string, yaml: string, request: RequestOptions, expected: unknown): void {
  it(name, () => {
    const { step, end } = chooseRoute(messageIn(VirtualHost, yaml), requestOf(request));
    const { stage: _, ...rest } = step;
    assert.deepEqual(end ?? rest, expected);
  });
}

const routes = `
routes:
- { name: exact, match: { path: /a } }
- { match: { prefix: /a } }
- { name: rest, match: { prefix: / } }`;

describe('of the routes of a virtual host', () => {
  check(
    'the first that matches is taken, and others are named',
    routes,
    { path: '/ab' },
    {
      chosen: '',
      index: 1,
      because: 'it is the first that matches',
      passedOver: [
        { name: 'exact', because: 'the path /ab does not equal /a' },
        { name: 'rest', because: 'it matches too, but comes later' },
      ],
    },
  );
  check(
    'those that come later and do not match are not worth a word',
    routes,
    { path: '/a' },
    {
      chosen: 'exact',
      index: 0,
      because: 'the first route matches',
      passedOver: [
        { name: 'route 1', because: 'it matches too, but comes later' },
        { name: 'rest', because: 'it matches too, but comes later' },
      ],
    },
  );
  check(
    'none need match',
    'routes: [{ match: { path: /a } }]',
    {},
    {
      kind: 'answered',
      status: 404,
      because: 'no route matches',
      error: 'no route matched',
    },
  );
  check(
    'none need be there',
    'domains: [a.com]',
    {},
    {
      kind: 'answered',
      status: 404,
      because: 'the virtual host has no routes',
      error: 'no route matched',
    },
  );
  check(
    'a matcher tree is not evaluated',
    'matcher: {}',
    {},
    {
      kind: 'undecided',
      because: 'the virtual host chooses routes by a matcher tree, which is not evaluated',
    },
  );
});

describe('a virtual host that requires TLS', () => {
  check(
    'sends plain requests to https',
    'requireTls: ALL',
    { authority: 'a.com:80', path: '/b?c' },
    {
      kind: 'answered',
      status: 301,
      because: 'the virtual host requires TLS',
      location: 'https://a.com:80/b?c',
      error: 'tls required, sending 301',
    },
  );
  check(
    'takes others',
    `requireTls: ALL${routes}`,
    { scheme: 'https', path: '/a' },
    {
      chosen: 'exact',
      index: 0,
      because: 'the first route matches',
      passedOver: [
        { name: 'route 1', because: 'it matches too, but comes later' },
        { name: 'rest', because: 'it matches too, but comes later' },
      ],
    },
  );
});
