import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { type RequestOptions, requestOf } from '../../test/support/http-request.ts';
import { RedirectAction } from '../proto/envoy/config/route/v3/route_components.ts';
import { redirect } from './redirect.ts';

function check(
  name: string,
  action: object,
  cases: readonly (readonly [request: RequestOptions, status: number, location: string])[],
): void {
  it(name, () => {
    const message = messageOf(RedirectAction, action);
    const match = { pathSpecifier: { $case: 'prefix', value: '/a' } } as const;
    const found = cases.map(([request]) => redirect(message, match, requestOf({ path: '/a/b?c', ...request })));
    const expected = cases.map(([, status, location]) => {
      return { kind: 'answered', status, location, because: 'the route redirects' };
    });
    assert.deepEqual(found, expected);
  });
}

describe('a redirect', () => {
  check('keeps what it does not change', {}, [[{ authority: 'a.com:81' }, 301, 'http://a.com:81/a/b?c']]);
  check('changes the scheme, and drops a port that was the default of the other', { httpsRedirect: true }, [
    [{}, 301, 'https://a.com/a/b?c'],
    [{ authority: 'a.com:80' }, 301, 'https://a.com/a/b?c'],
    [{ authority: 'a.com:81' }, 301, 'https://a.com:81/a/b?c'],
    [{ authority: 'a.com:80', scheme: 'https' }, 301, 'https://a.com:80/a/b?c'],
  ]);
  check('names a scheme', { schemeRedirect: 'http' }, [
    [{ authority: 'a.com:443', scheme: 'https' }, 301, 'http://a.com/a/b?c'],
  ]);
  check('changes the host', { hostRedirect: 'b.com' }, [[{ authority: 'a.com:81' }, 301, 'http://b.com/a/b?c']]);
  check('changes the port', { portRedirect: 8443 }, [
    [{ authority: 'a.com:81' }, 301, 'http://a.com:8443/a/b?c'],
    [{ authority: '[::1]' }, 301, 'http://[::1]:8443/a/b?c'],
  ]);
  check('changes the path and keeps the query', { pathRedirect: '/p' }, [[{}, 301, 'http://a.com/p?c']]);
  check('keeps the path where the other is empty', { pathRedirect: '' }, [[{}, 301, 'http://a.com/a/b?c']]);
  check('brings a query of its own', { pathRedirect: '/p?q', stripQuery: true }, [[{}, 301, 'http://a.com/p?q']]);
  check('drops the query', { pathRedirect: '/p', stripQuery: true }, [[{}, 301, 'http://a.com/p']]);
  check('changes the prefix that matched', { prefixRewrite: '/p', stripQuery: true }, [[{}, 301, 'http://a.com/p/b']]);
  check('changes the path by a pattern', { regexRewrite: { pattern: { regex: '/' }, substitution: '/x' } }, [
    [{}, 301, 'http://a.com/xa/xb?c'],
  ]);
  for (const [code, status] of [
    ['FOUND', 302],
    ['SEE_OTHER', 303],
    ['TEMPORARY_REDIRECT', 307],
    ['PERMANENT_REDIRECT', 308],
  ] as const)
    check(`answers ${status}`, { responseCode: code }, [[{}, status, 'http://a.com/a/b?c']]);
});
