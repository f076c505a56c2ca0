import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Application, startHttpApplication } from '../support/application.ts';
import { call, landing } from '../support/call.ts';
import { checkSituations, object, type Situation } from '../support/cases.ts';
import { anyReviews, registryOnly } from '../support/fragments.ts';
import { serviceOf } from '../support/kubernetes.ts';
import { client, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const ratings = 'http://ratings.shop:9080/';
const catalog = 'http://catalog.stock:9080/';

describeWithEnvoy('what a Sidecar lets its workloads see', (envoy) => {
  const shop = useShop(envoy, [client, visitor, intercepted]);
  const check = (situations: readonly Situation[]) =>
    checkSituations(
      shop,
      situations.map((situation) => ({ meshConfig: registryOnly, ...situation })),
    );

  check([
    {
      name: 'services of its own namespace only',
      objects: [object('Sidecar shop/default', 'egress: [{ hosts: ["./*"] }]')],
      calls: [
        { url: ratings, lands: 'ratings' },
        { url: catalog, lands: '502' },
        { from: 'visitor', url: ratings, lands: 'ratings' },
      ],
    },
    {
      name: 'one service of another namespace',
      objects: [object('Sidecar shop/default', 'egress: [{ hosts: ["stock/catalog.stock.svc.cluster.local"] }]')],
      calls: [
        { url: catalog, lands: 'catalog' },
        { url: ratings, lands: '502' },
      ],
    },
    {
      name: 'nothing',
      objects: [object('Sidecar shop/default', 'egress: [{ hosts: ["~/*"] }]')],
      calls: [
        { url: catalog, lands: '502' },
        { url: ratings, lands: '502' },
      ],
    },
    {
      name: 'by the one for its workload, before the one for its namespace',
      objects: [
        object('Sidecar shop/default', 'egress: [{ hosts: ["~/*"] }]'),
        object('Sidecar shop/client', 'workloadSelector: { labels: { app: client } }\negress: [{ hosts: ["./*"] }]'),
      ],
      calls: [
        { url: ratings, lands: 'ratings' },
        { url: catalog, lands: '502' },
      ],
    },
    {
      name: 'by the one of the root namespace, where theirs has none',
      objects: [
        object('Sidecar istio-system/default', 'egress: [{ hosts: ["./*"] }]'),
        object('Sidecar shop/default', 'egress: [{ hosts: ["*/*"] }]'),
      ],
      calls: [
        { url: catalog, lands: 'catalog' },
        { from: 'visitor', url: catalog, lands: 'catalog' },
        { from: 'visitor', url: ratings, lands: '502' },
      ],
    },
    {
      name: 'destinations of the rules that it imports, although it does not import these',
      objects: [
        object('Sidecar shop/default', 'egress: [{ hosts: ["./*"] }]'),
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http: [{ route: [{ destination: { host: catalog.stock.svc.cluster.local } }] }]`,
        ),
      ],
      calls: [{ url: ratings, lands: 'catalog' }],
    },
    {
      name: 'no rule about a service that it does not import',
      objects: [
        object('Sidecar shop/default', 'egress: [{ hosts: ["shop/*"] }]'),
        object(
          'VirtualService stock/ratings',
          `
  hosts: [ratings.shop.svc.cluster.local]
  http: [{ directResponse: { status: 418 } }]`,
        ),
      ],
      calls: [
        { url: ratings, lands: 'ratings' },
        { from: 'visitor', url: ratings, lands: '418' },
      ],
    },
    {
      name: 'on a port of its own other services than on the rest',
      objects: [
        object(
          'Sidecar shop/default',
          `
  egress:
    - port: { number: 9080, name: http, protocol: HTTP }
      hosts: ["stock/*"]
    - hosts: ["shop/*"]`,
        ),
      ],
      calls: [
        { port: 9080, url: catalog, lands: 'catalog' },
        { port: 9080, url: ratings, lands: '502' },
        { url: 'http://details/', lands: 'details' },
      ],
    },
    {
      name: 'what nobody claims is refused by it, whatever the mesh says',
      meshConfig: '',
      objects: [
        object('Sidecar shop/default', 'outboundTrafficPolicy: { mode: REGISTRY_ONLY }\negress: [{ hosts: ["./*"] }]'),
      ],
      calls: [{ url: catalog, lands: '502' }],
    },
    {
      name: 'what nobody claims goes to the proxy for it, where one is named',
      meshConfig: '',
      objects: [
        object(
          'Sidecar shop/default',
          `
  egress: [{ hosts: ["./*"] }]
  outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: { host: ratings.shop.svc.cluster.local, port: { number: 9080 } } }`,
        ),
      ],
      calls: [{ url: 'http://elsewhere.example.com/', lands: 'ratings' }],
    },
    {
      name: 'a Sidecar for other workloads leaves these alone',
      objects: [
        object('Sidecar shop/others', 'workloadSelector: { labels: { app: other } }\negress: [{ hosts: ["~/*"] }]'),
      ],
      calls: [{ url: 'http://reviews:9080/', lands: anyReviews }],
    },
  ]);
});

describeWithEnvoy('where a Sidecar has its workload served', (envoy) => {
  const server = { name: 'server', namespace: 'shop', labels: { app: 'server' } } as const;
  const shop = useShop(envoy, [client, server, intercepted]);
  const apps: Application[] = [];

  before(async () => {
    const { application: address } = shop().mesh.proxy('server');
    apps.push(await startHttpApplication({ name: 'usual', address, port: 7000 }));
    apps.push(await startHttpApplication({ name: 'other', address, port: 7001 }));
  });
  after(() => Promise.all(apps.map((app) => app.close())));

  interface Case {
    readonly name: string;
    readonly ingress: string;
    readonly lands: string;
  }

  function check(cases: readonly Case[]): void {
    for (const { name, ingress, lands } of cases)
      test(name, async () => {
        const { mesh } = shop();
        const { ip } = mesh.proxy('server');
        await mesh.apply(
          [
            serviceOf({
              name: 'server',
              namespace: 'shop',
              selector: { app: 'server' },
              ports: [{ name: 'http', port: 80, targetPort: 7000 }],
              endpoints: [{ address: ip }],
            }),
            object('Sidecar shop/server', `workloadSelector: { labels: { app: server } }\n${ingress}`),
          ].join('\n---\n'),
        );
        assert.equal(landing(await call(mesh.proxy('client').httpProxy, { url: 'http://server/' })), lands);
      });
  }

  check([
    {
      name: 'as its services say, without ingress of its own',
      ingress: 'egress: [{ hosts: ["*/*"] }]',
      lands: 'usual',
    },
    {
      name: 'at another port of the application',
      ingress: 'ingress: [{ port: { number: 7000, name: http, protocol: HTTP }, defaultEndpoint: "127.0.0.1:7001" }]',
      lands: 'other',
    },
  ]);
});
