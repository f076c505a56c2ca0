import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { requestOf } from '../../test/support/http-request.ts';
import { RouteAction, RouteMatch } from '../proto/envoy/config/route/v3/route_components.ts';
import { rewriteHost, rewritePath } from './rewrite.ts';

describe('a path', () => {
  function check(
    name: string,
    match: object,
    action: object,
    cases: readonly (readonly [path: string, rewritten: string])[],
  ): void {
    it(name, () => {
      const { prefixRewrite: prefix, regexRewrite: regex } = messageOf(RouteAction, action);
      const found = cases.map(([path]) => [path, rewritePath(path, messageOf(RouteMatch, match), { prefix, regex })]);
      assert.deepEqual(found, cases);
    });
  }
  check('stays as it is', { prefix: '/a' }, {}, [['/a/b?c', '/a/b?c']]);
  check('has the prefix that matched replaced', { prefix: '/a' }, { prefixRewrite: '/new' }, [
    ['/a/b?c', '/new/b?c'],
    ['/ab', '/newb'],
  ]);
  check('may get two slashes so', { prefix: '/a' }, { prefixRewrite: '/' }, [['/a/b', '//b']]);
  check('has the part replaced that it lies under', { pathSeparatedPrefix: '/a' }, { prefixRewrite: '/new' }, [
    ['/a/b', '/new/b'],
  ]);
  check('is replaced whole where it matched whole', { path: '/a' }, { prefixRewrite: '/new' }, [['/a?b', '/new?b']]);
  check('is replaced whole where a pattern matched', { safeRegex: { regex: '/.*' } }, { prefixRewrite: '/new' }, [
    ['/a/b?c', '/new?c'],
  ]);
  check(
    'is rewritten by a pattern, its query aside',
    { prefix: '/' },
    { regexRewrite: { pattern: { regex: '^/a(/?)(.*)' }, substitution: '/\\2' } },
    [
      ['/a/b?c=/a', '/b?c=/a'],
      ['/b', '/b'],
    ],
  );
});

describe('a host', () => {
  function check(name: string, action: object, literal: string | undefined, expected: string): void {
    it(name, () => {
      const request = requestOf({ path: '/b?c', headers: { 'x-host': 'header.com' } });
      assert.equal(rewriteHost(messageOf(RouteAction, action), request, literal), expected);
    });
  }
  check('stays as it is', {}, undefined, 'a.com');
  check('is the one that the route says', { hostRewriteLiteral: 'route.com' }, undefined, 'route.com');
  check('is rather the one of the weighted cluster', { hostRewriteLiteral: 'route.com' }, 'cluster.com', 'cluster.com');
  check('is that of a header', { hostRewriteHeader: 'X-Host' }, undefined, 'header.com');
  check('stays where the header is absent', { hostRewriteHeader: 'x-other' }, undefined, 'a.com');
  check(
    'follows from the path',
    { hostRewritePathRegex: { pattern: { regex: '^/(.*)' }, substitution: '\\1.com' } },
    undefined,
    'b.com',
  );
  check('is left to the endpoint', { autoHostRewrite: true }, undefined, 'a.com');
});
