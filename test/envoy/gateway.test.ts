import { checkSituations, object } from './support/cases.ts';
import { client, ingress, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const gateway = object(
  'Gateway edge/web',
  `
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*.example.com"] }]`,
);

const reviews = ['reviews-v1', 'reviews-v2', 'reviews-v3'];

describeWithEnvoy('an ingress gateway', (envoy) => {
  const shop = useShop(envoy, [client, ingress]);

  checkSituations(shop, [
    {
      name: 'leads hosts and paths to services of any namespace',
      objects: [
        gateway,
        object(
          'VirtualService shop/web',
          `
  hosts: [shop.example.com]
  gateways: [edge/web]
  http:
    - match: [{ uri: { prefix: /catalog } }]
      rewrite: { uri: / }
      route: [{ destination: { host: catalog.stock.svc.cluster.local } }]
    - route: [{ destination: { host: reviews } }]`,
        ),
      ],
      calls: [
        { from: 'ingress', url: 'http://shop.example.com/', lands: reviews },
        { from: 'ingress', url: 'http://shop.example.com:8080/', lands: reviews },
        {
          from: 'ingress',
          url: 'http://shop.example.com/catalog',
          lands: 'catalog',
          look: ({ seen }) => seen?.path,
          sees: '/',
        },
        { from: 'ingress', url: 'http://other.example.com/', lands: '404' },
        { from: 'ingress', url: 'http://reviews.shop.svc.cluster.local/', lands: '404' },
      ],
    },
    {
      name: 'answers 404 while no rule uses it',
      objects: [gateway],
      calls: [{ from: 'ingress', url: 'http://shop.example.com/', lands: '404' }],
    },
    {
      name: 'can send a canary by header to a subset, and its rules are not the mesh’s',
      objects: [
        gateway,
        object(
          'DestinationRule shop/reviews',
          `
  host: reviews
  subsets: [{ name: v2, labels: { version: v2 } }]`,
        ),
        object(
          'VirtualService shop/web',
          `
  hosts: [reviews.example.com, reviews.shop.svc.cluster.local]
  gateways: [edge/web]
  http:
    - match: [{ headers: { x-user: { exact: tester } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
    - directResponse: { status: 418 }`,
        ),
      ],
      calls: [
        { from: 'ingress', url: 'http://reviews.example.com/', headers: { 'x-user': 'tester' }, lands: 'reviews-v2' },
        { from: 'ingress', url: 'http://reviews.example.com/', lands: '418' },
        { url: 'http://reviews:9080/', lands: reviews },
      ],
    },
  ]);
});
