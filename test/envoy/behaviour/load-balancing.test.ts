import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { call, callMany, landing, tally } from '../support/call.ts';
import { object } from '../support/cases.ts';
import { anyReviews } from '../support/fragments.ts';
import { client, intercepted, useShop } from '../support/shop.ts';
import { assertShares } from '../support/statistics.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const policy = (text: string) => object('DestinationRule shop/reviews', `\n  host: reviews\n  trafficPolicy:\n${text}`);
const hashing = (by: string) => policy(`    loadBalancer: { consistentHash: { ${by} } }`);

const url = 'http://reviews:9080/';
const names = Array.from({ length: 30 }, (_, i) => `user-${i}`);

describeWithEnvoy('requests stick to an endpoint by consistent hash', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);

  interface HashCase {
    readonly name: string;
    readonly rule: string;
    /** A request of a user. */
    readonly request: (user: string) => {
      readonly url: string;
      readonly headers?: { readonly [name: string]: string };
    };
  }

  function check(cases: readonly HashCase[]): void {
    for (const { name, rule, request } of cases)
      test(name, async () => {
        const { mesh } = shop();
        await mesh.apply(rule);
        const { httpProxy } = mesh.proxy('client');
        const homes = new Map<string, string>();
        for (const user of names) homes.set(user, landing(await call(httpProxy, request(user))));
        // Users are spread over all endpoints, and each comes back to its own.
        assert.deepEqual([...new Set(homes.values())].sort(), anyReviews);
        for (const user of names) assert.equal(landing(await call(httpProxy, request(user))), homes.get(user));
      });
  }

  check([
    {
      name: 'of a header',
      rule: hashing('httpHeaderName: x-user'),
      request: (user) => ({ url, headers: { 'x-user': user } }),
    },
    {
      name: 'of a parameter of the query',
      rule: hashing('httpQueryParameterName: user'),
      request: (user) => ({ url: `${url}?user=${user}` }),
    },
    {
      name: 'of a cookie that the client has',
      rule: hashing('httpCookie: { name: user }'),
      request: (user) => ({ url, headers: { cookie: `user=${user}` } }),
    },
    {
      name: 'of a header, by Maglev',
      rule: hashing('httpHeaderName: x-user, maglev: { tableSize: 1009 }'),
      request: (user) => ({ url, headers: { 'x-user': user } }),
    },
    {
      name: 'of a header, by a ring of a stated size',
      rule: hashing('httpHeaderName: x-user, ringHash: { minimumRingSize: 4096 }'),
      request: (user) => ({ url, headers: { 'x-user': user } }),
    },
    {
      name: 'of a header for one subset’s policy',
      rule: [
        object(
          'DestinationRule shop/reviews',
          `
  host: reviews
  subsets: [{ name: all, labels: { app: reviews }, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } } }]`,
        ),
        object(
          'VirtualService shop/reviews',
          `
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: all } }] }]`,
        ),
      ].join('\n---\n'),
      request: (user) => ({ url, headers: { 'x-user': user } }),
    },
  ]);

  test('of the caller’s address: one caller has one home', async () => {
    const { mesh } = shop();
    await mesh.apply(hashing('useSourceIp: true'));
    const landings = await callMany(mesh.proxy('client').httpProxy, { url }, 30);
    assert.equal(new Set(landings).size, 1);
  });

  test('of a cookie that the proxy gives when the client has none', async () => {
    const { mesh } = shop();
    await mesh.apply(hashing('httpCookie: { name: session, path: /, ttl: 3600s }'));
    const { httpProxy } = mesh.proxy('client');
    const first = await call(httpProxy, { url });
    const [given = ''] = first.headers['set-cookie'] ?? [];
    assert.match(given, /^session="?[0-9a-f]+"?; Max-Age=3600; Path=\/; HttpOnly$/);
    const cookie = given.split(';')[0] ?? '';
    const landings = await callMany(httpProxy, { url, headers: { cookie } }, 30);
    assert.deepEqual([...new Set(landings)], [landing(first)]);
  });
});

