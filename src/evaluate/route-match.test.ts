import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { type RequestOptions, requestOf } from '../../test/support/http-request.ts';
import { RouteMatch } from '../proto/envoy/config/route/v3/route_components.ts';
import { mismatch } from './route-match.ts';

/** For each request why it does not match; undefined when it does. */
function check(
  name: string,
  match: object,
  cases: readonly (readonly [request: RequestOptions, reason: string | undefined])[],
): void {
  it(name, () => {
    const message = messageOf(RouteMatch, match);
    const found = cases.map(([request]) => [request, mismatch(message, requestOf(request))]);
    assert.deepEqual(found, cases);
  });
}

describe('a path', () => {
  check('begins with a prefix, which need not end at a slash', { prefix: '/a' }, [
    [{ path: '/ab?c' }, undefined],
    [{ path: '/b?/a' }, 'the path /b does not begin with /a'],
    [{ path: '/A' }, 'the path /A does not begin with /a'],
  ]);
  check('equals a path, whatever its query', { path: '/a' }, [
    [{ path: '/a?b' }, undefined],
    [{ path: '/a/' }, 'the path /a/ does not equal /a'],
  ]);
  check('lies under a path', { pathSeparatedPrefix: '/a' }, [
    [{ path: '/a' }, undefined],
    [{ path: '/a/b?c' }, undefined],
    [{ path: '/ab' }, 'the path /ab does not lie under /a'],
  ]);
  check('matches a pattern as a whole', { safeRegex: { regex: '/a/[0-9]+' } }, [
    [{ path: '/a/12?b' }, undefined],
    [{ path: '/a/12/' }, 'the path /a/12/ does not match /a/[0-9]+'],
  ]);
  check('is compared in any case', { prefix: '/A', caseSensitive: false }, [[{ path: '/ab' }, undefined]]);
  check('is compared in its own case by a pattern', { safeRegex: { regex: '/A' }, caseSensitive: false }, [
    [{ path: '/a' }, 'the path /a does not match /A'],
  ]);
  check('is missing in CONNECT', { prefix: '/' }, [[{ method: 'CONNECT' }, 'it wants a path, the request has none']]);
  check('is no matter to what is for CONNECT', { connectMatcher: {} }, [
    [{ method: 'CONNECT' }, undefined],
    [{}, 'it is for CONNECT, not GET'],
  ]);
  check('may be left to an extension', { pathMatchPolicy: { name: 'template' } }, [
    [{}, 'its path is matched by an extension, which is not evaluated'],
  ]);
});

describe('a query parameter', () => {
  check('has a value', { prefix: '/', queryParameters: [{ name: 'q', stringMatch: { exact: 'x' } }] }, [
    [{ path: '/?q=x' }, undefined],
    [{ path: '/?q=y&q=x' }, 'the query parameter q is y, it must be one that is "x"'],
    [{ path: '/?Q=x' }, 'the query parameter q is absent, it must be one that is "x"'],
  ]);
  for (const present of [{ presentMatch: true }, {}])
    check(`is there, by ${JSON.stringify(present)}`, { prefix: '/', queryParameters: [{ name: 'q', ...present }] }, [
      [{ path: '/?q' }, undefined],
      [{ path: '/' }, 'the query parameter q is absent'],
    ]);
  check('is absent', { prefix: '/', queryParameters: [{ name: 'q', presentMatch: false }] }, [
    [{ path: '/?r' }, undefined],
    [{ path: '/?q' }, 'the query parameter q is present'],
  ]);
});

describe('beside the path', () => {
  check(
    'all headers must match',
    { prefix: '/', headers: [{ name: 'a' }, { name: ':method', stringMatch: { exact: 'GET' } }] },
    [
      [{ headers: { a: '' } }, undefined],
      [{ headers: { a: '' }, method: 'PUT' }, 'the header :method is "PUT", it must be one that is "GET"'],
      [{}, 'the header a is absent'],
    ],
  );
  check(
    'what a filter found out must match',
    {
      prefix: '/',
      dynamicMetadata: [{ filter: 'jwt', path: [{ key: 'sub' }], value: { stringMatch: { exact: 'me' } } }],
    },
    [
      [{ metadata: { jwt: { sub: 'me' } } }, undefined],
      [{}, 'sub of jwt is absent'],
    ],
  );
  check('it must be gRPC', { prefix: '/', grpc: {} }, [
    [{ headers: { 'content-type': 'application/grpc' } }, undefined],
    [{ headers: { 'content-type': 'application/grpc+proto' } }, undefined],
    [{ headers: { 'content-type': 'application/grpcx' } }, 'it is for gRPC alone'],
    [{}, 'it is for gRPC alone'],
  ]);
  check('the client must show a certificate', { prefix: '/', tlsContext: { presented: true, validated: true } }, [
    [{ clientCertificate: 'valid' }, undefined],
    [{}, 'it wants a client certificate'],
  ]);
  check('the client must show no certificate', { prefix: '/', tlsContext: { presented: false } }, [
    [{}, undefined],
    [{ clientCertificate: 'valid' }, 'it wants no client certificate'],
  ]);
  check('filter state is not evaluated', { prefix: '/', filterState: [{ key: 'a' }] }, [
    [{}, 'it depends on filter state, which is not evaluated'],
  ]);
  check('some of the requests stand for all', { prefix: '/', runtimeFraction: { defaultValue: { numerator: 1 } } }, [
    [{}, undefined],
  ]);
  check('none of the requests are none', { prefix: '/', runtimeFraction: { defaultValue: { numerator: 0 } } }, [
    [{}, 'it takes 0 % of requests'],
  ]);
});
