import { checkSituations, object, type Situation } from '../support/cases.ts';
import { client, intercepted, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const root = (http: string) => object('VirtualService shop/root', `\n  hosts: [ratings]\n  http:\n${http}`);
const delegate = (name: string, http: string, more = '') =>
  object(`VirtualService ${name}`, `\n  ${more}\n  http:\n${http}`);

const url = 'http://ratings:9080/';
const details = 'route: [{ destination: { host: details.shop.svc.cluster.local, port: { number: 80 } } }]';
const catalog = 'route: [{ destination: { host: catalog.stock.svc.cluster.local } }]';

describeWithEnvoy('a VirtualService that delegates', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'leads a part of its paths to the rules of another namespace, which narrow them',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }]
      delegate: { name: stock, namespace: stock }
    - route: [{ destination: { host: ratings } }]`),
        delegate(
          'stock/stock',
          `
    - match: [{ uri: { prefix: /stock/books } }]
      ${catalog}
    - match: [{ uri: { exact: /stock/details } }]
      ${details}`,
        ),
      ],
      calls: [
        { url: `${url}stock/books/1`, lands: 'catalog' },
        { url: `${url}stock/details`, lands: 'details' },
        { url: `${url}stock/other`, lands: 'ratings' },
        { url, lands: 'ratings' },
      ],
    },
    {
      name: 'gives a delegate without matches its own',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }, { headers: { x-stock: { exact: "1" } } }]
      delegate: { name: stock }
    - route: [{ destination: { host: ratings } }]`),
        delegate('shop/stock', `    - ${catalog}`),
      ],
      calls: [
        { url: `${url}stock`, lands: 'catalog' },
        { url, headers: { 'x-stock': '1' }, lands: 'catalog' },
        { url, lands: 'ratings' },
      ],
    },
    {
      name: 'joins its conditions with those of the delegate',
      objects: [
        root(`
    - match: [{ headers: { x-a: { exact: "1" } } }]
      delegate: { name: stock }
    - route: [{ destination: { host: ratings } }]`),
        delegate('shop/stock', `    - match: [{ uri: { prefix: /b } }]\n      ${catalog}`),
      ],
      calls: [
        { url: `${url}b`, headers: { 'x-a': '1' }, lands: 'catalog' },
        { url: `${url}b`, lands: 'ratings' },
        { url, headers: { 'x-a': '1' }, lands: 'ratings' },
      ],
    },
    {
      name: 'loses only the route whose delegate is missing',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }]
      delegate: { name: nobody }
    - match: [{ uri: { prefix: /details } }]
      delegate: { name: details }
    - route: [{ destination: { host: ratings } }]`),
        delegate('shop/details', `    - ${details}`),
      ],
      calls: [
        { url: `${url}stock`, lands: 'ratings' },
        { url: `${url}details`, lands: 'details' },
      ],
    },
    {
      name: 'loses a route whose paths the delegate leaves',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }]
      delegate: { name: stock }
    - route: [{ destination: { host: ratings } }]`),
        delegate('shop/stock', `    - match: [{ uri: { prefix: /elsewhere } }]\n      ${catalog}`),
      ],
      calls: [
        { url: `${url}stock`, lands: 'ratings' },
        { url: `${url}elsewhere`, lands: 'ratings' },
      ],
    },
    {
      name: 'cannot use a delegate that is not exported to it',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }]
      delegate: { name: stock, namespace: stock }
    - route: [{ destination: { host: ratings } }]`),
        delegate('stock/stock', `    - ${catalog}`, 'exportTo: ["."]'),
      ],
      calls: [{ url: `${url}stock`, lands: 'ratings' }],
    },
    {
      name: 'fills in what the delegate leaves open: its rewrite, its headers, its faults',
      objects: [
        root(`
    - match: [{ uri: { prefix: /stock } }]
      rewrite: { uri: /root }
      headers: { request: { set: { x-root: "1" } } }
      delegate: { name: stock }`),
        delegate(
          'shop/stock',
          `
    - match: [{ uri: { prefix: /stock/own } }]
      rewrite: { uri: /own }
      ${catalog}
    - ${catalog}`,
        ),
      ],
      calls: [
        {
          url: `${url}stock/own`,
          lands: 'catalog',
          look: ({ seen }) => [seen?.path, seen?.headers['x-root']],
          sees: ['/own', '1'],
        },
        {
          url: `${url}stock`,
          lands: 'catalog',
          look: ({ seen }) => [seen?.path, seen?.headers['x-root']],
          sees: ['/root', '1'],
        },
      ],
    },
    {
      name: 'is followed by a change of its delegate alone',
      objects: [
        root('    - delegate: { name: stock }'),
        delegate('shop/stock', '    - directResponse: { status: 418 }'),
      ],
      calls: [{ url, lands: '418' }],
    },
  ]);
});
