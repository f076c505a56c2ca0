import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { until } from '../../test/support/until.ts';
import { QueryClient } from '../blocking-query/client.ts';
import { systemClock } from '../lib/clock.ts';
import { silent } from '../lib/log.ts';
import { fixedCredentials } from '../lib/server-access.ts';
import { consulRules } from './consul-rules.ts';

/** What a server says next; to a question beyond the last one it says nothing, as to one that waits. */
interface Said {
  readonly status?: number;
  readonly index?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Names of rules, each under a key of its name. */
  readonly rules?: readonly string[];
  readonly body?: string;
  /** As of a question that waits. */
  readonly isSilent?: boolean;
}

const rule = (name: string) => `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}}\n`;
const none = { status: 404, body: '' };

/** Follows `shop/my rules` of a server that says this; yields what it was asked and what is in force once it has said all. */
async function outcome(test: TestContext, ...script: readonly Said[]) {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    const said = script[asked.length];
    asked.push(decodeURIComponent((url ?? '').replace('/v1/kv/shop/my%20rules/', '…')));
    if (said === undefined || said.isSilent === true) return;
    const { status = 200, index = 7, headers = {}, rules = [], body } = said;
    const keys = rules.map((name) => ({ Key: `shop/my rules/${name}`, Value: btoa(rule(name)) }));
    response.writeHead(status, { 'x-consul-index': String(index), 'x-consul-knownleader': 'true', ...headers });
    response.end(body ?? JSON.stringify(keys));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const access = {
    server: new URL(`http://127.0.0.1:${port}`),
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials({}),
  };
  const client = new QueryClient({ api: 'Consul', access, userAgent: 'test' });
  const sink = recordingSink();
  const stop = new AbortController();
  const common = { log: silent, clock: systemClock, now: Date.now, random: () => 0, waitMs: 60_000, graceMs: 200 };
  const source = consulRules({ ...common, client, name: 'test', prefix: 'shop/my rules' });
  const running = source.run(sink, stop.signal);
  test.after(async () => {
    stop.abort();
    client.close();
    server.closeAllConnections();
    server.close();
    await running;
  });
  await until(() => asked.length > script.length, { what: `${script.length + 1} questions, not ${asked}` });
  const names = sink.objects().map((text) => text.replace('VirtualService default/', ''));
  return { asked, names: names.join(' '), state: sink.state, isSynced: sink.isSynced };
}

const [all, wait7, one] = ['…?recurse=', '…?recurse=&index=7&wait=60000ms', '…'];

describe('keys of Consul', () => {
  it('are read once, and then waited for', async (test) => {
    assert.deepEqual(await outcome(test, { rules: ['a'] }, { index: 8, rules: ['a', 'b'] }), {
      asked: [all, wait7, '…?recurse=&index=8&wait=60000ms'],
      names: 'a b',
      state: 'live',
      isSynced: true,
    });
  });

  it('may be none, for whoever may read them', async (test) => {
    assert.deepEqual(await outcome(test, none, none), {
      asked: [all, one, wait7],
      names: '',
      state: 'live',
      isSynced: true,
    });
    const denied = { status: 403, body: 'Permission denied' };
    const told = await outcome(test, none, denied, none, denied);
    assert.deepEqual([told.state, told.isSynced], ['stale', false]);
  });

  it('are gone when that is said twice', async (test) => {
    const told = await outcome(test, { rules: ['a', 'b'] }, { rules: ['a'] }, none, { rules: ['a'] });
    assert.deepEqual([told.names, told.asked.slice(1)], ['a', [wait7, one, all, wait7]]);
  });

  it('stay for a while after the index has gone back, and go when they are still not there', async (test) => {
    const lost = { index: 3, rules: ['b'] };
    const waits = { isSilent: true };
    const told = await outcome(test, { rules: ['a'] }, lost, lost, none, waits, lost, none, lost);
    const wait3 = '…?recurse=&index=3&wait=60000ms';
    assert.deepEqual([told.names, told.asked], ['b', [all, wait7, all, one, wait3, all, one, all, wait3]]);
  });

  function check(name: string, said: Said): void {
    it(`stay when the answer ${name}`, async (test) => {
      const told = await outcome(test, { rules: ['a'] }, said);
      assert.deepEqual([told.names, told.state, told.asked], ['a', 'stale', [all, wait7, all]]);
    });
  }
  check('is an error', { status: 500, body: 'No cluster leader' });
  check('is a page', { body: '<html>' });
  check('is of no leader', { ...none, headers: { 'x-consul-knownleader': 'false' } });
  check('is filtered', { ...none, headers: { 'x-consul-results-filtered-by-acls': 'true' } });
  check('holds other keys', { body: '[{"Key": "other", "Value": ""}]' });
});
