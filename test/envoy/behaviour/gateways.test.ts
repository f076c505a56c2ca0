import { checkSituations, object, type Situation } from '../support/cases.ts';
import { webGateway } from '../support/fragments.ts';
import { client, ingress, intercepted, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const gateway = (name: string, servers: string) =>
  object(`Gateway ${name}`, `\n  selector: { istio: ingressgateway }\n  servers: ${servers}`);

const server = (hosts: string, port = 80, more = '') =>
  `{ port: { number: ${port}, name: http-${port}, protocol: HTTP }, hosts: ${hosts}${more} }`;

/** A VirtualService for gateways. */
const virtual = (name: string, hosts: string, gateways: string, http: string, createdAt?: string) =>
  object(`VirtualService ${name}`, `\n  hosts: ${hosts}\n  gateways: ${gateways}\n  http:\n${http}`, createdAt);

const ratings = 'route: [{ destination: { host: ratings.shop.svc.cluster.local } }]';
const details = 'route: [{ destination: { host: details.shop.svc.cluster.local } }]';
const catalog = 'route: [{ destination: { host: catalog.stock.svc.cluster.local } }]';

const at = (url: string, lands: string, port?: number) => ({
  from: 'ingress',
  url,
  lands,
  ...(port === undefined ? {} : { port }),
});

describeWithEnvoy('what a gateway lets in', (envoy) => {
  const shop = useShop(envoy, [client, ingress, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'rules for one host are merged in the order of their age, and the one that takes everything comes last',
      objects: [
        webGateway('*'),
        virtual('shop/a', '[a.example.com]', '[edge/web]', `    - ${ratings}`, '2024-01-01'),
        virtual(
          'stock/b',
          '[a.example.com]',
          '[edge/web]',
          `    - match: [{ uri: { prefix: /catalog } }]\n      ${catalog}`,
          '2024-01-02',
        ),
        virtual(
          'shop/c',
          '[a.example.com]',
          '[edge/web]',
          `    - match: [{ uri: { prefix: /c } }]\n      ${details}`,
          '2024-01-03',
        ),
      ],
      calls: [
        at('http://a.example.com/catalog', 'catalog'),
        at('http://a.example.com/c', 'details'),
        at('http://a.example.com/', 'ratings'),
      ],
    },
    {
      name: 'a host goes to the most specific rule: exact, longer wildcard, shorter wildcard',
      objects: [
        webGateway('*'),
        virtual('shop/star', '["*"]', '[edge/web]', `    - directResponse: { status: 418 }`),
        virtual('shop/wild', '["*.example.com"]', '[edge/web]', `    - ${ratings}`),
        virtual('shop/longer', '["*.a.example.com"]', '[edge/web]', `    - ${details}`),
        virtual('shop/exact', '[x.a.example.com]', '[edge/web]', `    - ${catalog}`),
      ],
      calls: [
        at('http://x.a.example.com/', 'catalog'),
        at('http://y.a.example.com/', 'details'),
        at('http://b.example.com/', 'ratings'),
        at('http://example.com/', '418'),
      ],
    },
    {
      name: 'a rule’s host must be among the server’s',
      objects: [
        webGateway('*.example.com'),
        virtual('shop/a', '[a.example.com, a.example.org]', '[edge/web]', `    - ${ratings}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://a.example.org/', '404')],
    },
    {
      name: 'of a wildcard rule and an exact server the narrower counts',
      objects: [
        webGateway('a.example.com'),
        virtual('shop/all', '["*.example.com"]', '[edge/web]', `    - ${ratings}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://b.example.com/', '404')],
    },
    {
      name: 'a server may take rules of one namespace only',
      objects: [
        webGateway('shop/*'),
        virtual('shop/a', '[a.example.com]', '[edge/web]', `    - ${ratings}`),
        virtual('stock/b', '[b.example.com]', '[edge/web]', `    - ${catalog}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://b.example.com/', '404')],
    },
    {
      name: 'or rules of its own namespace only',
      objects: [
        webGateway('./*'),
        virtual('edge/a', '[a.example.com]', '[web]', `    - ${ratings}`),
        virtual('shop/b', '[b.example.com]', '[edge/web]', `    - ${ratings}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://b.example.com/', '404')],
    },
    {
      name: 'a bare name of a Gateway means one of the rule’s own namespace',
      objects: [webGateway('*'), virtual('shop/a', '[a.example.com]', '[web]', `    - ${ratings}`)],
      calls: [at('http://a.example.com/', '404')],
    },
    {
      name: 'a rule for another gateway is none of its business',
      objects: [
        webGateway('*'),
        object(
          'Gateway edge/other',
          `
  selector: { istio: other }
  servers: [${server('["*"]')}]`,
        ),
        virtual('shop/a', '[a.example.com]', '[edge/other]', `    - ${ratings}`),
      ],
      calls: [at('http://a.example.com/', '404')],
    },
    {
      name: 'two Gateways share a port, each with its rules',
      objects: [
        gateway('edge/one', `[${server('[a.example.com]')}]`),
        gateway('edge/two', `[${server('[b.example.com]')}]`),
        virtual('shop/a', '[a.example.com, b.example.com]', '[edge/one]', `    - ${ratings}`),
        virtual('shop/b', '[a.example.com, b.example.com]', '[edge/two]', `    - ${details}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://b.example.com/', 'details')],
    },
    {
      name: 'a port that its Service does not have is listened on as it is',
      objects: [
        gateway('edge/web', `[${server('["*"]')}, ${server('["*"]', 8444)}]`),
        virtual('shop/a', '["*"]', '[edge/web]', `    - match: [{ port: 8444 }]\n      ${details}\n    - ${ratings}`),
      ],
      calls: [at('http://a.example.com/', 'ratings'), at('http://a.example.com/', 'details', 8444)],
    },
    {
      name: 'a server that redirects to HTTPS does so with a 301, rules or not',
      objects: [
        gateway('edge/web', `[${server('["*"]', 80, ', tls: { httpsRedirect: true }')}]`),
        virtual('shop/a', '[a.example.com]', '[edge/web]', `    - ${ratings}`),
      ],
      calls: [
        {
          ...at('http://a.example.com/path?x=y', '301'),
          look: ({ headers }) => headers.location,
          sees: 'https://a.example.com/path?x=y',
        },
        at('http://b.example.com/', '301'),
      ],
    },
    {
      name: 'a Host header with a port is the host without it',
      objects: [webGateway('*'), virtual('shop/a', '[a.example.com]', '[edge/web]', `    - ${ratings}`)],
      calls: [
        {
          ...at('http://a.example.com:8080/', 'ratings'),
          look: ({ seen }) => seen?.authority,
          sees: 'a.example.com:8080',
        },
      ],
    },
    {
      name: 'hosts are compared without regard to case',
      objects: [webGateway('*.Example.com'), virtual('shop/a', '[a.example.com]', '[edge/web]', `    - ${ratings}`)],
      calls: [at('http://A.EXAMPLE.com/', 'ratings')],
    },
    {
      name: 'the address of the caller is passed on, after what the caller claims',
      objects: [webGateway('*'), virtual('shop/a', '["*"]', '[edge/web]', `    - ${ratings}`)],
      calls: [
        {
          ...at('http://a.example.com/', 'ratings'),
          headers: { 'x-forwarded-for': '10.9.8.7' },
          look: ({ seen }) => /^10\.9\.8\.7,[\d.]+$/.test(String(seen?.headers['x-forwarded-for'])),
          sees: true,
        },
      ],
    },
  ]);
});
