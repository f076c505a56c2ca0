import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { issue } from '../../support/certificates.ts';
import { type Application, startHttpsApplication } from '../support/application.ts';
import { type Call, call, landing } from '../support/call.ts';
import { object } from '../support/cases.ts';
import { tlsSecret } from '../support/secrets.ts';
import { client, ingress, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const authority = issue({ name: 'Authority', isAuthority: true });
const certificateOf = (name: string) => issue({ name, altNames: [name], issuer: authority.signer });
const a = certificateOf('a.example.com');
const b = certificateOf('b.example.com');
const caller = issue({ name: 'caller', issuer: authority.signer });

const port = 8443;

const server = (name: string, host: string, tls: string, protocol = 'HTTPS') =>
  `{ port: { number: ${port}, name: ${name}, protocol: ${protocol} }, hosts: ["${host}"], tls: ${tls} }`;

const gateway = (...servers: readonly string[]) =>
  object('Gateway edge/tls', `\n  selector: { istio: ingressgateway }\n  servers: [${servers.join(', ')}]`);

const routes = object(
  'VirtualService shop/tls',
  `
  hosts: [a.example.com, b.example.com]
  gateways: [edge/tls]
  http:
    - match: [{ authority: { prefix: a. } }]
      route: [{ destination: { host: ratings } }]
    - route: [{ destination: { host: details } }]`,
);

describeWithEnvoy('TLS at a gateway', (envoy) => {
  const shop = useShop(envoy, [client, ingress]);
  const folder = mkdtempSync(join(tmpdir(), 'fairway-tls-'));
  const apps: Application[] = [];

  before(async () => {
    writeFileSync(join(folder, 'a.crt'), a.certificate);
    writeFileSync(join(folder, 'a.key'), a.key);
    const address = shop().block.at(11, 1);
    apps.push(await startHttpsApplication({ name: 'vault', address, port: 8443 }, { cert: a.certificate, key: a.key }));
  });
  after(async () => {
    await Promise.all(apps.map((app) => app.close()));
    rmSync(folder, { recursive: true });
  });

  const trust = { ca: authority.certificate };

  /** Where a call lands, and whose certificate it was shown; or why it did not get through. */
  async function ask(url: string, more: Partial<Call> & { readonly tls?: object } = {}): Promise<string> {
    const { tls, ...rest } = more;
    const entry = shop().mesh.proxy('ingress').port(port);
    return call(entry, { url, tls: { ...trust, ...tls }, ...rest }).then(
      (answer) => `${landing(answer)}, ${answer.certificate}`,
      (error: NodeJS.ErrnoException) => `no: ${error.code ?? error.message}`,
    );
  }

  const simple = (secret: string) => `{ mode: SIMPLE, credentialName: ${secret} }`;
  const apply = (...objects: readonly string[]) => shop().mesh.apply([routes, ...objects].join('\n---\n'));

  test('is ended with the certificate of the host that was asked for', async () => {
    await apply(
      gateway(server('a', 'a.example.com', simple('a')), server('b', 'b.example.com', simple('b'))),
      tlsSecret('a', 'edge', a),
      tlsSecret('b', 'edge', b),
    );
    assert.equal(await ask('https://a.example.com/'), 'ratings, a.example.com');
    assert.equal(await ask('https://b.example.com/'), 'details, b.example.com');
  });

  test('is refused for a name that no server has', async () => {
    assert.equal(await ask('https://c.example.com/'), 'no: ECONNRESET');
  });

  test('shows another certificate as soon as its Secret has changed, and no request fails', async () => {
    const servers = gateway(server('a', '*.example.com', simple('a')));
    await apply(servers, tlsSecret('a', 'edge', a));
    assert.equal(await ask('https://a.example.com/'), 'ratings, a.example.com');
    const renewed = issue({ name: 'renewed', altNames: ['a.example.com'], issuer: authority.signer });
    await apply(servers, tlsSecret('a', 'edge', renewed));
    assert.equal(await ask('https://a.example.com/'), 'ratings, renewed');
  });

  test('of other hosts goes on when one key does not fit its certificate', async () => {
    await apply(
      gateway(server('a', 'a.example.com', simple('unfit')), server('b', 'b.example.com', simple('b'))),
      tlsSecret('unfit', 'edge', { ...a, key: b.key }),
      tlsSecret('b', 'edge', b),
    );
    assert.match(await ask('https://a.example.com/'), /^no: /);
    assert.equal(await ask('https://b.example.com/'), 'details, b.example.com');
  });

  test('of other hosts goes on while a Secret is missing, and works when it has come', async () => {
    const servers = gateway(server('a', 'a.example.com', simple('late')), server('b', 'b.example.com', simple('b')));
    await apply(servers, tlsSecret('b', 'edge', b));
    assert.match(await ask('https://a.example.com/'), /^no: /);
    assert.equal(await ask('https://b.example.com/'), 'details, b.example.com');
    await apply(servers, tlsSecret('late', 'edge', a), tlsSecret('b', 'edge', b));
    assert.equal(await ask('https://a.example.com/'), 'ratings, a.example.com');
  });

  test('with a caller’s certificate is for callers that have one', async () => {
    await apply(
      gateway(server('a', 'a.example.com', '{ mode: MUTUAL, credentialName: a }')),
      tlsSecret('a', 'edge', a, authority),
    );
    assert.match(await ask('https://a.example.com/'), /^no: /);
    const stranger = issue({ name: 'stranger' });
    assert.match(
      await ask('https://a.example.com/', { tls: { cert: stranger.certificate, key: stranger.key } }),
      /^no: /,
    );
    assert.equal(
      await ask('https://a.example.com/', { tls: { cert: caller.certificate, key: caller.key } }),
      'ratings, a.example.com',
    );
    assert.match(
      String(shop().app('ratings').received.at(-1)?.headers['x-forwarded-client-cert']),
      /Subject="CN=caller"/,
    );
  });

  test('may have to be of a version', async () => {
    await apply(
      gateway(server('a', 'a.example.com', '{ mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_3 }')),
      tlsSecret('a', 'edge', a),
    );
    assert.match(await ask('https://a.example.com/', { tls: { maxVersion: 'TLSv1.2' } }), /^no: /);
    assert.equal(await ask('https://a.example.com/'), 'ratings, a.example.com');
  });

  test('may have its certificate in files', async () => {
    const files = `{ mode: SIMPLE, serverCertificate: ${folder}/a.crt, privateKey: ${folder}/a.key }`;
    await apply(gateway(server('a', 'a.example.com', files)));
    assert.equal(await ask('https://a.example.com/'), 'ratings, a.example.com');
  });

  test('is passed through to the service of its name, with the service’s own certificate', async () => {
    const { mesh, block } = shop();
    await mesh.apply(
      [
        gateway(server('pass', '*.example.com', '{ mode: PASSTHROUGH }', 'TLS')),
        object(
          'ServiceEntry shop/vault',
          `
  hosts: [vault.internal]
  resolution: STATIC
  ports: [{ number: 443, name: tls, protocol: TLS, targetPort: 8443 }]
  endpoints: [{ address: ${block.at(11, 1)} }]`,
        ),
        object(
          'VirtualService shop/vault',
          `
  hosts: [a.example.com]
  gateways: [edge/tls]
  tls:
    - match: [{ port: ${port}, sniHosts: [a.example.com] }]
      route: [{ destination: { host: vault.internal, port: { number: 443 } } }]`,
        ),
      ].join('\n---\n'),
    );
    assert.equal(await ask('https://a.example.com/'), 'vault, a.example.com');
    assert.match(await ask('https://b.example.com/'), /^no: /);
  });
});
