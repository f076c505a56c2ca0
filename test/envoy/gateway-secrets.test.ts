/** Certificates of a gateway from Secrets: good, missing, wrong, old, late and renewed. */
import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { test } from 'node:test';
import { issue } from '../support/certificates.ts';
import { pairOf, secretOf } from '../support/secret-object.ts';
import { until } from '../support/until.ts';
import { tlsPort, tlsServer, toRatings, webServers } from './support/gateway-objects.ts';
import { ingress, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';
import { startTestMesh, type TestMesh } from './support/test-mesh.ts';
import { callTls, presented } from './support/tls-call.ts';

const day = 24 * 60 * 60 * 1000;
const authority = issue({ name: 'Authority', isAuthority: true });
const issued = (name: string, more: Partial<Parameters<typeof issue>[0]> = {}) =>
  issue({ name, altNames: [`${name}.test`], issuer: authority.signer, ...more });

const names = ['good', 'torn', 'old', 'missing'] as const;
const servers = webServers(...names.map((name) => tlsServer(name, `{ mode: SIMPLE, credentialName: ${name} }`)));
const secrets = {
  good: secretOf('good', pairOf(issued('good'))),
  torn: secretOf('torn', { ...pairOf(issued('torn')), 'tls.key': authority.key }),
  old: secretOf(
    'old',
    pairOf(issued('old', { from: new Date(Date.now() - 9 * day), until: new Date(Date.now() - day) })),
  ),
};
const mixed = [servers, toRatings, ...Object.values(secrets)];

/** What each host presents: by name, or `refused`. */
async function hosts(mesh: TestMesh): Promise<{ readonly [name: string]: string }> {
  const entry = mesh.proxy('ingress').port(tlsPort);
  const results = names.map(async (name) => [
    name,
    await presented(entry, { host: `${name}.test`, believes: authority.certificate }),
  ]);
  return Object.fromEntries(await Promise.all(results));
}

describeWithEnvoy('a gateway whose certificates come from Secrets', (envoy) => {
  const shop = useShop(envoy, [ingress]);
  const apply = (...objects: readonly string[]) => shop().mesh.apply(objects.join('\n---\n'));
  const entry = () => shop().mesh.proxy('ingress').port(tlsPort);
  const ask = (host: string) => callTls(entry(), { host, believes: authority.certificate });

  test('refuses handshakes only for the hosts whose secret is missing, does not fit or is too old', async () => {
    await apply(...mixed);
    assert.deepEqual(await hosts(shop().mesh), {
      good: 'good',
      torn: 'refused',
      old: 'refused',
      missing: 'refused',
    });
    assert.equal(await ask('good.test'), 'ratings');
    const problems = shop().mesh.server.controlPlane.diagnostics.all();
    assert.deepEqual(problems.map(({ code, object: of, path }) => `${code} ${of?.kind} ${of?.name} ${path}`).sort(), [
      'FW0406 Gateway web spec.servers[1].tls.credentialName',
      'FW0406 Gateway web spec.servers[2].tls.credentialName',
      'FW0406 Gateway web spec.servers[3].tls.credentialName',
      'FW0803 Secret torn data["tls.crt"]',
      'FW0804 Secret old data["tls.crt"]',
    ]);
  });

  test('does the same when it starts', async () => {
    const block = await takeTestBlock();
    let mesh: TestMesh | undefined;
    try {
      mesh = await startTestMesh({ envoy: envoy.path, block, proxies: [ingress], base: mixed.join('\n---\n') });
      assert.deepEqual(await hosts(mesh), { good: 'good', torn: 'refused', old: 'refused', missing: 'refused' });
    } finally {
      await mesh?.close();
      block.release();
    }
  });

  test('uses a secret as soon as it comes', async () => {
    await apply(...mixed);
    const before = await ask('missing.test');
    await apply(...mixed, secretOf('missing', pairOf(issued('missing'))));
    assert.deepEqual([before, await ask('missing.test')], ['refused', 'ratings']);
  });

  test('keeps the last good version of a secret that goes bad', async () => {
    await apply(servers, toRatings, secrets.good);
    await apply(servers, toRatings, secretOf('good', { ...pairOf(issued('good')), 'tls.key': authority.key }));
    assert.equal(await ask('good.test'), 'ratings');
  });

  test('presents a renewed certificate without losing a request', async () => {
    const versions = ['first', 'second', 'third'].map((name) => issued(name, { altNames: ['good.test'] }));
    const call = { host: 'good.test', believes: authority.certificate };
    await apply(servers, toRatings, secrets.good);
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const results: string[] = [];
    let goesOn = true;
    const load = [{ ...call, agent }, call].map(async (one) => {
      while (goesOn) results.push(await callTls(entry(), one));
    });
    for (const version of versions) {
      await apply(servers, toRatings, secretOf('good', pairOf(version)));
      const { name } = version.signer;
      await until(async () => (await presented(entry(), call)) === name, { what: `the ${name} one to be presented` });
    }
    goesOn = false;
    await Promise.all(load);
    agent.destroy();
    assert.deepEqual([...new Set(results)], ['ratings']);
  });

  test('has no key on any page of the control plane', async () => {
    await apply(...mixed);
    const { host, port } = shop().mesh.server.httpAddress;
    const get = async (page: string) => (await fetch(`http://${host}:${port}${page}`)).text();
    const listed = [...(await get('/')).matchAll(/^\s*(\/\S*)/gm)].map(([, page = '']) => page);
    const pages = [...listed, '/debug/config_dump?types=sds'].map(
      (page) => `${page}${page.includes('?') ? '&' : '?'}proxyID=ingress-1`,
    );
    const texts = await Promise.all(pages.map(get));
    const shown = pages.filter((_, i) => texts[i]?.includes('"kubernetes://good"')).map((page) => page.split('?')[0]);
    assert.deepEqual(shown, ['/debug/config_dump', '/debug/originz', '/debug/config_dump'], 'where secrets are shown');
    const parts = Object.values(secrets).flatMap(keyParts);
    assert.deepEqual(
      pages.filter((_, i) => parts.some((part) => texts[i]?.includes(part))),
      [],
    );
  });
});

/** Pieces of a Secret's private key, as PEM and as what an API server stores. */
function keyParts(text: string): readonly string[] {
  const stored: string = JSON.parse(text).data['tls.key'];
  const [, ...lines] = Buffer.from(stored, 'base64').toString().trim().split('\n');
  return [stored.slice(60, 120), ...lines.slice(0, -1)];
}
