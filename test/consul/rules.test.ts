/** Rules in the KV of a real Consul: what is in force whatever becomes of the server, of keys and of tokens. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { QueryClient } from '../../src/blocking-query/client.ts';
import { consulRules } from '../../src/consul-rules/consul-rules.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silent } from '../../src/lib/log.ts';
import { fixedCredentials } from '../../src/lib/server-access.ts';
import type { Freshness } from '../../src/model/source.ts';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { rule, rules } from '../rules-api/support/api.ts';
import { serve } from '../rules-api/support/process.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '../support/http-fault-proxy.ts';
import { type RecordingSink, recordingSink } from '../support/recording-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Consul, startConsul } from './support/consul.ts';
import { html, says, withHeaders, withIndex } from './support/faults.ts';
import { describeWithConsul } from './support/suite.ts';

const text = (name: string, version = 1) =>
  rule(name).replace('namespace: shop', `namespace: shop, annotations: {version: "${version}"}`);

interface Followed {
  readonly sink: RecordingSink;
  readonly freshness: () => Freshness;
  /** `a 1, b 2`: names with versions. */
  readonly inForce: () => string;
  untilInForce(wanted: string): Promise<void>;
  untilState(wanted: Freshness['state']): Promise<void>;
}

/** Follows keys under `rules` until the test ends. */
function follow(
  context: TestContext,
  server: URL,
  { token, graceMs = 1000 }: { readonly token?: string; readonly graceMs?: number } = {},
): Followed {
  const sink = recordingSink();
  let freshness: Freshness = { state: 'live' };
  const access = {
    server,
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials(token === undefined ? {} : { token }),
  };
  const client = new QueryClient({ api: 'Consul', access, userAgent: 'test', mostConnections: 2 });
  const source = consulRules({
    client,
    name: 'consul-rules/test',
    prefix: 'rules',
    log: silent,
    clock: systemClock,
    now: Date.now,
    random: Math.random,
    waitMs: 2000,
    graceMs,
  });
  const stop = new AbortController();
  const running = source.run(
    {
      ...sink,
      freshness(next) {
        freshness = next;
      },
    },
    stop.signal,
  );
  context.after(async () => {
    stop.abort();
    client.close();
    await running;
  });
  const inForce = () =>
    sink
      .objects('version')
      .map((one) => one.replace('VirtualService shop/', ''))
      .join(', ');
  return {
    sink,
    freshness: () => freshness,
    inForce,
    untilInForce: (wanted) =>
      until(() => inForce() === wanted, { what: `${wanted} in force, not ${inForce()}`, mostMs: 15_000 }),
    untilState: (wanted) =>
      until(() => freshness.state === wanted, { what: `the source to be ${wanted}`, mostMs: 15_000 }),
  };
}

const put = ({ url }: Pick<Consul, 'url'>, key: string, value: string, token = '') =>
  write(url, 'PUT', key, token, value);
const remove = ({ url }: Pick<Consul, 'url'>, key: string) => write(url, 'DELETE', key, '');

async function write(url: URL, method: string, key: string, token: string, body?: string): Promise<void> {
  const at = new URL(`/v1/kv/${key}`, url);
  const init = { method, headers: { 'x-consul-token': token } };
  const response = await fetch(at, body === undefined ? init : { ...init, body });
  assert.equal(response.status, 200, await response.text());
}

