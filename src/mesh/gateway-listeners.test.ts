import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type GatewayProxyText,
  gateway,
  gatewayProxy,
  object,
  service,
  virtualService,
} from '../../test/support/gateway-proxy.ts';

const http = (port: number, hosts = "['*']") =>
  `- { port: { number: ${port}, name: http-${port}, protocol: HTTP }, hosts: ${hosts} }\n`;
const https = (name: string, hosts: string, tls = `{ mode: SIMPLE, credentialName: ${name} }`) =>
  `- { port: { number: 443, name: ${name}, protocol: HTTPS }, hosts: ${hosts}, tls: ${tls} }\n`;
const passing = (name: string, hosts: string, mode = 'PASSTHROUGH') =>
  `- { port: { number: 443, name: ${name}, protocol: TLS }, hosts: ${hosts}, tls: { mode: ${mode} } }\n`;
const tcp = (port: number, protocol = 'TCP') =>
  `- { port: { number: ${port}, name: tcp-${port}, protocol: ${protocol} }, hosts: ['*'] }\n`;

describe('a gateway listens', () => {
  function check(
    name: string,
    objects: readonly string[],
    chains: { readonly [listener: string]: readonly string[] },
    proxy?: GatewayProxyText,
  ): void {
    it(name, () => assert.deepEqual(gatewayProxy(objects, proxy).chains, chains));
  }

  check('on each port of its Gateways', [gateway('edge/a', http(80) + http(8081))], {
    '0.0.0.0_80': ['any: → http.80'],
    '0.0.0.0_8081': ['any: → http.8081'],
  });
  check(
    'on all addresses of its family',
    [gateway('edge/a', http(80))],
    { '::_80': ['any: → http.80'] },
    { ip: 'fd00::1' },
  );
  check('on a bind address', [gateway('edge/a', `${http(80).trimEnd().slice(0, -2)}, bind: 10.0.0.9 }`)], {
    '10.0.0.9_80': ['any: → http.80.10.0.0.9'],
  });
  check(
    'at a Unix socket',
    [
      gateway(
        'edge/a',
        '- { port: { number: 0, name: http, protocol: HTTP }, hosts: [a.test], bind: unix:///run/edge.sock }',
      ),
    ],
    { 'unix:///run/edge.sock_0': ['any: → http.0.unix:///run/edge.sock'] },
    { metadata: { UNPRIVILEGED_POD: 'true' } },
  );
  check(
    'not on low ports when it has no privileges',
    [gateway('edge/a', http(80) + http(8081))],
    { '0.0.0.0_8081': ['any: → http.8081'] },
    { metadata: { UNPRIVILEGED_POD: 'true' } },
  );
  check(
    'with one chain for all plain HTTP of a port',
    [gateway('edge/a', http(80, '[a.test]')), gateway('edge/b', http(80, '[b.test]'))],
    { '0.0.0.0_80': ['any: → http.80'] },
  );
  check(
    'with one chain for each HTTPS server',
    [gateway('edge/a', https('one', '[b.test, a.test]') + https('two', "['*']"))],
    { '0.0.0.0_443': ['a.test, b.test: TLS → https.443.one.a.edge', 'any: TLS → https.443.two.a.edge'] },
  );

  const front = (targetPort: number | string, options: { readonly [field: string]: unknown } = {}) =>
    service('edge/front', `- { name: http, port: 80, targetPort: ${targetPort} }`, {
      selector: { app: 'ingress' },
      ...options,
    });
  const pod = `apiVersion: v1
kind: Pod
metadata: { name: ingress-1, namespace: edge, labels: { app: ingress } }
spec: { containers: [{ ports: [{ name: web, containerPort: 8080 }] }] }
status: { phase: Running, podIP: 10.0.0.1 }`;

  check('where the Service in front of it sends connections', [gateway('edge/a', http(80)), front(8080)], {
    '0.0.0.0_8080': ['any: → http.8080'],
  });
  check('where a named target port is', [gateway('edge/a', http(80)), front('web'), pod], {
    '0.0.0.0_8080': ['any: → http.8080'],
  });
  check(
    'where the oldest of several Services sends connections',
    [
      gateway('edge/a', http(80)),
      front(8080, { createdAt: '2024-02-01' }),
      front(9090, { createdAt: '2024-01-01' }).replace('name: front', 'name: older'),
    ],
    { '0.0.0.0_9090': ['any: → http.9090'] },
  );
  check(
    'on the port itself when its Service has translation switched off',
    [
      gateway('edge/a', http(80)),
      front(8080, { labels: { 'experimental.istio.io/disable-gateway-port-translation': 'true' } }),
    ],
    { '0.0.0.0_80': ['any: → http.80'] },
  );
  check(
    'for a Gateway that names its Services on all their target ports',
    [
      gateway('edge/a', http(80) + http(81), {
        annotations: {
          'internal.istio.io/gateway-service': 'front.edge.svc.cluster.local,other.edge.svc.cluster.local',
        },
      }),
      front(8080),
      front(9090).replace('name: front', 'name: other'),
    ],
    { '0.0.0.0_8080': ['any: → http.8080'], '0.0.0.0_9090': ['any: → http.9090'] },
  );
  check(
    'not for a Gateway that names Services of others',
    [
      gateway('shop/a', http(80), {
        annotations: { 'internal.istio.io/gateway-service': 'front.edge.svc.cluster.local' },
      }),
      front(8080),
    ],
    {},
  );

  const database = service('shop/db', '- { name: tcp, port: 5432 }', { clusterIP: '10.1.0.1' });
  const toDb = (more = '', match = '') =>
    `hosts: ['*']
gateways: [edge/a]
tcp:
- ${match === '' ? '' : `match: ${match}\n  `}route: [{ destination: { host: db${more} } }]`;

  check(
    'for TCP with the first route that fits',
    [gateway('edge/a', tcp(5432)), database, virtualService('shop/db', toDb())],
    { '0.0.0.0_5432': ['any: → db:5432'] },
  );
  check('for TCP only when a route fits', [gateway('edge/a', tcp(5432)), database], {});
  check(
    'for TCP with routes that ask for its port',
    [gateway('edge/a', tcp(5432) + tcp(5433)), database, virtualService('shop/db', toDb('', '[{ port: 5433 }]'))],
    { '0.0.0.0_5433': ['any: → db:5432'] },
  );
  check(
    'for TCP whatever a route says of where connections come from and go to',
    [
      gateway('edge/a', tcp(5432)),
      database,
      virtualService('shop/db', toDb('', '[{ sourceLabels: { app: other }, destinationSubnets: [10.2.0.0/16] }]')),
    ],
    { '0.0.0.0_5432': ['any: → db:5432'] },
  );
  check(
    'for TCP with weights',
    [
      gateway('edge/a', tcp(5432)),
      database,
      object('DestinationRule', 'shop/db', 'host: db\nsubsets: [{ name: new, labels: { version: new } }]', {}),
      virtualService(
        'shop/db',
        `hosts: ['*']
gateways: [edge/a]
tcp:
- route:
  - { destination: { host: db }, weight: 90 }
  - { destination: { host: db, subset: new }, weight: 10 }`,
      ),
    ],
    { '0.0.0.0_5432': ['any: → db:5432 90, db:5432/new 10'] },
  );
  check(
    'for TCP within TLS',
    [
      gateway(
        'edge/a',
        `- { port: { number: 443, name: tls, protocol: TLS }, hosts: [db.test], tls: { mode: SIMPLE, credentialName: db } }`,
      ),
      database,
      virtualService('shop/db', toDb().replace("'*'", 'db.test')),
    ],
    { '0.0.0.0_443': ['db.test: TLS → db:5432'] },
  );

  const byName = (name: string, sni: string, options: { readonly createdAt?: string; readonly to?: string } = {}) =>
    virtualService(
      `shop/${name}`,
      `hosts: ['*.test']
gateways: [edge/a]
tls:
- match: [{ sniHosts: ${sni} }]
  route: [{ destination: { host: ${options.to ?? 'db'} } }]`,
      options,
    );
  check(
    'for TLS that it passes with a chain for each match',
    [
      gateway('edge/a', passing('pass', "['*.test']")),
      database,
      virtualService(
        'shop/db',
        `hosts: [a.test, b.test]
gateways: [edge/a]
tls:
- match: [{ sniHosts: [a.test] }, { sniHosts: [b.test], port: 443 }, { sniHosts: [b.test], port: 444 }]
  route: [{ destination: { host: db } }]`,
      ),
    ],
    { '0.0.0.0_443': ['a.test: → db:5432', 'b.test: → db:5432'] },
  );
  check(
    'for a server name with the oldest rule that names it',
    [
      gateway('edge/a', passing('pass', "['*.test']")),
      database,
      byName('new', '[a.test, b.test]', { createdAt: '2024-02-01', to: 'other' }),
      byName('old', '[a.test]', { createdAt: '2024-01-01' }),
    ],
    { '0.0.0.0_443': ['a.test: → db:5432'] },
  );
  check(
    'for a server name with the server that takes TLS off, before those that pass it',
    [gateway('edge/a', passing('pass', "['*.test']") + https('shop', '[a.test]')), database, byName('db', '[a.test]')],
    { '0.0.0.0_443': ['a.test: TLS → https.443.shop.a.edge'] },
  );
  check(
    'with each server name once where servers overlap',
    [
      gateway('edge/a', passing('one', '[a.test]') + https('two', "['*']", '{ mode: PASSTHROUGH }')),
      database,
      byName('db', '[a.test]'),
    ],
    { '0.0.0.0_443': ['a.test: → db:5432'] },
  );
  check(
    'only for rules of the namespaces that a server allows',
    [gateway('edge/a', passing('pass', '[bank/*.test]')), database, byName('db', '[a.test]')],
    {},
  );
});