describeWithEnvoy('requests are shared out among endpoints', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);

  test('in turn', async () => {
    const { mesh } = shop();
    await mesh.apply(policy('    loadBalancer: { simple: ROUND_ROBIN }'));
    const counts = tally(await callMany(mesh.proxy('client').httpProxy, { url }, 60));
    assert.deepEqual(
      [...counts].sort(),
      anyReviews.map((name) => [name, 20]),
    );
  });

  for (const simple of ['RANDOM', 'LEAST_REQUEST'])
    test(`by ${simple}`, async () => {
      const { mesh } = shop();
      await mesh.apply(policy(`    loadBalancer: { simple: ${simple} }`));
      const counts = tally(await callMany(mesh.proxy('client').httpProxy, { url }, 200));
      assert.deepEqual([...counts.keys()].sort(), anyReviews);
    });

  test('with a warm-up for new ones', async () => {
    const { mesh } = shop();
    await mesh.apply(policy('    loadBalancer: { simple: ROUND_ROBIN, warmup: { duration: 1s, minimumPercent: 50 } }'));
    const counts = tally(await callMany(mesh.proxy('client').httpProxy, { url }, 60));
    assert.deepEqual([...counts.keys()].sort(), anyReviews);
  });

  test('by the weights that a ServiceEntry states', async () => {
    const { mesh, app } = shop();
    await mesh.apply(
      [
        object(
          'ServiceEntry shop/weighted',
          `
  hosts: [weighted.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints:
    - { address: ${app('ratings').address}, weight: 20 }
    - { address: ${app('details').address}, weight: 80 }`,
        ),
        // The usual choice looks at requests under way, too.
        object(
          'DestinationRule shop/weighted',
          'host: weighted.example.com\ntrafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }',
        ),
      ].join('\n---\n'),
    );
    const { httpProxy } = mesh.proxy('client');
    const landings = await callMany(httpProxy, { url: 'http://weighted.example.com/' }, 1000);
    assertShares(landings, { ratings: 0.2, details: 0.8 });
  });
});