describeWithConsul('rules in the KV', (program) => {
  let block: AddressBlock;
  let consul: Consul;
  let proxy: HttpFaultProxy;
  before(async () => {
    block = await takeTestBlock();
    consul = await startConsul({ program, block });
    proxy = await startHttpFaultProxy(consul.url);
  });
  after(async () => {
    await proxy?.close();
    await consul?.close();
    block?.release();
  });
  const fresh = async () => {
    await proxy.heal();
    await remove(consul, '?recurse');
  };

  test('come, change and go, and a bad key breaks only itself', async (context) => {
    await fresh();
    const followed = follow(context, proxy.url);
    await until(() => followed.sink.isSynced, { what: 'a list of no keys' });
    await put(consul, 'rules-old/x', text('x'));
    await put(consul, 'rules/shop/', '');
    await put(consul, 'rules/shop/a.yaml', text('a'));
    await put(consul, 'rules/b', `${text('b')}---\n${text('c')}`);
    await followed.untilInForce('a 1, b 1, c 1');
    await put(consul, 'rules/b', `${text('b', 2)}---\na: [\n`);
    await followed.untilInForce('a 1, b 2, c 1');
    assert.deepEqual(followed.sink.current(), [
      'consul:rules/b:9: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]',
    ]);
    await put(consul, 'rules/shop/a.yaml', text('a', 2));
    await followed.untilInForce('a 2, b 2, c 1');
    await remove(consul, 'rules/b');
    await followed.untilInForce('a 2');
    await remove(consul, 'rules/shop/?recurse');
    await followed.untilInForce('');
    assert.deepEqual(followed.sink.current(), []);
  });

  const denials = {
    'says an error': { answer: says(500, 'No cluster leader') },
    'is a load balancer’s page': { answer: html(200) },
    'is a load balancer’s 404': { answer: html(404) },
    'knows no leader': {
      bend: (found: Parameters<typeof withHeaders>[0]) =>
        withHeaders({ ...found, status: 404, body: '' }, { 'x-consul-knownleader': 'false' }),
    },
    'leaves out what the token may not read': {
      bend: (found: Parameters<typeof withHeaders>[0]) =>
        withHeaders({ ...found, status: 404, body: '' }, { 'x-consul-results-filtered-by-acls': 'true' }),
    },
  };
  for (const [name, fault] of Object.entries(denials))
    test(`stay while the server ${name}`, async (context) => {
      await fresh();
      await put(consul, 'rules/a', text('a'));
      const followed = follow(context, proxy.url);
      await followed.untilInForce('a 1');
      proxy.inject(fault);
      proxy.breakOpen();
      await followed.untilState('stale');
      await put(consul, 'rules/b', text('b'));
      assert.equal(followed.inForce(), 'a 1');
      await proxy.heal();
      await followed.untilInForce('a 1, b 1');
      await followed.untilState('live');
    });

  test('stay for a while when the server has lost all, and go then', async (context) => {
    await fresh();
    await put(consul, 'rules/a', text('a'));
    const followed = follow(context, proxy.url, { graceMs: 4000 });
    await followed.untilInForce('a 1');
    await consul.stop('SIGKILL');
    await followed.untilState('stale');
    await consul.start();
    const upMs = performance.now();
    await put(consul, 'rules/b', text('b'));
    await followed.untilInForce('a 1, b 1');
    assert.ok(performance.now() - upMs < 4000, 'what is new is not waited for');
    await followed.untilInForce('b 1');
  });

  test('stay when one answer is empty and the next is not', async (context) => {
    await fresh();
    await put(consul, 'rules/a', text('a'));
    const followed = follow(context, proxy.url);
    await followed.untilInForce('a 1');
    let lies = 1;
    proxy.inject({
      on: ({ query }) => query.has('recurse'),
      bend: (found) => (lies-- > 0 ? withHeaders({ ...found, status: 404, body: '' }, {}) : found),
    });
    await put(consul, 'rules/b', text('b'));
    await followed.untilInForce('a 1, b 1');
    assert.ok(lies <= 0 && !followed.sink.takeChanges().includes('- VirtualService shop/a'));
  });

  test('are not lost when the index goes back', async (context) => {
    await fresh();
    await put(consul, 'rules/a', text('a'));
    const followed = follow(context, proxy.url);
    await followed.untilInForce('a 1');
    const heal = proxy.inject({
      bend: (found, asked) => withIndex(() => 3)({ ...found, status: 404, body: '' }, asked),
    });
    await put(consul, 'rules/b', text('b'));
    await until(() => proxy.met > 1, { what: 'the index to have gone back' });
    assert.equal(followed.inForce(), 'a 1');
    heal();
    await put(consul, 'rules/c', text('c'));
    await followed.untilInForce('a 1, b 1, c 1');
  });
});

