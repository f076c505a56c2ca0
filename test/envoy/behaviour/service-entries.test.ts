import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Application, startHttpApplication } from '../support/application.ts';
import { call, callMany, landing } from '../support/call.ts';
import { checkSituations, object, type Situation } from '../support/cases.ts';
import { registryOnly, webGateway } from '../support/fragments.ts';
import { podOf, serviceOf } from '../support/kubernetes.ts';
import { client, ingress, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const http = '[{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]';
const url = 'http://legacy.example.com/';

describeWithEnvoy('what a ServiceEntry adds to the mesh', (envoy) => {
  const shop = useShop(envoy, [client, visitor, ingress, intercepted]);
  const at = (name: string) => shop().app(name).address;
  const folder = mkdtempSync(join(tmpdir(), 'fairway-socket-'));
  const socket = join(folder, 'app.sock');
  const apps = new Map<string, Application>();

  before(async () => {
    apps.set('socket', await startHttpApplication({ name: 'socket', address: socket, port: 0 }));
    apps.set('local', await startHttpApplication({ name: 'local', address: '127.0.0.1', port: 0 }));
  });
  after(async () => {
    await Promise.all([...apps.values()].map((app) => app.close()));
    rmSync(folder, { recursive: true });
  });

  const check = (situations: readonly Situation[]) =>
    checkSituations(
      shop,
      situations.map((situation) => ({ meshConfig: registryOnly, ...situation })),
    );

  const entry = (name: string, spec: string, createdAt?: string) =>
    object(`ServiceEntry ${name}`, `\n  ports: ${http}\n${spec}`, createdAt);

  check([
    {
      name: 'hosts with stated endpoints, for everyone',
      objects: () => [
        entry(
          'shop/legacy',
          `  hosts: [legacy.example.com, old.example.com]\n  resolution: STATIC\n  endpoints: [{ address: ${at('legacy')} }]`,
        ),
        webGateway('*'),
        object(
          'VirtualService edge/legacy',
          `
  hosts: [www.example.com]
  gateways: [web]
  http: [{ route: [{ destination: { host: legacy.example.com } }] }]`,
        ),
      ],
      calls: [
        { url, lands: 'legacy' },
        { url: 'http://old.example.com/', lands: 'legacy' },
        { from: 'visitor', url, lands: 'legacy' },
        { from: 'ingress', url: 'http://www.example.com/', lands: 'legacy' },
      ],
    },
    {
      name: 'only for its namespace, where it is exported to no other',
      objects: () => [
        entry(
          'shop/legacy',
          `  hosts: [legacy.example.com]\n  exportTo: ["."]\n  resolution: STATIC\n  endpoints: [{ address: ${at('legacy')} }]`,
        ),
      ],
      calls: [
        { url, lands: 'legacy' },
        { from: 'visitor', url, lands: '502' },
      ],
    },
    {
      name: 'a host for each namespace that states it: the client’s own first',
      objects: () => [
        entry(
          'shop/legacy',
          `  hosts: [legacy.example.com]\n  exportTo: ["."]\n  resolution: STATIC\n  endpoints: [{ address: ${at('legacy')} }]`,
        ),
        entry(
          'stock/legacy',
          `  hosts: [legacy.example.com]\n  exportTo: ["."]\n  resolution: STATIC\n  endpoints: [{ address: ${at('catalog')} }]`,
        ),
      ],
      calls: [
        { url, lands: 'legacy' },
        { from: 'visitor', url, lands: 'catalog' },
      ],
    },
    {
      name: 'a wildcard host with stated endpoints',
      objects: () => [
        entry(
          'shop/legacy',
          `  hosts: ["*.example.com"]\n  resolution: STATIC\n  endpoints: [{ address: ${at('legacy')} }]`,
        ),
      ],
      calls: [
        { url, lands: 'legacy' },
        { url: 'http://a.b.example.com/', lands: 'legacy' },
        { url: 'http://example.com/', lands: '502' },
      ],
    },
    {
      name: 'endpoints with ports of their own',
      objects: () => [
        object(
          'ServiceEntry shop/legacy',
          `
  hosts: [legacy.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${at('legacy')}, ports: { http: 8080 } }]`,
        ),
      ],
      calls: [{ url, lands: 'legacy' }],
    },
    {
      name: 'an endpoint on a Unix socket',
      objects: () => [
        object(
          'ServiceEntry shop/legacy',
          `
  hosts: [legacy.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: "unix://${socket}" }]`,
        ),
      ],
      calls: [{ url, lands: 'socket' }],
    },
    {
      name: 'the endpoints of WorkloadEntries that it selects',
      objects: () => [
        entry(
          'shop/legacy',
          '  hosts: [legacy.example.com]\n  resolution: STATIC\n  workloadSelector: { labels: { app: old } }',
        ),
        object('WorkloadEntry shop/one', `address: ${at('legacy')}\nlabels: { app: old }`),
        object('WorkloadEntry shop/other', `address: ${at('ratings')}\nlabels: { app: new }`),
        object('WorkloadEntry stock/one', `address: ${at('ratings')}\nlabels: { app: old }`),
      ],
      calls: [
        { url, lands: 'legacy' },
        { url, lands: 'legacy' },
        { url, lands: 'legacy' },
      ],
    },
    {
      name: 'pods that it selects',
      objects: () => [
        entry(
          'shop/legacy',
          '  hosts: [legacy.example.com]\n  resolution: STATIC\n  workloadSelector: { labels: { app: old } }',
        ),
        podOf({ name: 'old', namespace: 'shop', address: at('legacy'), labels: { app: 'old' } }),
      ],
      calls: [{ url, lands: 'legacy' }],
    },
    {
      name: 'subsets by the labels of its endpoints',
      objects: () => [
        entry(
          'shop/legacy',
          `  hosts: [legacy.example.com]
  resolution: STATIC
  endpoints: [{ address: ${at('legacy')}, labels: { era: old } }, { address: ${at('ratings')}, labels: { era: new } }]`,
        ),
        object(
          'DestinationRule shop/legacy',
          'host: legacy.example.com\nsubsets: [{ name: old, labels: { era: old } }]',
        ),
        object(
          'VirtualService shop/legacy',
          `
  hosts: [legacy.example.com]
  http: [{ route: [{ destination: { host: legacy.example.com, subset: old } }] }]`,
        ),
      ],
      calls: [
        { url, lands: 'legacy' },
        { url, lands: 'legacy' },
        { url, lands: 'legacy' },
      ],
    },
    {
      name: 'a name that DNS is asked for',
      objects: () => [
        object(
          'ServiceEntry shop/legacy',
          `
  hosts: [legacy.example.com]
  resolution: DNS
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: localhost, ports: { http: ${apps.get('local')?.port} } }]`,
        ),
      ],
      calls: [{ url, lands: 'local' }],
    },
    {
      name: 'a name that DNS is asked for at each new connection',
      objects: () => [
        object(
          'ServiceEntry shop/legacy',
          `
  hosts: [legacy.example.com]
  resolution: DNS_ROUND_ROBIN
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: localhost, ports: { http: ${apps.get('local')?.port} } }]`,
        ),
      ],
      calls: [{ url, lands: 'local' }],
    },
    {
      name: 'nothing where a Kubernetes Service of another namespace has its host',
      objects: () => [
        entry(
          'stock/ratings',
          `  hosts: [ratings.shop.svc.cluster.local]\n  resolution: STATIC\n  endpoints: [{ address: ${at('legacy')} }]`,
        ),
      ],
      calls: [{ url: 'http://ratings:9080/', lands: 'ratings' }],
    },
  ]);

  test('any name under a wildcard, which DNS is asked for when it is called', async () => {
    const { mesh } = shop();
    const port = apps.get('local')?.port;
    await mesh.apply(
      object(
        'ServiceEntry shop/any',
        `
  hosts: ["*.localhost"]
  resolution: DYNAMIC_DNS
  ports: [{ number: ${port}, name: http, protocol: HTTP }]`,
      ),
    );
    assert.equal(landing(await call(mesh.proxy('client').httpProxy, { url: `http://a.localhost:${port}/` })), 'local');
  });

  test('endpoints that a WorkloadEntry brings to a Kubernetes Service', async () => {
    const { mesh } = shop();
    await mesh.apply(
      [
        serviceOf({
          name: 'mixed',
          namespace: 'shop',
          selector: { app: 'mixed' },
          ports: [{ name: 'http', port: 80, targetPort: 8080 }],
          endpoints: [{ address: at('ratings') }],
        }),
        object('WorkloadEntry shop/machine', `address: ${at('legacy')}\nlabels: { app: mixed }`),
      ].join('\n---\n'),
    );
    const landings = await callMany(mesh.proxy('client').httpProxy, { url: 'http://mixed/' }, 60);
    assert.deepEqual([...new Set(landings)].sort(), ['legacy', 'ratings']);
  });
});
