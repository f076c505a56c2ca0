import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { callMany } from './support/call.ts';
import { object } from './support/cases.ts';
import { constantLoad } from './support/load.ts';
import { client, ingress, useShop } from './support/shop.ts';
import { assertShares } from './support/statistics.ts';
import { describeWithEnvoy } from './support/suite.ts';

const subsets = object(
  'DestinationRule shop/reviews',
  `
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }`,
);

const split = (weights: { readonly [subset: string]: number }) =>
  object(
    'VirtualService shop/reviews',
    `
    hosts: [reviews]
    http:
      - route: ${JSON.stringify(
        Object.entries(weights).map(([subset, weight]) => ({ destination: { host: 'reviews', subset }, weight })),
      )}`,
  );

const gateway = object(
  'Gateway edge/web',
  `
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]`,
);

const atGateway = object(
  'VirtualService shop/web',
  `
  hosts: [shop.example.com]
  gateways: [edge/web]
  http:
    - route:
        - { destination: { host: ratings, port: { number: 9080 } }, weight: 30 }
        - { destination: { host: details, port: { number: 80 } }, weight: 70 }`,
);

const calls = 1500;
const url = 'http://reviews:9080/';

describeWithEnvoy('requests are shared out by weight', (envoy) => {
  const shop = useShop(envoy, [client, ingress]);

  interface Case {
    readonly name: string;
    readonly objects: readonly string[];
    readonly from: 'client' | 'ingress';
    readonly url: string;
    readonly shares: { readonly [landing: string]: number };
  }

  function check(cases: readonly Case[]): void {
    for (const { name, objects, from, url, shares } of cases)
      test(name, async () => {
        const { mesh } = shop();
        await mesh.apply(objects.join('\n---\n'));
        const proxy = mesh.proxy(from);
        const entry = from === 'client' ? proxy.httpProxy : proxy.port(8080);
        assertShares(await callMany(entry, { url }, calls), shares);
      });
  }

  check([
    {
      name: 'a canary gets its part',
      objects: [subsets, split({ v1: 80, v2: 20 })],
      from: 'client',
      url,
      shares: { 'reviews-v1': 0.8, 'reviews-v2': 0.2 },
    },
    {
      name: 'three versions get theirs, and weights need not add up to a hundred',
      objects: [subsets, split({ v1: 1, v2: 2, v3: 5 })],
      from: 'client',
      url,
      shares: { 'reviews-v1': 1 / 8, 'reviews-v2': 2 / 8, 'reviews-v3': 5 / 8 },
    },
    {
      name: 'a destination of weight 0 gets nothing',
      objects: [subsets, split({ v1: 100, v2: 0 })],
      from: 'client',
      url,
      shares: { 'reviews-v1': 1 },
    },
    {
      name: 'a gateway shares out as sidecars do',
      objects: [gateway, atGateway],
      from: 'ingress',
      url: 'http://shop.example.com/',
      shares: { ratings: 0.3, details: 0.7 },
    },
  ]);

  test('a changed weight shifts constant load within a second, and no request fails', async () => {
    const { mesh } = shop();
    await mesh.apply([subsets, split({ v1: 100, v2: 0 })].join('\n---\n'));
    const { httpProxy } = mesh.proxy('client');
    const load = constantLoad(httpProxy, { url });
    const shifts: number[] = [];
    // There and back, many times: what fails now and then fails in one of them.
    for (let round = 0; round < 50; round++) {
      const [from, to] = round % 2 === 0 ? ['reviews-v1', 'reviews-v2'] : ['reviews-v2', 'reviews-v1'];
      await until(() => load.landings.at(-1) === from, { what: `requests to land at ${from}` });
      const changedMs = performance.now();
      mesh.applyAtOnce([subsets, split(round % 2 === 0 ? { v1: 0, v2: 100 } : { v1: 100, v2: 0 })].join('\n---\n'));
      await until(() => load.landings.at(-1) === to, { what: `requests to land at ${to}`, mostMs: 1000 });
      shifts.push(performance.now() - changedMs);
    }
    await load.stop();
    await mesh.settle();
    assert.deepEqual([...new Set(load.landings)].sort(), ['reviews-v1', 'reviews-v2']);
    assert.ok(Math.max(...shifts) < 1000, `expected every shift within a second, found ${Math.max(...shifts)} ms`);
  });
});
