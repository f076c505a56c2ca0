import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { AccessError, type ServerAccess } from '../lib/server-access.ts';
import { parseKubeconfig, readKubeconfig } from './kubeconfig.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----';

/** A kubeconfig with one cluster and one user, whose entries these are. */
function configOf(cluster: object, user: object = {}): string {
  return JSON.stringify({
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'first', user: 'me' } }],
    clusters: [{ name: 'first', cluster }],
    users: [{ name: 'me', user }],
  });
}

const server = 'https://10.0.0.1:6443';

async function contentOf({ server: url, trust, credentials }: ServerAccess): Promise<object> {
  return {
    server: url.href,
    authorities: await trust.authorities(),
    serverName: trust.serverName,
    isUnverified: trust.isUnverified,
    ...(await credentials.current()),
  };
}

describe('a kubeconfig', () => {
  function check(name: string, cluster: object, user: object, expected: object): void {
    it(name, async () => {
      const access = parseKubeconfig(configOf({ server, ...cluster }, user), 'kubeconfig', {});
      const usual = { server: `${server}/`, authorities: undefined, serverName: undefined, isUnverified: false };
      assert.deepEqual(await contentOf(access), { ...usual, ...expected });
    });
  }
  const data = (text: string) => Buffer.from(text).toString('base64');
  check('says where the server is', {}, {}, {});
  check('may state a token', {}, { token: 'secret' }, { token: 'secret' });
  check(
    'may state certificates',
    { 'certificate-authority-data': data(pem) },
    { 'client-certificate-data': data(pem), 'client-key-data': data(pem) },
    { authorities: pem, certificate: pem, key: pem },
  );
  check('may name the server otherwise', { 'tls-server-name': 'api' }, {}, { serverName: 'api' });
  check('may trust any server', { 'insecure-skip-tls-verify': true }, {}, { isUnverified: true });
  check('may say more than is read', { extensions: [{ name: 'minikube' }] }, { 'as-user-extra': {} }, {});

  it('may have several contexts, of which one is asked for', async () => {
    const text = `
current-context: one
contexts: [{name: one, context: {cluster: a, user: x}}, {name: two, context: {cluster: b, user: y}}]
clusters: [{name: a, cluster: {server: "https://a"}}, {name: b, cluster: {server: "https://b:1/path"}}]
users: [{name: x, user: {token: t}}, {name: y, user: {token: u}}]
`;
    const { server: url, token } = (await contentOf(parseKubeconfig(text, 'k', { context: 'two' }))) as never;
    assert.deepEqual([url, token], ['https://b:1/path', 'u']);
  });
});

describe('a kubeconfig is refused', () => {
  function check(name: string, text: string, message: string, folder?: string): void {
    it(name, () => {
      const options = folder === undefined ? {} : { folder };
      assert.throws(() => parseKubeconfig(text, 'kubeconfig', options), new AccessError(`kubeconfig: ${message}`));
    });
  }
  check(
    'when it is no YAML',
    'a: [',
    'line 1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
  );
  check('without a current context', '{}', 'expected a current-context, found none');
  check('when its context is not there', 'current-context: a', 'expected a context called a, found none at all');
  check(
    'when its cluster is not there',
    '{current-context: a, contexts: [{name: a, context: {cluster: b}}], clusters: [{name: c, cluster: {server: "https://c"}}]}',
    'expected a cluster called b, found c',
  );
  check(
    'when the server is no URL',
    configOf({ server: 'example' }),
    'expected the URL of a server such as https://10.0.0.1:6443, found "example"',
  );
  check('when a type is wrong', configOf({ server: 3 }), 'clusters[0].cluster.server: expected a string, found 3');
  check(
    'with a password',
    configOf({ server }, { username: 'u', password: 'p' }),
    'username: expected a token or a certificate, found a password, which Kubernetes takes no more',
  );
  check(
    'with what is no PEM',
    configOf({ server, 'certificate-authority-data': 'AAAA' }),
    'certificate-authority-data: expected PEM in base64, found something else',
  );
  check(
    'with a program that asks people',
    configOf({ server }, { exec: { command: 'login', interactiveMode: 'Always' } }),
    'exec: expected a program that asks nobody, found login with interactiveMode Always',
    '/',
  );
  check(
    'with a program, when it comes from elsewhere',
    configOf({ server }, { exec: { command: 'login' } }),
    'exec: expected a token or a certificate, found a program, which is not run here',
  );
  check(
    'with a path, when it comes from elsewhere',
    configOf({ server }, { tokenFile: '/etc/passwd' }),
    'tokenFile: expected token, found a path, which is not followed here',
  );
  check(
    'with a path to a key, when it comes from elsewhere',
    configOf({ server }, { 'client-key': '/etc/shadow' }),
    'client-key: expected client-key-data, found a path, which is not followed here',
  );
});

describe('credentials', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-kubeconfig-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  it('in a file are read again after a while, and at once when they were refused', async () => {
    const clock = fakeClock();
    write('config', configOf({ server }, { tokenFile: 'token' }));
    write('token', 'first\n');
    const { credentials } = readKubeconfig(join(folder, 'config'), { clock });
    const token = async () => (await credentials.current()).token;
    assert.equal(await token(), 'first');
    write('token', 'second\n');
    assert.equal(await token(), 'first');
    await clock.advance(10_000);
    assert.equal(await token(), 'second');
    write('token', 'third\n');
    credentials.refused();
    assert.equal(await token(), 'third');
  });

  it('in a file that is being replaced stay as they were', async () => {
    const clock = fakeClock();
    write('config', configOf({ server }, { tokenFile: 'gone' }));
    write('gone', 'first');
    const { credentials } = readKubeconfig(join(folder, 'config'), { clock });
    assert.equal((await credentials.current()).token, 'first');
    rmSync(join(folder, 'gone'));
    await clock.advance(60_000);
    assert.equal((await credentials.current()).token, 'first');
  });

  function plugin(name: string, script: string): ServerAccess {
    write(name, `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
    write(
      'config',
      configOf({ server }, { exec: { command: join(folder, name), env: [{ name: 'WHO', value: 'me' }] } }),
    );
    return readKubeconfig(join(folder, 'config'));
  }

  it('of a program are kept until it is refused', async () => {
    const { credentials } = plugin(
      'count',
      `echo x >> ${join(folder, 'runs')}; echo '{"status":{"token":"'$WHO-$(wc -l < ${join(folder, 'runs')})'"}}'`,
    );
    const token = async () => (await credentials.current()).token;
    assert.deepEqual(await Promise.all([token(), token()]), ['me-1', 'me-1']);
    credentials.refused();
    assert.equal(await token(), 'me-2');
  });

  it('of a program that have expired are asked for again', async () => {
    const { credentials } = plugin(
      'old',
      `echo '{"status":{"token":"'$(date +%N)'","expirationTimestamp":"2020-01-01T00:00:00Z"}}'`,
    );
    assert.notEqual((await credentials.current()).token, (await credentials.current()).token);
  });

  it('of a program that fails are a fault that says what it said', async () => {
    const { credentials } = plugin('bad', 'echo please log in >&2; exit 1');
    await assert.rejects(
      credentials.current(),
      /bad, which the kubeconfig names for credentials, failed: please log in$/,
    );
  });

  it('of a program that says something else are a fault', async () => {
    const { credentials } = plugin('odd', 'echo hello');
    await assert.rejects(
      credentials.current(),
      /odd: expected an ExecCredential, found a wrong one: expected an object, found "hello/,
    );
  });
});
