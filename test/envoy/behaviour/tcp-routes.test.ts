import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { issue } from '../../support/certificates.ts';
import { type Application, startTcpApplication } from '../support/application.ts';
import { greeting } from '../support/call.ts';
import { object } from '../support/cases.ts';
import { client, intercepted, useShop, visitor } from '../support/shop.ts';
import { assertShares } from '../support/statistics.ts';
import { describeWithEnvoy } from '../support/suite.ts';
import { startTlsApplication, type TlsApplication } from '../support/tls-application.ts';
import { callTls } from '../support/tls-call.ts';

const certificate = issue({ name: 'any', altNames: ['a.example.com', 'b.example.com'] });

describeWithEnvoy('connections that are not HTTP', (envoy) => {
  const shop = useShop(envoy, [client, visitor, intercepted]);
  const apps: Application[] = [];
  const tlsApps: TlsApplication[] = [];
  const at = (number: number) => shop().block.at(11, number);

  before(async () => {
    for (const [i, name] of ['one', 'two'].entries()) {
      apps.push(await startTcpApplication({ name, address: at(i + 1), port: 8080 }));
      tlsApps.push(await startTlsApplication({ name, address: at(i + 1), presents: certificate }));
    }
  });
  after(() => Promise.all([...apps, ...tlsApps].map((app) => app.close())));

  const entries = () =>
    ['one', 'two'].map((name, i) =>
      object(
        `ServiceEntry shop/${name}`,
        `
  hosts: [${name}.example.com]
  resolution: STATIC
  ports:
    - { number: ${7080 + i}, name: tcp, protocol: TCP, targetPort: 8080 }
    - { number: ${7443 + i}, name: tls, protocol: TLS, targetPort: ${tlsApps[i]?.port} }
  endpoints: [{ address: ${at(i + 1)} }]`,
      ),
    );
  const apply = (...objects: readonly string[]) => shop().mesh.apply([...entries(), ...objects].join('\n---\n'));
  const greet = (from: string, port: number) => greeting(shop().mesh.proxy(from).port(port));

  const toTwo = (match: string) =>
    object(
      'VirtualService shop/one',
      `
  hosts: [one.example.com]
  tcp:
    - match: ${match}
      route: [{ destination: { host: two.example.com, port: { number: 7081 } } }]`,
    );

  test('go to the service of their port', async () => {
    await apply();
    assert.deepEqual([await greet('client', 7080), await greet('client', 7081)], ['one', 'two']);
  });

  test('go elsewhere by a rule for their port', async () => {
    await apply(toTwo('[{ port: 7080 }]'));
    assert.deepEqual([await greet('client', 7080), await greet('visitor', 7080)], ['two', 'two']);
  });

  test('go elsewhere by the labels or the namespace of the caller', async () => {
    await apply(toTwo('[{ sourceLabels: { app: visitor } }]'));
    assert.deepEqual([await greet('client', 7080), await greet('visitor', 7080)], ['one', 'two']);
    await apply(toTwo('[{ sourceNamespace: shop }]'));
    assert.deepEqual([await greet('client', 7080), await greet('visitor', 7080)], ['two', 'one']);
  });

  test('are shared out by weight', async () => {
    await apply(
      object(
        'VirtualService shop/one',
        `
  hosts: [one.example.com]
  tcp:
    - route:
        - { destination: { host: one.example.com, port: { number: 7080 } }, weight: 25 }
        - { destination: { host: two.example.com, port: { number: 7081 } }, weight: 75 }`,
      ),
    );
    const greetings: string[] = [];
    for (let i = 0; i < 400; i++) greetings.push(await greet('client', 7080));
    assertShares(greetings, { one: 0.25, two: 0.75 });
  });

  test('are told apart by the name that their TLS asks for', async () => {
    await apply(
      object(
        'VirtualService shop/one',
        `
  hosts: [a.example.com, b.example.com]
  tls:
    - match: [{ port: 7443, sniHosts: [a.example.com] }]
      route: [{ destination: { host: one.example.com, port: { number: 7443 } } }]
    - match: [{ port: 7443, sniHosts: [b.example.com] }]
      route: [{ destination: { host: two.example.com, port: { number: 7444 } } }]`,
      ),
      object(
        'ServiceEntry shop/names',
        `
  hosts: [a.example.com, b.example.com]
  resolution: STATIC
  ports: [{ number: 7443, name: tls, protocol: TLS, targetPort: ${tlsApps[0]?.port} }]
  endpoints: [{ address: ${at(1)} }]`,
      ),
    );
    const ask = (host: string) =>
      callTls(shop().mesh.proxy('client').port(7443), { host, believes: certificate.certificate });
    assert.deepEqual([await ask('a.example.com'), await ask('b.example.com')], ['one', 'two']);
  });
});
