/** Random connection managers with routes of every kind, and random requests that have a fair chance to match. */
import fc from 'fast-check';
import type { RawRequest } from './raw-http.ts';

const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const rarely = one(true, false, false, false, false);

/** An object with some of the optional parts. */
function withSome(required: fc.Arbitrary<object>, ...optional: readonly (readonly [string, fc.Arbitrary<unknown>])[]) {
  const parts = optional.map(([name, value]) =>
    fc.tuple(rarely, value).map(([isThere, found]) => (isThere ? { [name]: found } : {})),
  );
  return fc.tuple(required, ...parts).map((all) => Object.assign({}, ...all) as object);
}

const text = fc.oneof(
  withSome(one({ exact: 'x' }, { exact: '' }, { exact: 'a,b' }, { prefix: 'a' }, { prefix: 'ab' }), [
    'ignoreCase',
    one(true),
  ]),
  withSome(one({ suffix: 'bc' }, { contains: 'B' }, { contains: 'ab' }), ['ignoreCase', one(true)]),
  one('a.*', '[0-9]+', 'a|ab', '(?i)ABC', '.').map((regex) => ({ safeRegex: { regex } })),
);

const condition = fc.oneof(
  text.map((stringMatch) => ({ stringMatch })),
  one(true, false).map((presentMatch) => ({ presentMatch })),
  one({}),
);

const header = withSome(
  fc
    .tuple(
      one('x-a', 'X-B', ':method', ':authority', 'host', ':path', ':scheme', 'x-forwarded-proto'),
      fc.oneof(condition, one({ rangeMatch: { start: -5, end: 10 } })),
    )
    .map(([name, match]) => ({ name, ...match })),
  ['invertMatch', one(true)],
  ['treatMissingHeaderAsEmpty', one(true)],
);

const query = fc.tuple(one('q', 'r', 'Q', 'a%20b'), condition).map(([name, match]) => ({ name, ...match }));

const paths = one('/', '/a', '/a/', '/A', '/a/b', '/ab', '/a/b/c');

const match = withSome(
  fc.oneof(
    paths.map((prefix) => ({ prefix })),
    paths.map((path) => ({ path })),
    one('/a', '/a/b', '/A').map((pathSeparatedPrefix) => ({ pathSeparatedPrefix })),
    one('/a', '/a.*', '/(a|b)/?', '.*', '/[^/]+').map((regex) => ({ safeRegex: { regex } })),
    one({ connectMatcher: {} }),
  ),
  ['caseSensitive', one(false)],
  ['headers', fc.array(header, { minLength: 1, maxLength: 2 })],
  ['queryParameters', fc.array(query, { minLength: 1, maxLength: 1 })],
);

const pattern = one('^/a(/?)(.*)', '^/(a)(b?)', '^/([a-z])()').map((regex) => ({ regex }));

const forward = fc
  .tuple(
    fc.oneof(
      one({}),
      one('/new', '/', '/new/').map((prefixRewrite) => ({ prefixRewrite })),
      fc
        .tuple(pattern, one('/\\2', '/z', '/\\0\\0', '/\\1'))
        .map(([found, substitution]) => ({ regexRewrite: { pattern: found, substitution } })),
    ),
    one(
      {},
      { hostRewriteLiteral: 'rewritten.com' },
      { hostRewriteHeader: 'x-a' },
      { hostRewritePathRegex: { pattern: { regex: '^/(.*)' }, substitution: '\\1.example' } },
    ),
  )
  .map(([path, host]) => ({ route: { cluster: 'echo', ...path, ...host } }));

const redirect = withSome(
  one({}, { httpsRedirect: true }, { schemeRedirect: 'https' }, { schemeRedirect: 'http' }),
  ['hostRedirect', one('other.com')],
  ['portRedirect', one(8443)],
  ['responseCode', one('FOUND', 'SEE_OTHER', 'PERMANENT_REDIRECT', 'TEMPORARY_REDIRECT')],
  ['stripQuery', one(true)],
  ['pathRedirect', one('/p', '/p?z=1', '')],
).map((found) => ({ redirect: found }));

const redirectedPath = one(
  { prefixRewrite: '/pre' },
  { regexRewrite: { pattern: { regex: 'a' }, substitution: 'Z' } },
).map((found) => ({ redirect: found }));

const answer = one({ directResponse: { status: 200 } });

