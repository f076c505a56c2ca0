import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { issue } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import { type Application, startHttp2Application, startTcpApplication } from '../support/application.ts';
import { call, greeting, landing } from '../support/call.ts';
import { object } from '../support/cases.ts';
import { callHttp2 } from '../support/http2-call.ts';
import { client, intercepted, useShop } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';
import { startTlsApplication, type TlsApplication } from '../support/tls-application.ts';

const authority = issue({ name: 'Authority', isAuthority: true });
const vault = issue({ name: 'vault', altNames: ['vault.example.com'], issuer: authority.signer });
const caller = issue({ name: 'caller', issuer: authority.signer });
const stranger = issue({ name: 'Stranger', isAuthority: true });

describeWithEnvoy('how a service is spoken to', (envoy) => {
  const shop = useShop(envoy, [client, intercepted]);
  const folder = mkdtempSync(join(tmpdir(), 'fairway-upstream-'));
  const apps = new Map<string, Application>();
  const tlsApps: TlsApplication[] = [];
  const at = (number: number) => shop().block.at(11, number);

  before(async () => {
    const files = { authority: authority.certificate, stranger: stranger.certificate, caller: caller.certificate };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.crt`), text);
    writeFileSync(join(folder, 'caller.key'), caller.key);
    tlsApps.push(await startTlsApplication({ name: 'tls', address: at(1), presents: vault }));
    const believes = authority.certificate;
    tlsApps.push(await startTlsApplication({ name: 'mutual', address: at(2), presents: vault, believes }));
    apps.set('h2', await startHttp2Application({ name: 'h2', address: at(3), port: 8080 }));
    apps.set('tcp', await startTcpApplication({ name: 'tcp', address: at(4), port: 8080 }));
  });
  after(async () => {
    await Promise.all([...apps.values(), ...tlsApps].map((app) => app.close()));
    rmSync(folder, { recursive: true });
  });

  const entry = (app: number, protocol = 'HTTP') =>
    object(
      'ServiceEntry shop/vault',
      `
  hosts: [vault.example.com]
  resolution: STATIC
  ports: [{ number: 7080, name: main, protocol: ${protocol}, targetPort: ${tlsApps[app - 1]?.port ?? 8080} }]
  endpoints: [{ address: ${at(app)} }]`,
    );
  const rule = (policy: string) =>
    object('DestinationRule shop/vault', `\n  host: vault.example.com\n  trafficPolicy: ${policy}`);
  const url = 'http://vault.example.com:7080/';
  const ask = () => call(shop().mesh.proxy('client').httpProxy, { url });

  interface TlsCase {
    readonly name: string;
    readonly app: 1 | 2;
    readonly tls: () => string;
    readonly lands: RegExp;
  }

  function checkTls(cases: readonly TlsCase[]): void {
    for (const { name, app, tls, lands } of cases)
      test(name, async () => {
        await shop().mesh.apply([entry(app), rule(`{ tls: ${tls()} }`)].join('\n---\n'));
        assert.match(landing(await ask()), lands);
      });
  }

  const ca = (name = 'authority') => `caCertificates: ${folder}/${name}.crt`;

  checkTls([
    {
      name: 'in TLS, which the proxy begins',
      app: 1,
      tls: () => `{ mode: SIMPLE, sni: vault.example.com, ${ca()}, subjectAltNames: [vault.example.com] }`,
      lands: /^200 tls$/,
    },
    {
      name: 'in TLS, by the name in the Host header where none is stated',
      app: 1,
      tls: () => `{ mode: SIMPLE, ${ca()} }`,
      lands: /^200 tls$/,
    },
    {
      name: 'not, if its certificate comes from somebody else',
      app: 1,
      tls: () => `{ mode: SIMPLE, sni: vault.example.com, ${ca('stranger')} }`,
      lands: /^503 upstream connect error/,
    },
    {
      name: 'not, if its certificate has another name',
      app: 1,
      tls: () => `{ mode: SIMPLE, sni: vault.example.com, ${ca()}, subjectAltNames: [bank.example.com] }`,
      lands: /^503 upstream connect error/,
    },
    {
      name: 'whatever its certificate, if that is not to be looked at',
      app: 1,
      tls: () => '{ mode: SIMPLE, insecureSkipVerify: true }',
      lands: /^200 tls$/,
    },
    {
      name: 'with a certificate of the proxy’s own',
      app: 2,
      tls: () =>
        `{ mode: MUTUAL, clientCertificate: ${folder}/caller.crt, privateKey: ${folder}/caller.key, ${ca()}, sni: vault.example.com }`,
      lands: /^200 mutual for caller$/,
    },
    {
      name: 'not without one, where it wants one',
      app: 2,
      tls: () => `{ mode: SIMPLE, ${ca()}, sni: vault.example.com }`,
      lands: /^503 upstream connect error/,
    },
    {
      name: 'in plain text, where TLS is disabled',
      app: 1,
      tls: () => '{ mode: DISABLE }',
      lands: /^(400|503)/,
    },
  ]);

  test('in HTTP/2, where a port of HTTP is to be upgraded', async () => {
    await shop().mesh.apply(
      [entry(3), rule('{ connectionPool: { http: { h2UpgradePolicy: UPGRADE } } }')].join('\n---\n'),
    );
    const { status, seen } = await ask();
    assert.deepEqual([status, seen?.app, seen?.version], [200, 'h2', '2.0']);
  });

  test('in the protocol of the caller, where that is asked for', async () => {
    await shop().mesh.apply(
      [entry(3), rule('{ connectionPool: { http: { useClientProtocol: true } } }')].join('\n---\n'),
    );
    const answer = await callHttp2(shop().mesh.proxy('client').httpProxy, {
      authority: 'vault.example.com:7080',
      path: '/',
    });
    assert.deepEqual([answer.status, answer.seen?.version], [200, '2.0']);
  });

  test('with a header of the PROXY protocol in front', async () => {
    await shop().mesh.apply([entry(4, 'TCP'), rule('{ proxyProtocol: { version: V1 } }')].join('\n---\n'));
    const app = apps.get('tcp');
    assert.equal(await greeting(shop().mesh.proxy('client').port(7080)), 'tcp');
    await until(() => (app?.received.length ?? 0) > 0, { what: 'the application to receive the first bytes' });
    assert.match(app?.received.at(-1)?.path ?? '', /^PROXY TCP4 [\d.]+ [\d.]+ \d+ \d+\r\n$/);
  });

  test('through a tunnel of CONNECT', async () => {
    const asked: string[] = [];
    const tunnel = createServer();
    tunnel.on('connect', ({ url: target = '' }, socket, head) => {
      asked.push(target);
      const onward = connect({ host: at(4), port: 8080 }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => tunnel.listen(8080, at(5), resolve));
    try {
      await shop().mesh.apply(
        [
          object(
            'ServiceEntry shop/tunnel',
            `
  hosts: [tunnel.example.com]
  resolution: STATIC
  ports: [{ number: 3128, name: tcp, protocol: TCP, targetPort: 8080 }]
  endpoints: [{ address: ${at(5)} }]`,
          ),
          entry(4, 'TCP'),
          object(
            'DestinationRule shop/tunnel',
            `
  host: tunnel.example.com
  subsets:
    - name: through
      trafficPolicy: { tunnel: { protocol: CONNECT, targetHost: vault.example.com, targetPort: 7080 } }`,
          ),
          object(
            'VirtualService shop/vault',
            `
  hosts: [vault.example.com]
  tcp:
    - match: [{ port: 7080 }]
      route: [{ destination: { host: tunnel.example.com, subset: through, port: { number: 3128 } } }]`,
          ),
        ].join('\n---\n'),
      );
      assert.equal(await greeting(shop().mesh.proxy('client').port(7080)), 'tcp');
      assert.deepEqual(asked, ['vault.example.com:7080']);
    } finally {
      tunnel.close();
      tunnel.closeAllConnections();
    }
  });
});
