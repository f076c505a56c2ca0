import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Application,
  startHttp2Application,
  startHttpApplication,
  startTcpApplication,
} from './support/application.ts';
import { call, greeting, landing } from './support/call.ts';
import { object } from './support/cases.ts';
import { callHttp2 } from './support/http2-call.ts';
import { serviceOf } from './support/kubernetes.ts';
import { client, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

describeWithEnvoy('services of every kind', (envoy) => {
  const shop = useShop(envoy, [client]);
  const apps = new Map<string, Application>();

  before(async () => {
    const { block } = shop();
    apps.set('h2', await startHttp2Application({ name: 'h2', address: block.at(11, 1), port: 8080 }));
    apps.set('store', await startTcpApplication({ name: 'store', address: block.at(11, 2), port: 8080 }));
    apps.set('local', await startHttpApplication({ name: 'local', address: '127.0.0.1', port: 0 }));
  });
  after(() => Promise.all([...apps.values()].map((app) => app.close())));

  const app = (name: string): Application => apps.get(name) ?? shop().app(name);
  const proxy = () => shop().mesh.proxy('client');
  const landsAt = async (url: string) => landing(await call(proxy().httpProxy, { url }));

  test('a ServiceEntry with stated addresses is reached by its host', async () => {
    const { address } = app('legacy');
    await shop().mesh.apply(
      object(
        'ServiceEntry shop/legacy',
        `
  hosts: [legacy.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints: [{ address: ${address} }]`,
      ),
    );
    assert.equal(await landsAt('http://legacy.example.com/'), 'legacy');
  });

  test('a ServiceEntry with names of endpoints asks DNS', async () => {
    const { port } = app('local');
    await shop().mesh.apply(
      object(
        'ServiceEntry shop/local',
        `
  hosts: [local.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: localhost, ports: { http: ${port} } }]`,
      ),
    );
    assert.equal(await landsAt('http://local.example.com/'), 'local');
  });

  test('a ServiceEntry without endpoints asks DNS for its host', async () => {
    const { port } = app('local');
    await shop().mesh.apply(
      object(
        'ServiceEntry shop/localhost',
        `
  hosts: [localhost]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: ${port}, name: http, protocol: HTTP }]`,
      ),
    );
    assert.equal(await landsAt(`http://localhost:${port}/`), 'local');
  });

  test('a TCP service is reached on its port', async () => {
    await shop().mesh.apply(
      serviceOf({
        name: 'store',
        namespace: 'shop',
        selector: { app: 'store' },
        ports: [{ name: 'tcp', port: 6000, targetPort: 8080 }],
        endpoints: [{ address: app('store').address }],
      }),
    );
    assert.equal(await greeting(proxy().port(6000)), 'store');
  });

  test('an HTTP/2 service is spoken to in HTTP/2, whatever the client speaks', async () => {
    await shop().mesh.apply(
      serviceOf({
        name: 'modern',
        namespace: 'shop',
        selector: { app: 'modern' },
        ports: [{ name: 'http2', port: 6001, targetPort: 8080 }],
        endpoints: [{ address: app('h2').address }],
      }),
    );
    const { status, seen } = await call(proxy().httpProxy, { url: 'http://modern:6001/x' });
    assert.deepEqual([status, seen?.app, seen?.version, seen?.authority], [200, 'h2', '2.0', 'modern:6001']);
  });

  test('a gRPC service answers a call with its message and trailers', async () => {
    await shop().mesh.apply(
      serviceOf({
        name: 'greeter',
        namespace: 'shop',
        selector: { app: 'greeter' },
        ports: [{ name: 'rpc', port: 6002, targetPort: 8080, appProtocol: 'grpc' }],
        endpoints: [{ address: app('h2').address }],
      }),
    );
    const answer = await callHttp2(proxy().httpProxy, {
      authority: 'greeter:6002',
      path: '/greet.Greeter/Hello',
      headers: { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' },
    });
    assert.deepEqual(
      [answer.status, answer.seen?.app, answer.seen?.path, answer.seen?.version, answer.trailers['grpc-status']],
      [200, 'h2', '/greet.Greeter/Hello', '2.0', '0'],
    );
  });

  test('a port without a protocol carries HTTP/1.1 and HTTP/2 as they come', async () => {
    await shop().mesh.apply(
      serviceOf({
        name: 'plain',
        namespace: 'shop',
        selector: { app: 'plain' },
        ports: [{ name: 'main', port: 6003, targetPort: 8080 }],
        endpoints: [{ address: app('h2').address }],
      }),
    );
    const answer = await callHttp2({ ...proxy().port(6003) }, { authority: 'plain:6003', path: '/' });
    assert.deepEqual([answer.status, answer.seen?.version], [200, '2.0']);
  });
});
