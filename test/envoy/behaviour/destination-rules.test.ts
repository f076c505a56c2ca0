import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, callMany, landing } from '../support/call.ts';
import { checkSituations, entryOf, object, type Situation } from '../support/cases.ts';
import { webGateway } from '../support/fragments.ts';
import { client, ingress, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

/** A rule that says what the subset `chosen` is: where requests land tells which rule is in force. */
const choosing = (name: string, version: string, more = '', createdAt?: string) =>
  object(
    `DestinationRule ${name}`,
    `
  host: reviews.shop.svc.cluster.local
  ${more}
  subsets: [{ name: chosen, labels: { version: ${version} } }]`,
    createdAt,
  );

/** Everyone’s requests to reviews go to the subset `chosen`, at the gateway too. */
const toChosen = [
  webGateway('*'),
  object(
    'VirtualService shop/reviews',
    `
  hosts: [reviews.shop.svc.cluster.local]
  gateways: [mesh, edge/web]
  http: [{ route: [{ destination: { host: reviews, subset: chosen } }] }]`,
  ),
];

const url = 'http://reviews.shop.svc.cluster.local:9080/';
const fromClient = (lands: string) => ({ url, lands });
const fromVisitor = (lands: string) => ({ from: 'visitor', url, lands });
const fromIngress = (lands: string) => ({ from: 'ingress', url, lands });

describeWithEnvoy('which DestinationRule is in force', (envoy) => {
  const shop = useShop(envoy, [client, visitor, ingress, intercepted]);
  const check = (situations: readonly (Situation & { readonly objects: readonly string[] })[]) =>
    checkSituations(
      shop,
      situations.map((situation) => ({ ...situation, objects: [...toChosen, ...situation.objects] })),
    );

  /** Where nobody defines the subset, the whole service answers. */
  const assertUndefined = async (name: string) =>
    assert.equal(new Set(await callMany(entryOf(shop(), name), { url }, 40)).size, 3);

  test('rules of different namespaces are not merged', async () => {
    const other = `
  host: reviews.shop.svc.cluster.local
  trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } }`;
    const objects = [...toChosen, choosing('shop/own', 'v1'), object('DestinationRule stock/own', other)];
    await shop().mesh.apply(objects.join('\n---\n'));
    assert.equal(landing(await call(entryOf(shop(), 'client'), { url })), 'reviews-v1');
    await assertUndefined('visitor');
  });

  test('two rules that are exported differently are not there for others', async () => {
    const objects = [
      ...toChosen,
      choosing('shop/older', 'v1', 'exportTo: ["."]', '2024-01-01'),
      choosing('shop/younger', 'v2', 'exportTo: [stock]', '2024-01-02'),
    ];
    await shop().mesh.apply(objects.join('\n---\n'));
    await assertUndefined('ingress');
  });

  check([
    {
      name: 'the one of the service’s namespace, for every client',
      objects: [choosing('shop/own', 'v1')],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v1'), fromIngress('reviews-v1')],
    },
    {
      name: 'before it the one of the client’s namespace',
      objects: [choosing('shop/own', 'v1'), choosing('stock/own', 'v2'), choosing('edge/own', 'v3')],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v2'), fromIngress('reviews-v3')],
    },
    {
      name: 'after both the one of the root namespace',
      objects: [choosing('istio-system/all', 'v3'), choosing('stock/own', 'v2')],
      calls: [fromClient('reviews-v3'), fromVisitor('reviews-v2'), fromIngress('reviews-v3')],
    },
    {
      name: 'a rule that its namespace keeps to itself is not there for others',
      objects: [choosing('shop/own', 'v1', 'exportTo: ["."]'), choosing('istio-system/all', 'v3')],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v3')],
    },
    {
      name: 'a rule may be exported to some namespaces',
      objects: [choosing('shop/own', 'v1', 'exportTo: [".", stock]'), choosing('istio-system/all', 'v3')],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v1'), fromIngress('reviews-v3')],
    },
    {
      name: 'within a namespace an exact host goes before an older wildcard, and that is not merged',
      objects: [
        object(
          'DestinationRule shop/wild',
          `
  host: "*.shop.svc.cluster.local"
  subsets: [{ name: chosen, labels: { version: v2 } }]`,
          '2020-01-01',
        ),
        choosing('shop/exact', 'v1', '', '2024-01-01'),
      ],
      calls: [fromClient('reviews-v1')],
    },
    {
      name: 'a wildcard holds where nothing is more exact, the longer first',
      objects: [
        object(
          'DestinationRule shop/wild',
          `
  host: "*.svc.cluster.local"
  subsets: [{ name: chosen, labels: { version: v2 } }]`,
        ),
        object(
          'DestinationRule shop/longer',
          `
  host: "*.shop.svc.cluster.local"
  subsets: [{ name: chosen, labels: { version: v3 } }]`,
        ),
      ],
      calls: [fromClient('reviews-v3')],
    },
    {
      name: 'a wildcard of the client’s namespace goes before an exact host of the service’s',
      objects: [
        object(
          'DestinationRule stock/wild',
          `
  host: "*.cluster.local"
  subsets: [{ name: chosen, labels: { version: v2 } }]`,
        ),
        choosing('shop/exact', 'v1'),
      ],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v2')],
    },
    {
      name: 'two rules for one host are one: the older’s subset goes before another of its name',
      objects: [choosing('shop/b', 'v2', '', '2024-01-01'), choosing('shop/a', 'v1', '', '2024-01-02')],
      calls: [fromClient('reviews-v2')],
    },
    {
      name: 'two rules for one host are one: the younger’s other subsets are added',
      objects: [
        object(
          'DestinationRule shop/older',
          `
  host: reviews
  subsets: [{ name: other, labels: { version: v3 } }]`,
          '2024-01-01',
        ),
        choosing('shop/younger', 'v1', '', '2024-01-02'),
      ],
      calls: [fromClient('reviews-v1')],
    },
    {
      name: 'two rules that are exported differently stay two; in their own namespace the younger counts, whoever it is for',
      objects: [
        choosing('shop/older', 'v1', 'exportTo: ["."]', '2024-01-01'),
        choosing('shop/younger', 'v2', 'exportTo: [stock]', '2024-01-02'),
      ],
      calls: [fromClient('reviews-v2'), fromVisitor('reviews-v2')],
    },
    {
      name: 'a rule for some workloads holds for these, and for others the one without',
      objects: [
        choosing('shop/some', 'v3', 'workloadSelector: { matchLabels: { app: client } }'),
        choosing('shop/all', 'v1'),
      ],
      calls: [fromClient('reviews-v3'), fromVisitor('reviews-v1')],
    },
    {
      name: 'a short host is a service of the rule’s namespace',
      objects: [
        object(
          'DestinationRule stock/reviews',
          `
  host: reviews
  subsets: [{ name: chosen, labels: { version: v2 } }]`,
        ),
        choosing('shop/own', 'v1'),
      ],
      calls: [fromClient('reviews-v1'), fromVisitor('reviews-v1')],
    },
  ]);
});

/** All requests take so long that they are under way at once. */
const slowMs = 250;

describeWithEnvoy('what of a DestinationRule’s policy holds', (envoy) => {
  const shop = useShop(envoy, [client, ingress, intercepted]);

  interface PolicyCase {
    readonly name: string;
    readonly policy: string;
    readonly meshConfig?: string;
    readonly from?: string;
    /** How many of three requests at once are served, where all of them, or only the first, are let through. */
    readonly served: 1 | 3;
  }

  const limit = 'connectionPool: { http: { http2MaxRequests: 1 } }';
  const other = 'loadBalancer: { simple: ROUND_ROBIN }';

  function check(cases: readonly PolicyCase[]): void {
    for (const { name, policy, meshConfig = '', from = 'client', served } of cases)
      test(name, async () => {
        const { mesh, app } = shop();
        await mesh.setMeshConfig(meshConfig);
        await mesh.apply(
          [
            webGateway('*'),
            object('DestinationRule shop/reviews', `\n  host: reviews\n${policy}`),
            object(
              'VirtualService shop/reviews',
              `
  hosts: [reviews]
  gateways: [mesh, edge/web]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }], retries: { attempts: 0 } }]`,
            ),
          ].join('\n---\n'),
        );
        app('reviews-v1').behave(() => ({ delayMs: slowMs }));
        const entry = entryOf(shop(), from);
        const ask = () => call(entry, { url: 'http://reviews.shop.svc.cluster.local:9080/' }).then(landing);
        const landings = await Promise.all([ask(), ask(), ask()]);
        assert.equal(landings.filter((one) => one === 'reviews-v1').length, served, landings.join(', '));
      });
  }

  check([
    {
      name: 'a limit of the rule holds for its subsets',
      policy: `
  trafficPolicy: { ${limit} }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      served: 1,
    },
    {
      name: 'a gateway keeps to it too',
      policy: `
  trafficPolicy: { ${limit} }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      from: 'ingress',
      served: 1,
    },
    {
      name: 'a subset’s policy is laid over the rule’s field by field',
      policy: `
  trafficPolicy: { ${limit} }
  subsets: [{ name: v1, labels: { version: v1 }, trafficPolicy: { ${other} } }]`,
      served: 1,
    },
    {
      name: 'a subset’s own limit goes before the rule’s',
      policy: `
  trafficPolicy: { ${limit} }
  subsets: [{ name: v1, labels: { version: v1 }, trafficPolicy: { connectionPool: { http: { http2MaxRequests: 9 } } } }]`,
      served: 3,
    },
    {
      name: 'a port’s policy takes the place of the whole policy',
      policy: `
  trafficPolicy: { ${limit}, portLevelSettings: [{ port: { number: 9080 }, ${other} }] }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      served: 3,
    },
    {
      name: 'a port’s policy may be the limit',
      policy: `
  trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, ${limit} }] }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      served: 1,
    },
    {
      name: 'another port’s policy is none of this one’s business',
      policy: `
  trafficPolicy: { portLevelSettings: [{ port: { number: 9081 }, ${limit} }] }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      served: 3,
    },
    {
      name: 'a port’s policy of a subset takes the place of the subset’s',
      policy: `
  subsets:
    - name: v1
      labels: { version: v1 }
      trafficPolicy: { ${limit}, portLevelSettings: [{ port: { number: 9080 }, ${other} }] }`,
      served: 3,
    },
    {
      name: 'and is laid over the rule’s',
      policy: `
  trafficPolicy: { ${limit} }
  subsets:
    - name: v1
      labels: { version: v1 }
      trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, ${other} }] }`,
      served: 1,
    },
    {
      name: 'the mesh’s default holds where the rule says nothing',
      meshConfig: 'defaultTrafficPolicy: { connectionPool: { http: { http2MaxRequests: 1 } } }',
      policy: `
  trafficPolicy: { ${other} }
  subsets: [{ name: v1, labels: { version: v1 } }]`,
      served: 1,
    },
  ]);
});