describeWithEnvoy('requests stay near', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);

  interface LocalityCase {
    readonly name: string;
    readonly policy: string;
    readonly meshConfig?: string;
    /** Where endpoints are; the client is in north/north-a/rack-1. */
    readonly at: { readonly [app: string]: string };
    /** Of all requests; undefined when only who gets any matters. */
    readonly shares?: { readonly [app: string]: number };
    readonly among?: readonly string[];
  }

  const outlier = 'outlierDetection: { consecutive5xxErrors: 5 }';

  function check(cases: readonly LocalityCase[]): void {
    for (const { name, policy, meshConfig = '', at, shares, among } of cases)
      test(name, async () => {
        const { mesh, app } = shop();
        await mesh.setMeshConfig(meshConfig);
        const endpoints = Object.entries(at).map(
          ([one, locality]) => `    - { address: ${app(one).address}, locality: ${locality} }`,
        );
        await mesh.apply(
          [
            object(
              'ServiceEntry shop/near',
              `
  hosts: [near.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints:
${endpoints.join('\n')}`,
            ),
            object('DestinationRule shop/near', `\n  host: near.example.com\n  trafficPolicy:\n${policy}`),
          ].join('\n---\n'),
        );
        const landings = await callMany(mesh.proxy('client').httpProxy, { url: 'http://near.example.com/' }, 400);
        if (shares !== undefined) assertShares(landings, shares);
        if (among !== undefined) assert.deepEqual([...new Set(landings)].sort(), among);
      });
  }

  const zones = {
    'reviews-v1': 'north/north-a/rack-1',
    'reviews-v2': 'north/north-a/rack-2',
    'reviews-v3': 'north/north-b/rack-1',
    ratings: 'south/south-a/rack-1',
  };
  const without = (...names: readonly string[]) =>
    Object.fromEntries(Object.entries(zones).filter(([name]) => !names.includes(name)));

  check([
    {
      name: 'not at all without outlier detection',
      policy: '    loadBalancer: { simple: ROUND_ROBIN }',
      at: zones,
      among: ['ratings', 'reviews-v1', 'reviews-v2', 'reviews-v3'],
    },
    {
      name: 'in their own subzone, where endpoints that fail are found out',
      policy: `    ${outlier}`,
      at: zones,
      shares: { 'reviews-v1': 1 },
    },
    {
      name: 'else in their zone',
      policy: `    ${outlier}`,
      at: without('reviews-v1'),
      shares: { 'reviews-v2': 1 },
    },
    {
      name: 'else in their region',
      policy: `    ${outlier}`,
      at: without('reviews-v1', 'reviews-v2'),
      shares: { 'reviews-v3': 1 },
    },
    {
      name: 'else anywhere',
      policy: `    ${outlier}`,
      at: without('reviews-v1', 'reviews-v2', 'reviews-v3'),
      shares: { ratings: 1 },
    },
    {
      name: 'or go to the region that is named for failover',
      policy: `
    ${outlier}
    loadBalancer: { localityLbSetting: { enabled: true, failover: [{ from: north, to: south }] } }`,
      at: { ratings: 'south/south-a/rack-1', details: 'west/west-a/rack-1' },
      shares: { ratings: 1 },
    },
    {
      name: 'not where that is switched off',
      policy: `
    ${outlier}
    loadBalancer: { simple: ROUND_ROBIN, localityLbSetting: { enabled: false } }`,
      at: zones,
      among: ['ratings', 'reviews-v1', 'reviews-v2', 'reviews-v3'],
    },
    {
      name: 'not where the mesh has switched it off',
      meshConfig: 'localityLbSetting: { enabled: false }',
      policy: `
    ${outlier}
    loadBalancer: { simple: ROUND_ROBIN }`,
      at: zones,
      among: ['ratings', 'reviews-v1', 'reviews-v2', 'reviews-v3'],
    },
    {
      name: 'or are distributed over localities by shares',
      policy: `
    loadBalancer:
      localityLbSetting:
        enabled: true
        distribute: [{ from: "north/*", to: { "north/north-a/*": 70, "south/*": 30 } }]`,
      at: { 'reviews-v1': zones['reviews-v1'], 'reviews-v3': zones['reviews-v3'], ratings: zones.ratings },
      shares: { 'reviews-v1': 0.7, ratings: 0.3 },
    },
  ]);

  test('and endpoints of another priority take over when the near ones fail', async () => {
    const { mesh, app } = shop();
    await mesh.setMeshConfig('');
    await mesh.apply(
      [
        object(
          'ServiceEntry shop/near',
          `
  hosts: [near.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints:
    - { address: ${app('ratings').address}, locality: north/north-a/rack-1 }
    - { address: ${app('details').address}, locality: south/south-a/rack-1 }`,
        ),
        object(
          'DestinationRule shop/near',
          `
  host: near.example.com
  trafficPolicy: { outlierDetection: { consecutive5xxErrors: 2, interval: 100ms, baseEjectionTime: 1h, maxEjectionPercent: 100 } }`,
        ),
      ].join('\n---\n'),
    );
    const { httpProxy, envoy: proxy } = mesh.proxy('client');
    const near = { url: 'http://near.example.com/' };
    assert.equal(landing(await call(httpProxy, near)), 'ratings');
    app('ratings').behave(() => ({ status: 500 }));
    for (let i = 0; i < 2; i++) assert.equal(landing(await call(httpProxy, near)), '500 ratings');
    const isEjected = async () => [...(await proxy.stats('ejections_active')).values()].includes(1);
    await until(isEjected, { what: 'the endpoint to be ejected' });
    assert.equal(landing(await call(httpProxy, near)), 'details');
  });

  test('by labels, where a list of labels says what near means', async () => {
    const { mesh, app } = shop();
    await mesh.apply(
      [
        object(
          'ServiceEntry shop/near',
          `
  hosts: [near.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints:
    - { address: ${app('ratings').address}, labels: { version: v7 } }
    - { address: ${app('details').address}, labels: { version: v8 } }`,
        ),
        object(
          'DestinationRule shop/near',
          `
  host: near.example.com
  trafficPolicy:
    ${outlier}
    loadBalancer: { localityLbSetting: { enabled: true, failoverPriority: [version] } }`,
        ),
      ].join('\n---\n'),
    );
    const landings = await callMany(mesh.proxy('client').httpProxy, { url: 'http://near.example.com/' }, 40);
    assert.deepEqual([...new Set(landings)], ['ratings']);
  });
});