/** Each says which route it is. */
function nameRoute(route: Route, name: string): object {
  const [matched, action] = route;
  const said = { header: { key: 'x-route', value: name } };
  if ('directResponse' in action)
    return { match: matched, directResponse: { status: 200, body: { inlineString: name } } };
  return { name, match: matched, ...action, requestHeadersToAdd: [said], responseHeadersToAdd: [said] };
}

type Route = readonly [match: object, action: object];

const route: fc.Arbitrary<Route> = fc
  .tuple(match, fc.oneof(answer, forward, redirect, redirectedPath))
  // CONNECT has no path that could be changed.
  .filter(([found, action]) => !('connectMatcher' in found) || 'directResponse' in action);

const domains = ['a.com', 'b.a.com', '*.a.com', '*a.com', '*-x.com', '*.com', 'foo.*', 'foo-*', 'foo.b.*', 'a.com:80'];

const virtualHosts = fc
  .tuple(
    fc.shuffledSubarray([...domains, '[::1]', '10.0.0.1', 'UPPER.com', '*.com:8080'], { minLength: 4 }),
    fc.array(fc.tuple(fc.array(route, { minLength: 1, maxLength: 10 }), rarely, rarely), {
      minLength: 4,
      maxLength: 4,
    }),
  )
  .map(([shuffled, hosts]) =>
    hosts.map(([routes, first, second], i) => ({
      name: `host ${i}`,
      domains: [...shuffled.filter((_, k) => k % hosts.length === i), ...(i === 3 ? ['*'] : [])],
      ...(first && second ? { requireTls: 'ALL' } : {}),
      routes: routes.map((one, k) => nameRoute(one, `host ${i} route ${k}`)),
    })),
  )
  .map((hosts) => hosts.filter(({ domains: own }) => own.length > 0));

/** A connection manager in JSON. */
export const manager: fc.Arbitrary<object> = withSome(
  fc
    .tuple(virtualHosts, fc.boolean())
    .map(([hosts, ignorePortInHostMatching]) => ({ routeConfig: { virtualHosts: hosts, ignorePortInHostMatching } })),
  ['normalizePath', one(true)],
  ['mergeSlashes', one(true)],
  [
    'pathWithEscapedSlashesAction',
    one('KEEP_UNCHANGED', 'REJECT_REQUEST', 'UNESCAPE_AND_FORWARD', 'UNESCAPE_AND_REDIRECT'),
  ],
  ['stripMatchingHostPort', one(true)],
  ['stripTrailingHostDot', one(true)],
  ['useRemoteAddress', one(true)],
);

const authorities = [
  ...['a.com', 'A.com', 'b.a.com', 'c.a.com', 'xa.com', '.a.com', 'q-x.com', 'foo.z', 'foo.', 'foo-z', 'foo.b.c', 'z'],
  ...['a.com:80', 'z.a.com:8080', '[::1]', '[::1]:80', '10.0.0.1', '10.0.0.1:443', 'upper.com', 'a.com.'],
];

const written = [
  ...['/', '/a', '/a/', '/A', '/a/b', '/ab', '/a/b/c', '/a?q=x', '/a?q', '/a?q=&r=ab', '/?Q=abc&q=12', '/a/b?a%20b=ab'],
  ...['/a?q=x&q=ab', '//a', '/a//b', '/a/../b', '/a/./b/', '/a/..', '/a%2fb', '/a%2Fb', '/a%5cb', '/%61', '/%41b'],
  ...[
    '/a%2e%2e/b',
    '/a/%2e%2e/b',
    '/a\\b',
    '/a;x=1/b',
    '/a?x=/../b',
    '/../a',
    '/a/b/..',
    '/a%7e',
    '/*',
    '/a?',
    '/a#x',
    '/a%zz',
  ],
];

const headers = fc
  .tuple(
    fc.option(one('x', 'abc', '5', '10', '', 'a', 'A b')),
    fc.array(one('abc', '-5', 'b', '007', '1.5'), { maxLength: 2 }),
    fc.option(one('https', 'http'), { freq: 5 }),
  )
  .map(([a, b, proto]) => [
    ...(a === null ? [] : [{ name: 'x-a', value: a }]),
    ...b.map((value) => ({ name: 'X-B', value })),
    ...(proto === null ? [] : [{ name: 'x-forwarded-proto', value: proto }]),
  ]);

export const rawRequest: fc.Arbitrary<RawRequest> = fc.record({
  method: one('GET', 'GET', 'POST', 'OPTIONS'),
  authority: one(...authorities),
  path: one(...written),
  headers,
});
