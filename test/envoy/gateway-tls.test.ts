/** What a gateway does with TLS: takes it off, asks clients for certificates, passes it on, asks for it, puts it on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, before, test } from 'node:test';
import { issue } from '../support/certificates.ts';
import { pairOf, secretOf } from '../support/secret-object.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { call, landing } from './support/call.ts';
import { object } from './support/cases.ts';
import { tlsPort, tlsServer, toRatings, webServers } from './support/gateway-objects.ts';
import { ingress, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';
import { startTestMesh, type TestMesh } from './support/test-mesh.ts';
import { startTlsApplication, type TlsApplication } from './support/tls-application.ts';
import { callTls, presented, type TlsCall } from './support/tls-call.ts';

const authority = issue({ name: 'Authority', isAuthority: true });
const issued = (name: string) => issue({ name, altNames: [`${name}.test`], issuer: authority.signer });
const clients = issue({ name: 'Clients', isAuthority: true });
const friend = issue({ name: 'friend', issuer: clients.signer });
const stranger = issue({ name: 'stranger', isAuthority: true });

const simple = (name: string) => `{ mode: SIMPLE, credentialName: ${name} }`;
const secret = (name: string, more: { readonly [field: string]: string } = {}) =>
  secretOf(name, { ...pairOf(issued(name)), ...more });

describeWithEnvoy('a gateway', (envoy) => {
  const shop = useShop(envoy, [ingress]);
  const apply = (...objects: readonly string[]) => shop().mesh.apply(objects.join('\n---\n'));
  const entry = () => shop().mesh.proxy('ingress').port(tlsPort);
  const ask = (name: string, presents?: TlsCall['presents']) =>
    callTls(entry(), {
      host: `${name}.test`,
      believes: authority.certificate,
      ...(presents === undefined ? {} : { presents }),
    });

  test('presents to each host the certificate of its server', async () => {
    await apply(
      webServers(tlsServer('a', simple('a')), tlsServer('b', simple('b'))),
      toRatings,
      secret('a'),
      secret('b'),
    );
    const seen = ['a', 'b', 'c'].map((name) =>
      presented(entry(), { host: `${name}.test`, believes: authority.certificate }),
    );
    assert.deepEqual(await Promise.all(seen), ['a', 'b', 'refused']);
    assert.equal(await ask('a'), 'ratings');
  });

  test('lets in only clients whose certificates its authorities have signed', async () => {
    const mutual = '{ mode: MUTUAL, credentialName: a }';
    const optional = '{ mode: OPTIONAL_MUTUAL, credentialName: b }';
    const ca = { 'ca.crt': clients.certificate };
    await apply(
      webServers(tlsServer('a', mutual), tlsServer('b', optional)),
      toRatings,
      secret('a', ca),
      secret('b'),
      secretOf('b-cacert', { cacert: clients.certificate }),
    );
    const answers = async (name: string) => [await ask(name), await ask(name, friend), await ask(name, stranger)];
    assert.deepEqual(await answers('a'), ['refused', 'ratings', 'refused']);
    assert.deepEqual(await answers('b'), ['ratings', 'ratings', 'refused']);
  });

  test('lets in nobody while it does not know whom to believe', async () => {
    await apply(webServers(tlsServer('new', '{ mode: MUTUAL, credentialName: new }')), toRatings, secret('new'));
    assert.deepEqual([await ask('new'), await ask('new', friend)], ['refused', 'refused']);
  });

  test('takes no older version of TLS than it is told to', async () => {
    const modern = '{ mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_3 }';
    await apply(webServers(tlsServer('a', modern)), toRatings, secret('a'));
    const believer = { host: 'a.test', believes: authority.certificate };
    assert.equal(await callTls(entry(), { ...believer, maxVersion: 'TLSv1.2' }), 'refused');
    assert.equal(await callTls(entry(), believer), 'ratings');
  });

  test('sends plain requests to HTTPS', async () => {
    const plain =
      '{ port: { number: 8081, name: http, protocol: HTTP }, hosts: [a.test, b.test], tls: { httpsRedirect: true } }';
    await apply(webServers(plain, tlsServer('a', simple('a'))), toRatings.replace('"*.test"', 'a.test'), secret('a'));
    const { host, port } = shop().mesh.proxy('ingress').port(8081);
    const answers = ['a.test', 'b.test'].map(async (name) => {
      const outgoing = request({ host, port, path: '/pay?now', headers: { host: name }, agent: false });
      outgoing.end();
      const [{ statusCode, headers }] = (await once(outgoing, 'response')) as [IncomingMessage];
      outgoing.destroy();
      return `${statusCode} ${headers.location}`;
    });
    assert.deepEqual(await Promise.all(answers), ['301 https://a.test/pay?now', '301 https://b.test/pay?now']);
  });

  test('takes TLS off connections whose bytes it passes on', async () => {
    await apply(
      webServers(tlsServer('a', simple('a'), 'TLS')),
      object(
        'VirtualService shop/web',
        `
  hosts: [a.test]
  gateways: [edge/web]
  tcp: [{ route: [{ destination: { host: ratings } }] }]`,
      ),
      secret('a'),
    );
    assert.equal(await ask('a'), 'ratings');
  });

  test('follows certificates in files, and a wrong file costs only its own host', async (context) => {
    const folder = tempFolder(context);
    const files = (name: string) =>
      `{ mode: SIMPLE, serverCertificate: ${folder.at(`${name}.crt`)}, privateKey: ${folder.at(`${name}.key`)} }`;
    const write = (name: string, { certificate, key }: { readonly certificate: string; readonly key: string }) => {
      folder.replace(`${name}.key`, key);
      folder.replace(`${name}.crt`, certificate);
    };
    write('a', issue({ name: 'first', altNames: ['a.test'], issuer: authority.signer }));
    await using gateway = await startedWith(
      webServers(tlsServer('a', files('a')), tlsServer('b', files('b')), tlsServer('c', '{ mode: ISTIO_MUTUAL }')),
    );
    const at = gateway.mesh.proxy('ingress').port(tlsPort);
    const seen = (name: string) => presented(at, { host: `${name}.test`, believes: authority.certificate });
    assert.deepEqual([await seen('a'), await seen('b'), await seen('c')], ['first', 'refused', 'refused']);
    write('a', issue({ name: 'second', altNames: ['a.test'], issuer: authority.signer }));
    await until(async () => (await seen('a')) === 'second', { what: 'the new certificate to be presented' });
  });

  /** A mesh of its own whose gateway starts with these objects; what it rejects is part of the test. */
  async function startedWith(...objects: readonly string[]) {
    const block = await takeTestBlock();
    let mesh: TestMesh;
    try {
      mesh = await startTestMesh({ envoy: envoy.path, block, proxies: [ingress], base: objects.join('\n---\n') });
    } catch (error) {
      block.release();
      throw error;
    }
    return {
      mesh,
      async [Symbol.asyncDispose]() {
        await mesh.stop();
        block.release();
      },
    };
  }

  let bank: TlsApplication;
  before(async () => {
    bank = await startTlsApplication({
      address: shop().block.at(10, 99),
      name: 'bank',
      presents: issued('bank'),
      believes: clients.certificate,
    });
  });
  after(() => bank.close());
  const bankEntry = () =>
    object(
      'ServiceEntry shop/bank',
      `
  hosts: [bank.test]
  resolution: STATIC
  location: MESH_EXTERNAL
  ports: [{ number: 443, name: tls, protocol: TLS }, { number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${shop().block.at(10, 99)}, ports: { tls: ${bank.port}, http: ${bank.port} } }]`,
    );

  test('passes TLS on by the server name that clients say', async () => {
    await apply(
      webServers(tlsServer('bank', '{ mode: PASSTHROUGH }', 'TLS'), tlsServer('a', simple('a'))),
      toRatings.replace('"*.test"', 'a.test'),
      secret('a'),
      bankEntry(),
      object(
        'VirtualService shop/bank',
        `
  hosts: [bank.test]
  gateways: [edge/web]
  tls: [{ match: [{ sniHosts: [bank.test] }], route: [{ destination: { host: bank.test, port: { number: 443 } } }] }]`,
      ),
    );
    assert.deepEqual([await ask('bank', friend), await ask('a')], ['bank for friend', 'ratings']);
  });

  test('puts TLS on with a certificate from a Secret of its own namespace', async () => {
    const out = '{ port: { number: 8081, name: http, protocol: HTTP }, hosts: [bank.test] }';
    await apply(
      webServers(out),
      bankEntry(),
      object(
        'VirtualService shop/bank',
        `
  hosts: [bank.test]
  gateways: [edge/web]
  http: [{ route: [{ destination: { host: bank.test, port: { number: 80 } } }] }]`,
      ),
      object(
        'DestinationRule shop/bank',
        `
  host: bank.test
  trafficPolicy: { tls: { mode: MUTUAL, credentialName: to-bank, sni: bank.test, subjectAltNames: [bank.test] } }`,
      ),
      secretOf('to-bank', { ...pairOf(friend), 'ca.crt': authority.certificate }),
    );
    const answer = await call(shop().mesh.proxy('ingress').port(8081), { url: 'http://bank.test/' });
    assert.equal(landing(answer), '200 bank for friend');
  });
});
