import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { consulVariables, type PlatformUrl, parsePlatformUrl } from './platform-url.ts';

const form = {
  ...consulVariables,
  variables: { ...consulVariables.variables, namespace: 'CONSUL_NAMESPACE' },
  example: 'http://127.0.0.1:8500',
  parameters: { dc: 'often', namespace: 'often' },
} as const;

function parse(text: string, environment: { readonly [name: string]: string } = {}): PlatformUrl {
  const url = parsePlatformUrl(text, form, environment);
  assert.ok(typeof url !== 'string', String(url));
  return url;
}

describe('the URL of a platform', () => {
  it('is where its server is, without the parameters', () => {
    const { access } = parse('https://consul.example:8501/path?dc=dc1#x');
    assert.equal(access.server.href, 'https://consul.example:8501/path');
  });

  it('has parameters once or often, decoded; empty ones say nothing', () => {
    const url = parse('http://127.0.0.1:8500?dc=dc1&dc=dc%202&namespace=');
    assert.deepEqual([url.all('dc'), url.one('dc'), url.one('namespace')], [['dc1', 'dc 2'], 'dc1', undefined]);
  });

  it('counts before variables', () => {
    const environment = { CONSUL_NAMESPACE: 'shop', CONSUL_TLS_SERVER_NAME: 'server.dc1.consul' };
    const both = (text: string) => {
      const url = parse(text, environment);
      return [url.all('namespace'), url.access.trust.serverName];
    };
    assert.deepEqual(both('https://h?namespace=a&namespace=b'), [['a', 'b'], 'server.dc1.consul']);
    assert.deepEqual(both('https://h?server-name=other'), [['shop'], 'other']);
  });

  it('may leave TLS to variables of which plaintext makes nothing', () => {
    parse('http://127.0.0.1:8500', { CONSUL_CACERT: 'ca.pem' });
  });

  it('leads to tokens, certificates and authorities in files, read again after a refusal', async (test) => {
    const { path: folder } = tempFolder(test);
    const file = (name: string, text = name) => {
      writeFileSync(join(folder, name), `${text}\n`);
      return join(folder, name);
    };
    const text = `https://h?token-file=${file('token')}&ca-file=${file('ca')}&cert-file=${file('cert')}&key-file=${file('key')}`;
    const { trust, credentials } = parse(text, { CONSUL_HTTP_TOKEN: 'usual' }).access;
    assert.equal(await trust.authorities(), 'ca');
    assert.deepEqual(await credentials.current(), { token: 'token', certificate: 'cert', key: 'key' });
    file('token', 'next');
    credentials.refused();
    assert.equal((await credentials.current()).token, 'next');
  });

  for (const [name, environment, expected] of [
    ['of the variable', { CONSUL_HTTP_TOKEN: 'secret' }, { token: 'secret' }],
    ['of none', {}, {}],
    ['of an empty variable, which is none', { CONSUL_HTTP_TOKEN: '' }, {}],
  ] as const)
    it(`has the token ${name}`, async () => {
      assert.deepEqual(await parse('http://h', environment).access.credentials.current(), expected);
    });
});
