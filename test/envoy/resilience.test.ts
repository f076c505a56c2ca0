import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import type { Reply } from './support/application.ts';
import { call, callMany, landing } from './support/call.ts';
import { object } from './support/cases.ts';
import { client, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const ratings = (http: string) =>
  object(
    'VirtualService shop/ratings',
    `
  hosts: [ratings]
  http:
${http}`,
  );

const url = 'http://ratings:9080/';

describeWithEnvoy('calls survive what they are meant to survive', (envoy) => {
  const shop = useShop(envoy, [client]);
  const apply = (...objects: readonly string[]) => shop().mesh.apply(objects.join('\n---\n'));
  const ask = (what: Partial<Parameters<typeof call>[1]> = {}) =>
    call(shop().mesh.proxy('client').httpProxy, { url, ...what });

  interface RetryCase {
    readonly name: string;
    readonly retries: string;
    readonly reply: (count: number) => Reply;
    readonly lands: string;
    /** Requests that the application received. */
    readonly received: number;
  }

  function checkRetries(cases: readonly RetryCase[]): void {
    for (const { name, retries, reply, lands, received } of cases)
      test(name, async () => {
        await apply(
          ratings(`
    - ${retries === '' ? '' : `retries: ${retries}\n      `}route: [{ destination: { host: ratings } }]`),
        );
        const app = shop().app('ratings');
        app.behave((_, count) => reply(count));
        assert.deepEqual({ lands: landing(await ask()), received: app.received.length }, { lands, received });
      });
  }

  checkRetries([
    {
      name: 'a request is tried again until the application answers well',
      retries: '{ attempts: 3, retryOn: 5xx }',
      reply: (count) => (count < 3 ? { status: 500 } : {}),
      lands: 'ratings',
      received: 3,
    },
    {
      name: 'attempts are tries beside the first',
      retries: '{ attempts: 2, retryOn: 5xx }',
      reply: () => ({ status: 500 }),
      lands: '500 ratings',
      received: 3,
    },
    {
      name: 'a status code in retryOn is tried again',
      retries: '{ attempts: 1, retryOn: "429" }',
      reply: (count) => (count < 2 ? { status: 429 } : {}),
      lands: 'ratings',
      received: 2,
    },
    {
      name: 'no attempts means no retries',
      retries: '{ attempts: 0 }',
      reply: () => ({ resets: true }),
      lands: '503 upstream connect error or disconnect/reset before headers. reset reason: connection termination',
      received: 1,
    },
    {
      name: 'without a rule an answer of 503 is final',
      retries: '',
      reply: () => ({ status: 503 }),
      lands: '503 ratings',
      received: 1,
    },
    {
      name: 'each try has its own timeout',
      retries: '{ attempts: 1, perTryTimeout: 100ms, retryOn: 5xx }',
      reply: (count) => (count < 2 ? { delayMs: 3000 } : {}),
      lands: 'ratings',
      received: 2,
    },
  ]);

  test('a timeout ends the wait', async () => {
    await apply(
      ratings(`
    - timeout: 200ms
      route: [{ destination: { host: ratings } }]`),
    );
    shop()
      .app('ratings')
      .behave(() => ({ delayMs: 5000 }));
    const answer = await ask();
    assert.equal(landing(answer), '504 upstream request timeout');
    assert.ok(answer.durationMs > 190 && answer.durationMs < 2000, `expected 200 ms, found ${answer.durationMs}`);
  });

  test('an abort is seen by the caller and not by the application', async () => {
    await apply(
      ratings(`
    - match: [{ headers: { x-chaos: { exact: "on" } } }]
      fault: { abort: { httpStatus: 555, percentage: { value: 100 } } }
      route: [{ destination: { host: ratings } }]
    - route: [{ destination: { host: ratings } }]`),
    );
    assert.equal(landing(await ask({ headers: { 'x-chaos': 'on' } })), '555 fault filter abort');
    assert.equal(shop().app('ratings').received.length, 0);
    assert.equal(landing(await ask()), 'ratings');
  });

  test('a delay is seen by the caller', async () => {
    await apply(
      ratings(`
    - fault: { delay: { fixedDelay: 300ms, percentage: { value: 100 } } }
      route: [{ destination: { host: ratings } }]`),
    );
    const answer = await ask();
    assert.equal(landing(answer), 'ratings');
    // Envoy's clock ticks in milliseconds.
    assert.ok(answer.durationMs > 290, `expected 300 ms or more, found ${answer.durationMs}`);
  });

  test('a mirror receives what the application receives, and its answer is nobody’s', async () => {
    await apply(
      ratings(`
    - mirror: { host: details, port: { number: 80 } }
      mirrorPercentage: { value: 100 }
      route: [{ destination: { host: ratings } }]`),
    );
    const mirror = shop().app('details');
    mirror.behave(() => ({ status: 500 }));
    assert.equal(landing(await ask({ headers: { 'x-mirrored': 'yes' } })), 'ratings');
    await until(() => mirror.received.length > 0, { what: 'the mirror to receive the request' });
    assert.deepEqual(
      mirror.received.map(({ authority, headers }) => [authority, headers['x-mirrored']]),
      [['ratings:9080', 'yes']],
    );
  });

  test('a full connection pool turns requests away at once', async () => {
    await apply(
      object(
        'DestinationRule shop/ratings',
        `
  host: ratings
  trafficPolicy:
    connectionPool:
      tcp: { maxConnections: 1 }
      http: { http1MaxPendingRequests: 1, maxRequestsPerConnection: 1 }
`,
      ),
    );
    const app = shop().app('ratings');
    app.behave(() => ({ delayMs: 300 }));
    const first = ask();
    await until(() => app.received.length === 1, { what: 'the first request to be under way' });
    const answers = [...(await Promise.all([ask(), ask(), ask(), ask()])), await first];
    // One of the others waits for its turn, and the rest overflows: flag UO, which Envoy shows by this header.
    assert.deepEqual(answers.map((answer) => [answer.status, answer.headers['x-envoy-overloaded']]).sort(), [
      [200, undefined],
      [200, undefined],
      [503, 'true'],
      [503, 'true'],
      [503, 'true'],
    ]);
    assert.equal(app.received.length, 2);
  });

  test('an endpoint that fails is ejected, and its requests go to the others', async () => {
    await apply(
      object(
        'DestinationRule shop/reviews',
        `
  host: reviews
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 3, interval: 100ms, baseEjectionTime: 1h, maxEjectionPercent: 50 }
`,
      ),
    );
    shop()
      .app('reviews-v2')
      .behave(() => ({ status: 500 }));
    const { httpProxy, envoy: proxy } = shop().mesh.proxy('client');
    const reviews = { url: 'http://reviews:9080/' };
    const first: string[] = [];
    const failures = () => first.filter((one) => one === '500 reviews-v2').length;
    while (failures() < 3 && first.length < 100) first.push(landing(await call(httpProxy, reviews)));
    assert.equal(failures(), 3);
    const isEjected = async () => [...(await proxy.stats('ejections_active')).values()].includes(1);
    await until(isEjected, { what: 'the endpoint to be ejected' });
    assert.deepEqual([...new Set(await callMany(httpProxy, reviews, 60))].sort(), ['reviews-v1', 'reviews-v3']);
  });
});
