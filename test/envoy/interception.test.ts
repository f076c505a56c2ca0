import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { issue } from '../support/certificates.ts';
import { type Application, startHttpApplication, startTcpApplication } from './support/application.ts';
import { type Call, call, greeting, landing } from './support/call.ts';
import { object } from './support/cases.ts';
import { registryOnly, toldDestinations } from './support/fragments.ts';
import { serviceOf } from './support/kubernetes.ts';
import { intercepted, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { startTlsApplication, type TlsApplication } from './support/tls-application.ts';
import { callTls } from './support/tls-call.ts';

const certificate = issue({ name: 'any', altNames: ['a.example.com', 'b.example.com'] });

describeWithEnvoy('connections that are intercepted', (envoy) => {
  const shop = useShop(envoy, [intercepted]);
  const apps = new Map<string, Application | TlsApplication>();
  const at = (number: number) => shop().block.at(11, number);

  before(async () => {
    const { ip } = shop().mesh.proxy('intercepted');
    const web = (name: string, address: string, port: number) => startHttpApplication({ name, address, port });
    apps.set('outside', await web('outside', at(1), 9080));
    apps.set('outside-tcp', await startTcpApplication({ name: 'outside-tcp', address: at(1), port: 6000 }));
    apps.set('store', await startTcpApplication({ name: 'store', address: at(2), port: 6000 }));
    apps.set('peer-1', await web('peer-1', at(3), 6001));
    apps.set('peer-2', await web('peer-2', at(4), 6001));
    apps.set('own', await web('own', ip, 7000));
    apps.set('own-tcp', await startTcpApplication({ name: 'own-tcp', address: ip, port: 7001 }));
    apps.set('tls-a', await startTlsApplication({ name: 'tls-a', address: at(5), presents: certificate }));
    apps.set('tls-b', await startTlsApplication({ name: 'tls-b', address: at(6), presents: certificate }));
  });
  after(() => Promise.all([...apps.values()].map((app) => app.close())));

  const apply = (...objects: readonly string[]) => shop().mesh.apply([toldDestinations, ...objects].join('\n---\n'));
  const entry = (destination: string) => shop().mesh.proxy('intercepted').intercepting('outbound', destination);
  const ask = (destination: string, url: string, more: Partial<Call> = {}) =>
    call(entry(destination), { url, ...more }).then(landing, () => 'closed');
  const greet = (destination: string) => greeting(entry(destination));

  test('go to the service that the Host header names, whatever the address', async () => {
    await apply();
    assert.equal(await ask('10.96.0.1:9080', 'http://ratings:9080/'), 'ratings');
    assert.equal(await ask('203.0.113.1:9080', 'http://catalog.stock/'), 'catalog');
    assert.equal(await ask('203.0.113.1:80', 'http://details/'), 'details');
  });

  test('go to the service of an address, by its Host header too', async () => {
    await apply(
      serviceOf({
        name: 'addressed',
        namespace: 'shop',
        clusterIP: '10.96.0.7',
        selector: { app: 'addressed' },
        ports: [{ name: 'http', port: 9080, targetPort: 8080 }],
        endpoints: [{ address: shop().app('ratings').address }],
      }),
    );
    assert.equal(await ask('10.96.0.7:9080', 'http://10.96.0.7:9080/'), 'ratings');
  });

  test('go on to where they were meant to go, when no service claims them', async () => {
    await apply();
    // On a port that services have, by HTTP and as bytes; and on one that none has.
    assert.equal(await ask(`${at(1)}:9080`, 'http://outside.example.com/'), 'outside');
    assert.equal(await greet(`${at(1)}:6000`), 'outside-tcp');
    assert.equal(await ask(`${shop().app('legacy').address}:8080`, 'http://outside.example.com/'), 'legacy');
  });

  test('end there under REGISTRY_ONLY', async () => {
    const { mesh } = shop();
    await mesh.setMeshConfig(registryOnly);
    await apply();
    const answers = [
      await ask(`${at(1)}:9080`, 'http://outside.example.com/'),
      await greet(`${at(1)}:6000`),
      await ask('10.96.0.1:9080', 'http://ratings:9080/'),
    ];
    await mesh.setMeshConfig('');
    assert.deepEqual(answers, ['502', 'closed', 'ratings']);
  });

  test('as bytes go to the service of their address and port, and only those', async () => {
    await apply(
      serviceOf({
        name: 'store',
        namespace: 'shop',
        clusterIP: '10.96.0.8',
        selector: { app: 'store' },
        ports: [{ name: 'tcp', port: 6000, targetPort: 6000 }],
        endpoints: [{ address: at(2) }],
      }),
    );
    assert.equal(await greet('10.96.0.8:6000'), 'store');
    assert.equal(await greet(`${at(1)}:6000`), 'outside-tcp');
  });

  test('as bytes go to a block of addresses', async () => {
    await apply(
      object(
        'ServiceEntry shop/block',
        `
  hosts: [block.example.com]
  addresses: [10.77.0.0/16]
  resolution: STATIC
  ports: [{ number: 6000, name: tcp, protocol: TCP }]
  endpoints: [{ address: ${at(2)} }]`,
      ),
    );
    assert.equal(await greet('10.77.3.4:6000'), 'store');
    assert.equal(await greet(`${at(1)}:6000`), 'outside-tcp');
  });

  test('of a port without protocol are looked into: HTTP is routed, and bytes go on', async () => {
    await apply(
      serviceOf({
        name: 'plain',
        namespace: 'shop',
        clusterIP: '10.96.0.9',
        selector: { app: 'plain' },
        ports: [{ name: 'main', port: 6001, targetPort: 6001 }],
        endpoints: [{ address: at(3) }],
      }),
      object(
        'VirtualService shop/plain',
        `
  hosts: [plain]
  http:
    - match: [{ uri: { prefix: /teapot } }]
      directResponse: { status: 418 }
    - route: [{ destination: { host: plain } }]`,
      ),
    );
    assert.equal(await ask('10.96.0.9:6001', 'http://anything/'), 'peer-1');
    assert.equal(await ask('10.96.0.9:6001', 'http://anything/teapot'), '418');
  });

  test('to a pod of a headless service reach that pod', async () => {
    await apply(
      serviceOf({
        name: 'peers',
        namespace: 'shop',
        clusterIP: 'None',
        selector: { app: 'peers' },
        ports: [{ name: 'http', port: 6001, targetPort: 6001 }],
        endpoints: [{ address: at(3) }, { address: at(4) }],
      }),
    );
    for (let i = 0; i < 3; i++) {
      assert.equal(await ask(`${at(3)}:6001`, 'http://peers:6001/'), 'peer-1');
      assert.equal(await ask(`${at(4)}:6001`, 'http://peers:6001/'), 'peer-2');
    }
  });

  test('to a host without resolution reach the address that was meant', async () => {
    const rule = object(
      'VirtualService shop/outside',
      `
  hosts: [outside.example.com]
  http:
    - match: [{ uri: { prefix: /teapot } }]
      directResponse: { status: 418 }
    - route: [{ destination: { host: outside.example.com } }]`,
    );
    await apply(
      object(
        'ServiceEntry shop/outside',
        `
  hosts: [outside.example.com]
  resolution: NONE
  ports: [{ number: 9080, name: http, protocol: HTTP }]`,
      ),
      rule,
    );
    assert.equal(await ask(`${at(1)}:9080`, 'http://outside.example.com/'), 'outside');
    assert.equal(await ask(`${at(1)}:9080`, 'http://outside.example.com/teapot'), '418');
  });

  test('to a service that is passed through reach the address that was meant', async () => {
    await apply(
      object('DestinationRule shop/ratings', 'host: ratings\ntrafficPolicy: { loadBalancer: { simple: PASSTHROUGH } }'),
    );
    assert.equal(await ask(`${at(1)}:9080`, 'http://ratings:9080/'), 'outside');
  });

  test('of TLS are told apart by the name that they ask for', async () => {
    const entries = ['a', 'b'].map((name, i) =>
      object(
        `ServiceEntry shop/${name}`,
        `
  hosts: [${name}.example.com]
  resolution: STATIC
  ports: [{ number: 443, name: tls, protocol: TLS, targetPort: ${apps.get(`tls-${name}`)?.port} }]
  endpoints: [{ address: ${at(5 + i)} }]`,
      ),
    );
    await apply(...entries);
    const shake = (host: string) => callTls(entry('203.0.113.1:443'), { host, believes: certificate.certificate });
    assert.deepEqual([await shake('a.example.com'), await shake('b.example.com')], ['tls-a', 'tls-b']);
  });

  test('of HTTP and of bytes share a port', async () => {
    await apply(
      serviceOf({
        name: 'store',
        namespace: 'shop',
        clusterIP: '10.96.0.8',
        selector: { app: 'store' },
        ports: [{ name: 'tcp', port: 9080, targetPort: 6000 }],
        endpoints: [{ address: at(2) }],
      }),
    );
    assert.equal(await greet('10.96.0.8:9080'), 'store');
    assert.equal(await ask('10.96.0.1:9080', 'http://ratings:9080/'), 'ratings');
  });

  test('as bytes follow a rule for the addresses that they were meant for', async () => {
    await apply(
      object(
        'ServiceEntry shop/block',
        `
  hosts: [block.example.com]
  addresses: [10.77.0.0/16]
  resolution: STATIC
  ports: [{ number: 6000, name: tcp, protocol: TCP }]
  endpoints: [{ address: ${at(2)} }]`,
      ),
      object(
        'VirtualService shop/block',
        `
  hosts: [block.example.com]
  tcp:
    - match: [{ destinationSubnets: [10.77.9.0/24] }]
      route: [{ destination: { host: outside.example.com, port: { number: 6000 } } }]
    - route: [{ destination: { host: block.example.com, port: { number: 6000 } } }]`,
      ),
      object(
        'ServiceEntry shop/outside',
        `
  hosts: [outside.example.com]
  addresses: [10.78.0.1]
  resolution: STATIC
  ports: [{ number: 6000, name: tcp, protocol: TCP }]
  endpoints: [{ address: ${at(1)} }]`,
      ),
    );
    assert.equal(await greet('10.77.9.1:6000'), 'outside-tcp');
    assert.equal(await greet('10.77.1.1:6000'), 'store');
  });

  test('see what a Sidecar shows, and nothing else', async () => {
    await apply(object('Sidecar shop/default', 'egress: [{ hosts: ["./*"] }]'));
    assert.equal(await ask('10.96.0.1:9080', 'http://ratings:9080/'), 'ratings');
    assert.equal(await ask(`${at(1)}:9080`, 'http://catalog.stock:9080/'), 'outside');
  });

  test('from others reach the application, on ports of services and on any other', async () => {
    const { mesh } = shop();
    const { ip } = mesh.proxy('intercepted');
    await apply(
      serviceOf({
        name: 'own',
        namespace: 'shop',
        selector: { app: 'intercepted' },
        ports: [
          { name: 'http', port: 80, targetPort: 7000 },
          { name: 'tcp', port: 81, targetPort: 7001 },
        ],
        endpoints: [{ address: ip }],
      }),
    );
    const inbound = (port: number) => mesh.proxy('intercepted').intercepting('inbound', `${ip}:${port}`);
    const answer = await call(inbound(7000), { url: 'http://own/' });
    assert.deepEqual([landing(answer), answer.headers.server], ['own', 'istio-envoy']);
    assert.equal(await greeting(inbound(7001)), 'own-tcp');
    await apply();
    assert.equal(landing(await call(inbound(7000), { url: 'http://own/' })), 'own');
  });
});
