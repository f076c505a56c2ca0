import { checkSituations, object, type Situation } from '../support/cases.ts';
import { webGateway } from '../support/fragments.ts';
import { client, ingress, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

/** Requests to ratings that fit the matches go to details, all others stay. */
const matching = (match: string) =>
  object(
    'VirtualService shop/ratings',
    `
  hosts: [ratings]
  http:
    - match: ${match}
      route: [{ destination: { host: details, port: { number: 80 } } }]
    - route: [{ destination: { host: ratings } }]`,
  );

const url = 'http://ratings.shop:9080/';

describeWithEnvoy('which route a request takes', (envoy) => {
  const shop = useShop(envoy, [client, visitor, ingress, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'by method',
      objects: [matching('[{ method: { exact: DELETE } }]')],
      calls: [
        { url, method: 'DELETE', lands: 'details' },
        { url, lands: 'ratings' },
      ],
    },
    {
      name: 'by scheme',
      objects: [matching('[{ scheme: { exact: http } }]')],
      calls: [{ url, lands: 'details' }],
    },
    {
      name: 'by authority, port and all',
      objects: [matching('[{ authority: { exact: "ratings.shop:9080" } }]')],
      calls: [
        { url, lands: 'details' },
        { url: 'http://ratings:9080/', lands: 'ratings' },
      ],
    },
    {
      name: 'by a parameter of the query: its value, its form, its presence',
      objects: [
        matching(
          '[{ queryParams: { page: { exact: "1" } } }, { queryParams: { id: { regex: "[0-9]+" } } }, { queryParams: { debug: {} } }]',
        ),
      ],
      calls: [
        { url: `${url}?page=1&x=y`, lands: 'details' },
        { url: `${url}?page=12`, lands: 'ratings' },
        { url: `${url}?id=77`, lands: 'details' },
        { url: `${url}?id=77a`, lands: 'ratings' },
        { url: `${url}?debug`, lands: 'details' },
      ],
    },
    {
      name: 'by a header’s prefix, form and presence',
      objects: [
        matching(
          '[{ headers: { x-a: { prefix: be } } }, { headers: { x-b: { regex: "b+" } } }, { headers: { x-c: {} } }]',
        ),
      ],
      calls: [
        { url, headers: { 'x-a': 'beta' }, lands: 'details' },
        { url, headers: { 'x-a': 'alpha' }, lands: 'ratings' },
        { url, headers: { 'x-b': 'bbb' }, lands: 'details' },
        { url, headers: { 'x-b': 'abbb' }, lands: 'ratings' },
        { url, headers: { 'x-c': 'anything' }, lands: 'details' },
      ],
    },
    {
      name: 'by a header that it does not have',
      objects: [matching('[{ withoutHeaders: { x-a: {} } }]')],
      calls: [
        { url, lands: 'details' },
        { url, headers: { 'x-a': '1' }, lands: 'ratings' },
      ],
    },
    {
      name: 'by a header that has not this value, which a missing one has not either',
      objects: [matching('[{ withoutHeaders: { x-a: { exact: "1" } } }]')],
      calls: [
        { url, lands: 'details' },
        { url, headers: { 'x-a': '2' }, lands: 'details' },
        { url, headers: { 'x-a': '1' }, lands: 'ratings' },
      ],
    },
    {
      name: 'by path in any case, where that is asked for',
      objects: [matching('[{ uri: { prefix: /Books }, ignoreUriCase: true }]')],
      calls: [
        { url: `${url}BOOKS/1`, lands: 'details' },
        { url: `${url}book`, lands: 'ratings' },
      ],
    },
    {
      name: 'by path in its own case otherwise',
      objects: [matching('[{ uri: { prefix: /Books } }]')],
      calls: [
        { url: `${url}Books/1`, lands: 'details' },
        { url: `${url}books/1`, lands: 'ratings' },
      ],
    },
    {
      name: 'a prefix is text, not a folder',
      objects: [matching('[{ uri: { prefix: /book } }]')],
      calls: [{ url: `${url}bookshelf`, lands: 'details' }],
    },
    {
      name: 'conditions of one match must all hold, and one of several matches suffices',
      objects: [matching('[{ uri: { prefix: /a }, headers: { x-a: { exact: "1" } } }, { method: { exact: PUT } }]')],
      calls: [
        { url: `${url}a`, headers: { 'x-a': '1' }, lands: 'details' },
        { url: `${url}a`, lands: 'ratings' },
        { url, headers: { 'x-a': '1' }, lands: 'ratings' },
        { url, method: 'PUT', lands: 'details' },
      ],
    },
    {
      name: 'by the port that was called',
      objects: [matching('[{ port: 9080 }]')],
      calls: [{ url, lands: 'details' }],
    },
    {
      name: 'by another port than was called: never',
      objects: [matching('[{ port: 9081 }]')],
      calls: [{ url, lands: 'ratings' }],
    },
    {
      name: 'by the labels of the caller',
      objects: [matching('[{ sourceLabels: { app: client, version: v7 } }]')],
      calls: [
        { url, lands: 'details' },
        { from: 'visitor', url, lands: 'ratings' },
      ],
    },
    {
      name: 'by the namespace of the caller',
      objects: [matching('[{ sourceNamespace: stock }]')],
      calls: [
        { url, lands: 'ratings' },
        { from: 'visitor', url, lands: 'details' },
      ],
    },
    {
      name: 'a match for a gateway is not one for the mesh',
      objects: [
        webGateway('*'),
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  gateways: [edge/web, mesh]
  http:
    - match: [{ gateways: [edge/web] }]
      route: [{ destination: { host: details, port: { number: 80 } } }]
    - match: [{ gateways: [mesh] }]
      route: [{ destination: { host: ratings, port: { number: 9080 } } }]`,
        ),
      ],
      calls: [
        { url, lands: 'ratings' },
        { from: 'ingress', url: 'http://ratings.shop.svc.cluster.local/', lands: 'details' },
      ],
    },
    {
      name: 'a route that takes everything ends the list',
      objects: [
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http:
    - match: [{ uri: { prefix: / } }]
      route: [{ destination: { host: ratings } }]
    - match: [{ uri: { exact: /later } }]
      route: [{ destination: { host: details, port: { number: 80 } } }]`,
        ),
      ],
      calls: [{ url: `${url}later`, lands: 'ratings' }],
    },
    {
      name: 'a prefix of / with a header does not take everything',
      objects: [
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http:
    - match: [{ uri: { prefix: / }, headers: { x-a: { exact: "1" } } }]
      route: [{ destination: { host: ratings } }]
    - match: [{ uri: { exact: /later } }]
      route: [{ destination: { host: details, port: { number: 80 } } }]`,
        ),
      ],
      calls: [
        { url: `${url}later`, headers: { 'x-a': '1' }, lands: 'ratings' },
        { url: `${url}later`, lands: 'details' },
        { url, lands: '404' },
      ],
    },
    {
      name: 'a path is normalised before it is matched',
      objects: [matching('[{ uri: { exact: /b } }]')],
      calls: [
        { url: `${url}a/../b`, lands: 'details' },
        { url: `${url}./b`, lands: 'details' },
      ],
    },
  ]);
});