describe('a gateway between networks', () => {
  const objects = [
    gateway('edge/a', passing('auto', "['*.shop.svc.cluster.local']", 'AUTO_PASSTHROUGH')),
    service('shop/db', '- { name: tcp, port: 5432 }', { clusterIP: '10.1.0.1', selector: { app: 'db' } }),
    service('bank/vault', '- { name: tls, port: 8200 }', { clusterIP: '10.1.0.2' }),
    object('DestinationRule', 'shop/db', 'host: db\nsubsets: [{ name: new, labels: { version: v2 } }]', {}),
    object(
      'ServiceEntry',
      'shop/outside',
      'hosts: [api.shop.svc.cluster.local]\nlocation: MESH_EXTERNAL\nresolution: DNS\nports: [{ number: 443, name: tls, protocol: TLS }]',
      {},
    ),
  ];

  it('has a chain for each port and subset of the hosts that it is for, and none for hosts outside the mesh', () => {
    assert.deepEqual(gatewayProxy(objects).chains, {
      '0.0.0.0_443': [
        'outbound_.5432_._.db.shop.svc.cluster.local: → outbound_.5432_._.db.shop.svc.cluster.local',
        'outbound_.5432_.new_.db.shop.svc.cluster.local: → outbound_.5432_.new_.db.shop.svc.cluster.local',
      ],
    });
  });
});
