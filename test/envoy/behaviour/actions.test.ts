import { checkSituations, object, type Situation } from '../support/cases.ts';
import { reviewsSubsets } from '../support/fragments.ts';
import { client, intercepted, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const ratings = (http: string) => object('VirtualService shop/ratings', `\n  hosts: [ratings]\n  http:\n${http}`);

/** One route to ratings that does something more. */
const doing = (what: string, match = '') =>
  ratings(`    - ${match === '' ? '' : `match: ${match}\n      `}${what}
      route: [{ destination: { host: ratings } }]`);

const url = 'http://ratings:9080/';

describeWithEnvoy('what a route does to a request', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  const path = { look: (answer: { readonly seen: { readonly path: string } | undefined }) => answer.seen?.path };

  check([
    {
      name: 'a prefix is replaced as text: what follows it stays',
      objects: [doing('rewrite: { uri: /v2 }', '[{ uri: { prefix: /api/ } }]')],
      calls: [{ url: `${url}api/books`, lands: 'ratings', ...path, sees: '/v2books' }],
    },
    {
      name: 'a prefix that is replaced by / leaves no path with two slashes in front',
      objects: [doing('rewrite: { uri: / }', '[{ uri: { prefix: /api } }]')],
      calls: [
        { url: `${url}api`, lands: 'ratings', ...path, sees: '/' },
        { url: `${url}apibooks`, lands: 'ratings', ...path, sees: '/books' },
      ],
    },
    {
      name: 'an exact path is replaced whole, and its query stays',
      objects: [doing('rewrite: { uri: /new }', '[{ uri: { exact: /old } }]')],
      calls: [{ url: `${url}old?a=b`, lands: 'ratings', ...path, sees: '/new?a=b' }],
    },
    {
      name: 'a path is rewritten by a regular expression with groups',
      objects: [doing('rewrite: { uriRegexRewrite: { match: "^/users/([0-9]+)/(.*)$", rewrite: "/\\\\2/of/\\\\1" } }')],
      calls: [
        { url: `${url}users/7/books`, lands: 'ratings', ...path, sees: '/books/of/7' },
        { url: `${url}other`, lands: 'ratings', ...path, sees: '/other' },
      ],
    },
    {
      name: 'the host is rewritten by authority, or by a header',
      objects: [
        ratings(`
    - match: [{ uri: { exact: /a } }]
      rewrite: { authority: a.example.com }
      route: [{ destination: { host: ratings } }]
    - match: [{ uri: { exact: /b } }]
      headers: { request: { set: { host: b.example.com } } }
      route: [{ destination: { host: ratings } }]
    - headers: { request: { set: { ":authority": c.example.com } } }
      route: [{ destination: { host: ratings } }]`),
      ],
      calls: ['a', 'b', 'c'].map((letter) => ({
        url: `${url}${letter}`,
        lands: 'ratings',
        look: ({ seen }) => seen?.authority,
        sees: `${letter}.example.com`,
      })),
    },
    {
      name: 'headers of a destination are for that destination alone, beside those of the route',
      objects: [
        reviewsSubsets,
        object(
          'VirtualService shop/reviews',
          `
  hosts: [reviews]
  http:
    - headers: { request: { set: { x-route: "1" } } }
      route:
        - destination: { host: reviews, subset: v1 }
          headers: { request: { set: { x-to: v1 } }, response: { add: { x-from: v1 } } }`,
        ),
      ],
      calls: [
        {
          url: 'http://reviews:9080/',
          lands: 'reviews-v1',
          look: ({ seen, headers }) => [seen?.headers['x-route'], seen?.headers['x-to'], headers['x-from']],
          sees: ['1', 'v1', 'v1'],
        },
      ],
    },
    {
      name: 'what is set replaces, what is added stays beside, what is removed is gone',
      objects: [
        doing(`headers:
        request: { set: { x-a: new }, add: { x-b: second }, remove: [x-c] }
        response: { set: { x-d: set }, remove: [content-type] }`),
      ],
      calls: [
        {
          url,
          headers: { 'x-a': 'old', 'x-b': 'first', 'x-c': 'there' },
          lands: 'ratings',
          look: ({ seen, headers }) => [
            seen?.headers['x-a'],
            seen?.headers['x-b'],
            seen?.headers['x-c'],
            headers['x-d'],
            headers['content-type'],
          ],
          sees: ['new', 'first, second', undefined, 'set', undefined],
        },
      ],
    },
    {
      name: 'a redirect keeps what it does not change, and is a 301 unless it says otherwise',
      objects: [
        ratings(`
    - match: [{ uri: { exact: /host } }]
      redirect: { authority: other.example.com }
    - match: [{ uri: { exact: /path } }]
      redirect: { uri: /elsewhere, redirectCode: 307 }
    - match: [{ uri: { exact: /scheme } }]
      redirect: { scheme: https, port: 8443 }
    - match: [{ uri: { exact: /request-port } }]
      redirect: { authority: other.example.com, derivePort: FROM_REQUEST_PORT }`),
      ],
      calls: [
        ['host', 301, 'http://other.example.com/host'],
        ['path', 307, 'http://ratings:9080/elsewhere'],
        ['scheme', 301, 'https://ratings:8443/scheme'],
        ['request-port', 301, 'http://other.example.com:9080/request-port'],
      ].map(([from, status, to]) => ({
        url: `${url}${from}`,
        lands: String(status),
        look: ({ headers }) => headers.location,
        sees: to,
      })),
    },
    {
      name: 'a prefix is redirected with what follows it',
      objects: [
        ratings(`
    - match: [{ uri: { prefix: /old } }]
      redirect: { prefixRewrite: /new }`),
      ],
      calls: [
        {
          url: `${url}old/page`,
          lands: '301',
          look: ({ headers }) => headers.location,
          sees: 'http://ratings:9080/new/page',
        },
      ],
    },
    {
      name: 'a redirect to another scheme leaves the port to that scheme',
      objects: [
        object(
          'VirtualService shop/details',
          `
  hosts: [details]
  http: [{ redirect: { scheme: https, derivePort: FROM_PROTOCOL_DEFAULT } }]`,
        ),
      ],
      calls: [
        {
          url: 'http://details:80/page',
          lands: '301',
          look: ({ headers }) => headers.location,
          sees: 'https://details/page',
        },
      ],
    },
    {
      name: 'a direct response may have a body, or none',
      objects: [
        ratings(`
    - match: [{ uri: { exact: /text } }]
      directResponse: { status: 503, body: { string: closed } }
    - match: [{ uri: { exact: /bytes } }]
      directResponse: { status: 200, body: { bytes: aGVsbG8= } }
    - directResponse: { status: 204 }`),
      ],
      calls: [
        { url: `${url}text`, lands: '503 closed' },
        { url: `${url}bytes`, lands: '200 hello' },
        { url, lands: '204' },
      ],
    },
    {
      name: 'an abort of 0 percent is none',
      objects: [doing('fault: { abort: { httpStatus: 500, percentage: { value: 0 } } }')],
      calls: [{ url, lands: 'ratings' }],
    },
    {
      name: 'an abort of 100 percent reaches no application',
      objects: [doing('fault: { abort: { httpStatus: 429, percentage: { value: 100 } } }')],
      calls: [
        {
          url,
          lands: '429 fault filter abort',
          look: (_, { app }) => app('ratings').received.length,
          sees: 0,
        },
      ],
    },
    {
      name: 'an abort may be a gRPC status',
      objects: [doing('fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 100 } } }')],
      calls: [
        {
          url,
          method: 'POST',
          headers: { 'content-type': 'application/grpc' },
          lands: '200',
          look: ({ headers }) => headers['grpc-status'],
          sees: '14',
        },
      ],
    },
    {
      name: 'a delay and an abort both happen',
      objects: [
        doing(`fault:
        delay: { fixedDelay: 100ms, percentage: { value: 100 } }
        abort: { httpStatus: 418, percentage: { value: 100 } }`),
      ],
      calls: [{ url, lands: '418 fault filter abort', look: ({ durationMs }) => durationMs > 90, sees: true }],
    },
    {
      name: 'every origin that a regular expression allows is told so by its own name',
      objects: [doing('corsPolicy: { allowOrigins: [{ regex: "https://.*[.]example[.]com" }], exposeHeaders: [x-a] }')],
      calls: [
        {
          url,
          headers: { origin: 'https://a.example.com' },
          lands: 'ratings',
          look: ({ headers }) => [headers['access-control-allow-origin'], headers['access-control-expose-headers']],
          sees: ['https://a.example.com', 'x-a'],
        },
      ],
    },
    {
      name: 'a preflight of another origin goes on to the application, unless it is to be ignored',
      objects: [
        ratings(`
    - match: [{ uri: { exact: /ignore } }]
      corsPolicy: { allowOrigins: [{ exact: https://a.example.com }], unmatchedPreflights: IGNORE }
      route: [{ destination: { host: ratings } }]
    - corsPolicy: { allowOrigins: [{ exact: https://a.example.com }] }
      route: [{ destination: { host: ratings } }]`),
      ],
      calls: ['', 'ignore'].map((from) => ({
        url: `${url}${from}`,
        method: 'OPTIONS',
        headers: { origin: 'https://b.example.com', 'access-control-request-method': 'PUT' },
        lands: from === '' ? 'ratings' : '200',
      })),
    },
  ]);
});
