import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type GatewayProxyText,
  gateway,
  gatewayProxy,
  service,
  virtualService,
} from '../../test/support/gateway-proxy.ts';

const http = (hosts: string, more = '') =>
  `- { port: { number: 80, name: http, protocol: HTTP }, hosts: ${hosts}${more} }\n`;
const redirect = ', tls: { httpsRedirect: true }';

const to = (host: string, hosts: string, options: { readonly gateways?: string; readonly match?: string } = {}) => {
  const { gateways = '[edge/a]', match = '' } = options;
  return `hosts: ${hosts}
gateways: ${gateways}
http:
- ${match === '' ? '' : `match: ${match}\n  `}route: [{ destination: { host: ${host} } }]`;
};

const shop = service('shop/shop', '- { name: http, port: 8000 }', { clusterIP: '10.1.0.1' });
const pay = service('shop/pay', '- { name: http, port: 9000 }', { clusterIP: '10.1.0.2' });

describe('the virtual hosts of a gateway', () => {
  function check(
    name: string,
    objects: readonly string[],
    expected: readonly string[] | undefined,
    { route = 'http.80', ...proxy }: GatewayProxyText & { readonly route?: string } = {},
  ): void {
    it(name, () => assert.deepEqual(gatewayProxy([shop, pay, ...objects], proxy).hosts(route), expected));
  }

  check(
    'take requests for a host that the server and a rule name',
    [gateway('edge/a', http('[a.test]')), virtualService('shop/r', to('shop', '[a.test]'))],
    ['a.test:80 (a.test): → shop:8000'],
  );
  check('answer 404 when no rule is bound', [gateway('edge/a', http('[a.test]'))], ['blackhole:80 (*): nothing']);
  check('are none for a name that no server has', [gateway('edge/a', http('[a.test]'))], undefined, {
    route: 'http.81',
  });
  check(
    'have the narrower host of a server and a rule',
    [gateway('edge/a', http("['*.test', x.example]")), virtualService('shop/r', to('shop', "[a.test, '*.example']"))],
    ['a.test:80 (a.test, x.example): → shop:8000'],
  );
  check(
    'take a rule that is bound by a bare name only in its own namespace',
    [
      gateway('edge/a', http("['*']")),
      virtualService('edge/own', to('shop.shop.svc.cluster.local', '[own.test]', { gateways: '[a]' })),
      virtualService('shop/other', to('shop', '[other.test]', { gateways: '[a]' })),
    ],
    ['own.test:80 (own.test): → shop:8000'],
  );
  check(
    'take rules only of the namespaces that a server allows for a host',
    [
      gateway('edge/a', http("[shop/a.test, ./b.test, '*/c.test']")),
      virtualService('shop/r', to('shop', '[a.test, b.test, c.test]')),
      virtualService('bank/r', to('bank', '[a.test]')),
    ],
    ['a.test:80 (a.test, c.test): → shop:8000'],
  );
  check(
    'take no rule that is not shown to the namespace of the proxy',
    [
      gateway('edge/a', http("['*']")),
      virtualService('shop/r', `${to('shop', '[a.test]')}\nexportTo: ['.']`),
      virtualService('shop/s', `${to('shop', '[b.test]')}\nexportTo: [edge]`),
    ],
    ['b.test:80 (b.test): → shop:8000'],
  );
  check(
    'have the routes of all rules for a host, the older first, and those that take everything last',
    [
      gateway('edge/a', http("['*']")),
      virtualService('shop/old', to('shop', '[a.test]'), { createdAt: '2024-01-01' }),
      virtualService('shop/new', to('pay', '[a.test]', { match: '[{ uri: { prefix: /pay } }]' }), {
        createdAt: '2024-02-01',
      }),
    ],
    ['a.test:80 (a.test): /pay → pay:9000, → shop:8000'],
  );
  check(
    'have only the routes that are for this Gateway and port',
    [
      gateway('edge/a', http("['*']")),
      virtualService(
        'shop/r',
        `hosts: [a.test]
gateways: [edge/a, edge/b, mesh]
http:
- match: [{ gateways: [edge/b] }, { gateways: [mesh] }, { port: 81 }]
  route: [{ destination: { host: pay } }]
- match: [{ gateways: [edge/a], uri: { prefix: /a } }, { port: 80, uri: { prefix: /b } }]
  route: [{ destination: { host: shop } }]`,
      ),
    ],
    ['a.test:80 (a.test): /a → shop:8000, /b → shop:8000'],
  );
  check(
    'of several Gateways stand together on one port',
    [
      gateway('edge/a', http('[a.test]')),
      gateway('edge/b', http('[b.test]')),
      virtualService('shop/r', to('shop', "['*.test']", { gateways: '[edge/a]' })),
      virtualService('shop/s', to('pay', "['*.test']", { gateways: '[edge/b]' })),
    ],
    ['a.test:80 (a.test): → shop:8000', 'b.test:80 (b.test): → pay:9000'],
  );
  check(
    'bear the stated port although the listener has another',
    [
      gateway('edge/a', http('[a.test]')),
      virtualService('shop/r', to('shop', '[a.test]')),
      service('edge/front', '- { name: http, port: 80, targetPort: 8080 }', { selector: { app: 'ingress' } }),
    ],
    ['a.test:80 (a.test): → shop:8000'],
    { route: 'http.8080' },
  );

  check(
    'send plain requests to HTTPS, whether or not a rule is bound',
    [gateway('edge/a', http('[a.test, b.test]', redirect)), virtualService('shop/r', to('shop', '[a.test]'))],
    ['a.test:80 (a.test): redirect, → shop:8000', 'b.test:80 (b.test): redirect'],
  );
  check(
    'send only those hosts to HTTPS whose server says so',
    [
      gateway('edge/a', http('[a.test]', redirect)),
      gateway('edge/b', http('[b.test]')),
      virtualService('shop/r', to('shop', '[a.test, b.test]', { gateways: '[edge/a, edge/b]' })),
    ],
    ['a.test:80 (a.test): redirect, → shop:8000', 'b.test:80 (b.test): → shop:8000'],
  );
  check(
    'of an HTTPS server have a route name of their own',
    [
      gateway(
        'edge/a',
        '- { port: { number: 443, name: web, protocol: HTTPS }, hosts: [a.test], tls: { mode: SIMPLE, credentialName: a } }',
      ),
      virtualService('shop/r', to('shop', '[a.test, b.test]')),
    ],
    ['a.test:443 (a.test): → shop:8000'],
    { route: 'https.443.web.a.edge' },
  );
  check(
    'of an HTTPS server have each route once although it listens on two ports',
    [
      gateway(
        'edge/a',
        '- { port: { number: 443, name: web, protocol: HTTPS }, hosts: [a.test], tls: { mode: SIMPLE, credentialName: a } }',
        {
          annotations: { 'internal.istio.io/gateway-service': 'one.edge.svc.cluster.local,two.edge.svc.cluster.local' },
        },
      ),
      virtualService('shop/r', to('shop', '[a.test]')),
      service('edge/one', '- { name: https, port: 443, targetPort: 8443 }', { selector: { app: 'ingress' } }),
      service('edge/two', '- { name: https, port: 443, targetPort: 9443 }', { selector: { app: 'ingress' } }),
    ],
    ['a.test:443 (a.test): → shop:8000'],
    { route: 'https.443.web.a.edge' },
  );
  check(
    'of a bind address have a route name of their own',
    [gateway('edge/a', http("['*']", ', bind: 10.0.0.9')), virtualService('shop/r', to('shop', '[a.test]'))],
    ['a.test:80 (a.test): → shop:8000'],
    { route: 'http.80.10.0.0.9' },
  );
});
