import { checkSituations, object, type Situation } from './support/cases.ts';
import { client, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const reviews = (http: string) =>
  object(
    'VirtualService shop/reviews',
    `
  hosts: [reviews]
  http:
${http}`,
  );

const subsets = object(
  'DestinationRule shop/reviews',
  `
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
`,
);

const url = 'http://reviews:9080/';

describeWithEnvoy('routes of a VirtualService', (envoy) => {
  const shop = useShop(envoy, [client]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'testers get another version by a header: an A/B test',
      objects: [
        subsets,
        reviews(`
    - match: [{ headers: { x-user: { exact: tester } } }]
      route: [{ destination: { host: reviews, subset: v3 } }]
    - route: [{ destination: { host: reviews, subset: v1 } }]`),
      ],
      calls: [
        { url, headers: { 'x-user': 'tester' }, lands: 'reviews-v3' },
        { url, headers: { 'x-user': 'Tester' }, lands: 'reviews-v1' },
        { url, lands: 'reviews-v1' },
      ],
    },
    {
      name: 'paths by prefix, exactly, and by a regular expression for all of the path',
      objects: [
        subsets,
        reviews(`
    - match: [{ uri: { exact: /exact } }]
      route: [{ destination: { host: reviews, subset: v1 } }]
    - match: [{ uri: { prefix: /pre } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
    - match: [{ uri: { regex: "/[0-9]+" } }]
      route: [{ destination: { host: reviews, subset: v3 } }]
    - route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        { url: `${url}exact?a=b`, lands: 'reviews-v1' },
        { url: `${url}exact/more`, lands: 'ratings' },
        { url: `${url}prefixed`, lands: 'reviews-v2' },
        { url: `${url}2024`, lands: 'reviews-v3' },
        { url: `${url}2024/5`, lands: 'ratings' },
      ],
    },
    {
      name: 'a rewritten prefix and host are what the application sees',
      objects: [
        reviews(`
    - match: [{ uri: { prefix: /api/v1 } }]
      rewrite: { uri: /v2, authority: ratings.example.com }
      route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        {
          url: `${url}api/v1/books?id=7`,
          lands: 'ratings',
          look: ({ seen }) => [seen?.path, seen?.authority],
          sees: ['/v2/books?id=7', 'ratings.example.com'],
        },
        { url: `${url}other`, lands: '404' },
      ],
    },
    {
      name: 'a redirect names the new place and reaches no application',
      objects: [
        reviews(`
    - match: [{ uri: { prefix: /old } }]
      redirect: { uri: /new, authority: reviews.example.com, redirectCode: 302 }
    - route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        {
          url: `${url}old/page`,
          lands: '302',
          look: ({ headers }) => headers.location,
          sees: 'http://reviews.example.com/new',
        },
      ],
    },
    {
      name: 'a direct response has its status and body',
      objects: [
        reviews(`
    - match: [{ uri: { exact: /teapot } }]
      directResponse: { status: 418, body: { string: short and stout } }
    - route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        { url: `${url}teapot`, lands: '418 short and stout' },
        { url, lands: 'ratings' },
      ],
    },
    {
      name: 'headers are set, added and removed on the way in and on the way back',
      objects: [
        reviews(`
    - headers:
        request:
          set: { x-set: new }
          add: { x-add: more }
          remove: [x-gone]
        response:
          set: { server: shop }
          add: { x-answer: "yes" }
          remove: [content-type]
      route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        {
          url,
          headers: { 'x-set': 'old', 'x-add': 'one', 'x-gone': 'here' },
          lands: 'ratings',
          look: ({ seen, headers }) => [
            seen?.headers['x-set'],
            seen?.headers['x-add'],
            seen?.headers['x-gone'],
            headers['x-answer'],
            headers['content-type'],
          ],
          sees: ['new', 'one, more', undefined, 'yes', undefined],
        },
      ],
    },
    {
      name: 'an allowed origin is told so, and its preflight is answered by the proxy',
      objects: [
        reviews(`
    - corsPolicy:
        allowOrigins: [{ exact: https://shop.example.com }]
        allowMethods: [GET, PUT]
        allowHeaders: [x-token]
        maxAge: 1h
        allowCredentials: true
      route: [{ destination: { host: ratings } }]`),
      ],
      calls: [
        {
          url,
          headers: { origin: 'https://shop.example.com' },
          lands: 'ratings',
          look: ({ headers }) => [headers['access-control-allow-origin'], headers['access-control-allow-credentials']],
          sees: ['https://shop.example.com', 'true'],
        },
        {
          url,
          method: 'OPTIONS',
          headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'PUT' },
          lands: '200',
          look: ({ headers }) => [
            headers['access-control-allow-methods'],
            headers['access-control-allow-headers'],
            headers['access-control-max-age'],
          ],
          sees: ['GET,PUT', 'x-token', '3600'],
        },
        {
          url,
          headers: { origin: 'https://elsewhere.example.com' },
          lands: 'ratings',
          look: ({ headers }) => headers['access-control-allow-origin'],
          sees: undefined,
        },
      ],
    },
  ]);
});
