import { checkSituations, object, type Situation } from '../support/cases.ts';
import { anyReviews, registryOnly, reviewsSubsets, webGateway } from '../support/fragments.ts';
import { client, ingress, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

/** A VirtualService of one route without matches. */
const to = (name: string, hosts: string, subset: string, more = '', createdAt?: string) =>
  object(
    `VirtualService ${name}`,
    `
  hosts: ${hosts}
  ${more === '' ? '' : `${more}\n  `}http: [{ route: [{ destination: { host: reviews.shop.svc.cluster.local, subset: ${subset} } }] }]`,
    createdAt,
  );

/** A VirtualService that answers by itself, which no application does. */
const teapot = (name: string, hosts: string, more = '') =>
  object(
    `VirtualService ${name}`,
    `
  hosts: ${hosts}
  ${more === '' ? '' : `${more}\n  `}http: [{ directResponse: { status: 418 } }]`,
  );

const url = 'http://reviews.shop:9080/';
const everywhere = 'reviews.shop.svc.cluster.local';

describeWithEnvoy('which VirtualService a host has', (envoy) => {
  const shop = useShop(envoy, [client, visitor, ingress, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'the oldest owns the whole host: what it does not route is not found',
      objects: [
        reviewsSubsets,
        object(
          'VirtualService shop/z-older',
          `
  hosts: [reviews]
  http:
    - match: [{ uri: { prefix: /old } }]
      route: [{ destination: { host: reviews, subset: v1 } }]`,
          '2024-01-01',
        ),
        to('shop/a-younger', '[reviews]', 'v2', '', '2024-01-02'),
      ],
      calls: [
        { url: `${url}old`, lands: 'reviews-v1' },
        { url: `${url}new`, lands: '404' },
      ],
    },
    {
      name: 'without times of creation the first name owns the host',
      objects: [reviewsSubsets, to('shop/b', '[reviews]', 'v2'), to('shop/a', '[reviews]', 'v1')],
      calls: [{ url, lands: 'reviews-v1' }],
    },
    {
      name: 'where the oldest has no route for the port the next one owns the host',
      objects: [
        reviewsSubsets,
        object(
          'VirtualService shop/older',
          `
  hosts: [reviews]
  http:
    - match: [{ port: 1234 }]
      route: [{ destination: { host: reviews, subset: v1 } }]`,
          '2024-01-01',
        ),
        to('shop/younger', '[reviews]', 'v2', '', '2024-01-02'),
      ],
      calls: [{ url, lands: 'reviews-v2' }],
    },
    {
      name: 'a short host is a service of the rule’s own namespace',
      objects: [teapot('stock/reviews', '[reviews]')],
      calls: [{ url, lands: anyReviews }],
    },
    {
      name: 'a rule of any namespace may own a host by its full name',
      objects: [reviewsSubsets, to('stock/reviews', `[${everywhere}]`, 'v1')],
      calls: [
        { url, lands: 'reviews-v1' },
        { from: 'visitor', url, lands: 'reviews-v1' },
      ],
    },
    {
      name: 'a wildcard host holds for every service that it covers',
      objects: [reviewsSubsets, to('shop/all', '["*.shop.svc.cluster.local"]', 'v3')],
      calls: [
        { url, lands: 'reviews-v3' },
        { url: 'http://ratings:9080/', lands: 'reviews-v3' },
        { url: 'http://catalog.stock:9080/', lands: 'catalog' },
      ],
    },
    {
      name: 'an exact host goes before a wildcard, however old that is',
      objects: [
        reviewsSubsets,
        to('shop/all', '["*.shop.svc.cluster.local"]', 'v3', '', '2020-01-01'),
        to('shop/one', '[reviews]', 'v1', '', '2024-01-01'),
      ],
      calls: [
        { url, lands: 'reviews-v1' },
        { url: 'http://ratings:9080/', lands: 'reviews-v3' },
      ],
    },
    {
      name: 'of two wildcards the longer goes first',
      objects: [
        reviewsSubsets,
        to('shop/a', '["*.svc.cluster.local"]', 'v2'),
        to('shop/b', '["*.shop.svc.cluster.local"]', 'v3'),
      ],
      calls: [
        { url, lands: 'reviews-v3' },
        { url: 'http://catalog.stock:9080/', lands: 'reviews-v2' },
      ],
    },
    {
      name: 'hosts that no service has are routed on port 80 alone, exact or wildcard',
      meshConfig: registryOnly,
      objects: [
        object(
          'VirtualService shop/outside',
          `
  hosts: [shop.example.com, "*.shop.example.com"]
  http: [{ route: [{ destination: { host: ratings, port: { number: 9080 } } }] }]`,
        ),
      ],
      calls: [
        { url: 'http://shop.example.com/', lands: 'ratings' },
        { url: 'http://a.shop.example.com/', lands: 'ratings' },
        { url: 'http://shop.example.com:9080/', lands: '502' },
        { url: 'http://b.example.com/', lands: '502' },
      ],
    },
    {
      name: 'exportTo of a rule says which namespaces’ clients it is for',
      objects: [teapot('shop/reviews', '[reviews]', 'exportTo: ["."]')],
      calls: [
        { url, lands: '418' },
        { from: 'visitor', url, lands: anyReviews },
      ],
    },
    {
      name: 'exportTo without the own namespace hides a rule there',
      objects: [teapot('shop/reviews', '[reviews]', 'exportTo: [stock]')],
      calls: [
        { url, lands: anyReviews },
        { from: 'visitor', url, lands: '418' },
      ],
    },
    {
      name: 'a rule that is private to the client’s namespace goes before an older public one',
      objects: [
        reviewsSubsets,
        to('shop/public', '[reviews]', 'v1', '', '2020-01-01'),
        to('stock/private', `[${everywhere}]`, 'v2', 'exportTo: ["."]', '2024-01-01'),
      ],
      calls: [
        { url, lands: 'reviews-v1' },
        { from: 'visitor', url, lands: 'reviews-v2' },
      ],
    },
    {
      name: 'a rule for a gateway does not hold in the mesh, unless it says so',
      objects: [webGateway('*'), teapot('shop/gateway', '[reviews, reviews.example.com]', 'gateways: [edge/web]')],
      calls: [
        { url, lands: anyReviews },
        { from: 'ingress', url: 'http://reviews.example.com/', lands: '418' },
      ],
    },
    {
      name: 'a rule may hold for a gateway and in the mesh',
      objects: [reviewsSubsets, webGateway('*'), to('shop/both', '[reviews]', 'v1', 'gateways: [edge/web, mesh]')],
      calls: [
        { url, lands: 'reviews-v1' },
        { from: 'ingress', url: 'http://reviews.shop.svc.cluster.local/', lands: 'reviews-v1' },
      ],
    },
    {
      name: 'a service that is not exported to a client does not exist for it',
      meshConfig: registryOnly,
      objects: [
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'catalog', namespace: 'stock', annotations: { 'networking.istio.io/exportTo': '.' } },
          spec: { selector: { app: 'catalog' }, ports: [{ name: 'http', port: 9080, targetPort: 8080 }] },
        }),
      ],
      calls: [
        { from: 'visitor', url: 'http://catalog:9080/', lands: 'catalog' },
        { url: 'http://catalog.stock:9080/', lands: '502' },
      ],
    },
    {
      name: 'a destination that does not exist, or not for this client, answers 503',
      objects: [
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http: [{ route: [{ destination: { host: nowhere } }] }]`,
        ),
      ],
      calls: [{ url: 'http://ratings:9080/', lands: '503' }],
    },
    {
      name: 'a subset that no rule defines is the whole service, and other destinations work on',
      objects: [
        reviewsSubsets,
        object(
          'VirtualService shop/reviews',
          `
  hosts: [reviews]
  http:
    - match: [{ uri: { exact: /missing } }]
      route: [{ destination: { host: reviews, subset: v9 } }]
    - route: [{ destination: { host: reviews, subset: v1 } }]`,
        ),
      ],
      calls: [
        { url: `${url}missing`, lands: ['reviews-v1', 'reviews-v2', 'reviews-v3'] },
        { url, lands: 'reviews-v1' },
      ],
    },
    {
      name: 'a subset that no pod is in answers 503 for want of a healthy endpoint',
      objects: [
        object('DestinationRule shop/reviews', 'host: reviews\nsubsets: [{ name: v9, labels: { version: v9 } }]'),
        to('shop/reviews', '[reviews]', 'v9'),
      ],
      calls: [{ url, lands: '503 no healthy upstream' }],
    },
  ]);
});