describeWithConsul('rules in the KV, and tokens', (program) => {
  test('stay while the token may not read them, which Consul does not say of lists', async (context) => {
    const block = await takeTestBlock();
    context.after(() => block.release());
    const master = '11111111-1111-1111-1111-111111111111';
    const settings = `acl { enabled = true default_policy = "deny" tokens { master = "${master}" agent = "${master}" } }`;
    const consul = await startConsul({ program, block, settings, token: master });
    context.after(() => consul.close());
    const policy = { Name: 'rules', Rules: 'key_prefix "rules/" { policy = "read" }' };
    const { ID } = (await consul.request('PUT', '/v1/acl/policy', policy)) as { readonly ID: string };
    const made = await consul.request('PUT', '/v1/acl/token', { Policies: [{ ID }] });
    const { SecretID: token } = made as { readonly SecretID: string };
    await put(consul, 'rules/a', text('a'), master);
    const anonymous = follow(context, consul.url);
    const followed = follow(context, consul.url, { token });
    await followed.untilInForce('a 1');
    await anonymous.untilState('stale');
    const denied = 'expected a token with key_prefix "rules/" { policy = "read" }, found HTTP 403: Permission denied';
    assert.deepEqual(
      [anonymous.sink.isSynced, { ...anonymous.freshness(), sinceMs: 0 }],
      [false, { state: 'stale', sinceMs: 0, reason: denied }],
    );
    await consul.request('PUT', `/v1/acl/policy/${ID}`, { ...policy, Rules: '' });
    await put(consul, 'rules/a', text('a', 2), master);
    await followed.untilState('stale');
    // What waited already was still answered.
    assert.match(followed.inForce(), /^a [12]$/);
    assert.deepEqual({ ...followed.freshness(), sinceMs: 0 }, { state: 'stale', sinceMs: 0, reason: denied });
    await consul.request('PUT', `/v1/acl/policy/${ID}`, policy);
    await followed.untilInForce('a 2');
    await followed.untilState('live');
  });

  test('are beneath those of files and of the API, and known over a restart, in a control plane without Kubernetes', async (context) => {
    const block = await takeTestBlock();
    context.after(() => block.release());
    const consul = await startConsul({ program, block });
    context.after(() => consul.close());
    for (const name of ['a', 'b', 'c']) await put(consul, `fairway/rules/${name}.yaml`, rule(name));
    const folder = tempFolder(context);
    folder.write('rules.yaml', `${rule('b')}---\n${rule('c')}`);
    const args = ['--consul-rules', `${consul.url}?prefix=fairway/rules`, '--config', 'rules.yaml'];
    const fairway = await serve(context, folder, args);
    await fairway.ask('PUT', `${rules}/c`, rule('c'));
    const inForce = async (httpPort = fairway.httpPort) => {
      const page = await fetch(`http://127.0.0.1:${httpPort}/debug/configz`);
      const all = (await page.json()) as readonly {
        readonly metadata: { readonly name: string };
        readonly file: string;
      }[];
      return all.map(({ metadata, file }) => `${metadata.name} ${file}`);
    };
    assert.deepEqual(await inForce(), ['a consul:fairway/rules/a.yaml:1', 'b rules.yaml:1', 'c api:1']);
    folder.replace('rules.yaml', '# none\n');
    await fairway.ask('DELETE', `${rules}/c`);
    const uncovered = ['a', 'b', 'c'].map((name) => `${name} consul:fairway/rules/${name}.yaml:1`);
    await until(async () => (await inForce()).join() === uncovered.join(), { what: 'what lay beneath to be in force' });
    await fairway.end('SIGTERM');
    await consul.stop('SIGKILL');
    const again = await serve(context, folder, args);
    assert.deepEqual(await inForce(again.httpPort), uncovered);
  });
});
