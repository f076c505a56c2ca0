import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { call, callMany, landing } from '../support/call.ts';
import { object } from '../support/cases.ts';
import { anyReviews } from '../support/fragments.ts';
import { client, intercepted, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const reviews = (more: string, destination = '{ host: reviews }') =>
  object(
    'VirtualService shop/reviews',
    `
  hosts: [reviews]
  http:
    - ${more === '' ? '' : `${more}\n      `}route: [{ destination: ${destination} }]`,
  );

const url = 'http://reviews:9080/';

describeWithEnvoy('a request is tried again', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);
  const apply = (...objects: readonly string[]) => shop().mesh.apply(objects.join('\n---\n'));
  const proxy = () => shop().mesh.proxy('client').httpProxy;
  const receivedByAll = () => anyReviews.reduce((sum, name) => sum + shop().app(name).received.length, 0);

  test('at another endpoint than the one that failed', async () => {
    await apply(reviews('retries: { attempts: 2, retryOn: 5xx }'));
    shop()
      .app('reviews-v1')
      .behave(() => ({ status: 500 }));
    const landings = new Set(await callMany(proxy(), { url }, 60));
    assert.deepEqual([...landings].sort(), ['reviews-v2', 'reviews-v3']);
  });

  test('without any rule, when an endpoint cannot be reached', async () => {
    const { app, block } = shop();
    await apply(
      object(
        'ServiceEntry shop/half',
        `
  hosts: [half.example.com]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints: [{ address: ${app('ratings').address} }, { address: ${block.at(99, 1)} }]`,
      ),
    );
    // One by one: of several at a time Envoy thinks the endpoint without any the better one, again and again.
    for (let i = 0; i < 12; i += 1)
      assert.equal(landing(await call(proxy(), { url: 'http://half.example.com/' })), 'ratings');
  });

  test('by the mesh’s policy where the rule has none', async () => {
    const { mesh, app } = shop();
    await mesh.setMeshConfig('defaultHttpRetryPolicy: { attempts: 4, retryOn: 5xx }');
    await apply(reviews('', '{ host: ratings }'));
    app('ratings').behave(() => ({ status: 500 }));
    const landed = landing(await call(proxy(), { url }));
    await mesh.setMeshConfig('');
    assert.deepEqual([landed, app('ratings').received.length], ['500 ratings', 5]);
  });

  test('not at all, where the mesh’s policy is none', async () => {
    const { mesh, app } = shop();
    await mesh.setMeshConfig('defaultHttpRetryPolicy: { attempts: 0 }');
    await apply(reviews('', '{ host: ratings }'));
    app('ratings').behave(() => ({ resets: true }));
    const landed = landing(await call(proxy(), { url }));
    await mesh.setMeshConfig('');
    assert.deepEqual([landed.slice(0, 3), app('ratings').received.length], ['503', 1]);
  });

  test('no longer than the timeout of the whole allows', async () => {
    await apply(reviews('timeout: 300ms\n      retries: { attempts: 10, perTryTimeout: 100ms, retryOn: 5xx }'));
    for (const name of anyReviews)
      shop()
        .app(name)
        .behave(() => ({ delayMs: 5000 }));
    const answer = await call(proxy(), { url });
    assert.equal(answer.status, 504);
    assert.ok(answer.durationMs < 2000, `expected an end after 300 ms, found ${answer.durationMs} ms`);
    assert.ok(receivedByAll() >= 2 && receivedByAll() <= 4, `expected some three tries, found ${receivedByAll()}`);
  });

  test('a gRPC call that is answered with a status to try again', async () => {
    await apply(reviews('retries: { attempts: 2, retryOn: unavailable }', '{ host: ratings }'));
    const app = shop().app('ratings');
    app.behave((_, count) => (count < 2 ? { headers: { 'grpc-status': '14' } } : { headers: { 'grpc-status': '0' } }));
    const answer = await call(proxy(), { url, method: 'POST', headers: { 'content-type': 'application/grpc' } });
    assert.deepEqual([answer.headers['grpc-status'], app.received.length], ['0', 2]);
  });
});

describeWithEnvoy('a request is mirrored', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);
  const details = '{ host: details, port: { number: 80 } }';
  const catalog = '{ host: catalog.stock.svc.cluster.local, port: { number: 9080 } }';

  interface MirrorCase {
    readonly name: string;
    readonly mirror: string;
    /** Copies of ten requests. */
    readonly copies: { readonly details: number; readonly catalog: number };
  }

  function check(cases: readonly MirrorCase[]): void {
    for (const { name, mirror, copies } of cases)
      test(name, async () => {
        const { mesh, app } = shop();
        await mesh.apply(reviews(mirror, '{ host: ratings }'));
        const landings = await callMany(mesh.proxy('client').httpProxy, { url }, 10);
        assert.deepEqual([...new Set(landings)], ['ratings']);
        const counts = () => ({ details: app('details').received.length, catalog: app('catalog').received.length });
        const all = copies.details + copies.catalog;
        await until(() => counts().details + counts().catalog >= all, { what: `${all} copies` });
        assert.deepEqual(counts(), copies);
      });
  }

  check([
    { name: 'always, unless it says otherwise', mirror: `mirror: ${details}`, copies: { details: 10, catalog: 0 } },
    {
      name: 'never, at 0 percent',
      mirror: `mirror: ${details}\n      mirrorPercentage: { value: 0 }`,
      copies: { details: 0, catalog: 0 },
    },
    {
      name: 'to several places, each with its own percentage',
      mirror: `mirrors: [{ destination: ${details}, percentage: { value: 0 } }, { destination: ${catalog} }]`,
      copies: { details: 0, catalog: 10 },
    },
  ]);
});
