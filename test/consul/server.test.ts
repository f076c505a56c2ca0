/**
 * What the adapter for Consul relies on, as a real Consul does it. A newer Consul may answer otherwise; then the adapter has
 * to be looked at, for which these tests are here.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { until } from '../support/until.ts';
import { type Consul, type ConsulOptions, startConsul } from './support/consul.ts';
import { describeWithConsul } from './support/suite.ts';

describeWithConsul('a Consul', (program) => {
  let block: AddressBlock;
  let consul: Consul;
  before(async () => {
    block = await takeTestBlock();
    consul = await startConsul({ program, block });
  });
  after(async () => {
    await consul?.close();
    block?.release();
  });
  let agents = 1;
  /** Another one beside it, for one test. */
  const start = async (test: TestContext, options: Omit<ConsulOptions, 'program' | 'block' | 'number'>) => {
    agents += 1;
    const agent = await startConsul({ program, block, number: agents, ...options });
    test.after(() => agent.close());
    return agent;
  };
  const health = (name: string, query = '') => consul.get(`/v1/health/service/${name}?${query}`);
  /** A query that waits for more than an index, and how long it waited. */
  const waiting = async (name: string, index: number, wait = '1s') => {
    const began = performance.now();
    const answer = await health(name, `index=${index}&wait=${wait}`);
    return { ...answer, ms: performance.now() - began };
  };

  test('has an index for each service, which others do not move', async () => {
    await consul.register({ Name: 'alone', Port: 80, status: 'passing' });
    const { index } = await health('alone');
    const query = waiting('alone', index);
    await consul.register({ Name: 'other', Port: 81 });
    await consul.register({ Name: 'alone', Port: 80, status: 'passing' });
    const { ms, index: same } = await query;
    assert.equal(same, index);
    assert.ok(ms >= 1000, `expected to wait a second, waited ${ms} ms`);
    const changed = waiting('alone', index, '10s');
    await sleep(50);
    await consul.check('alone', 'critical');
    const told = await changed;
    assert.ok(
      told.index > index && told.ms < 5000,
      `expected to be woken, found index ${told.index} after ${told.ms} ms`,
    );
  });

  test('has an index for a service that is not there, and says when it comes', async () => {
    const none = await health('none-yet');
    assert.deepEqual([none.status, JSON.parse(none.text)], [200, []]);
    assert.ok(none.index > 0);
    const query = waiting('none-yet', none.index, '10s');
    await sleep(50);
    await consul.register({ Name: 'none-yet', Port: 80 });
    const { ms, index } = await query;
    assert.ok(ms < 5000 && index > none.index);
  });

  test('waits for an index that has not been reached, and then tells the lower one', async () => {
    await consul.register({ Name: 'future', Port: 80, Tags: ['a'] });
    const { index } = await health('future');
    const query = waiting('future', index + 100_000);
    await sleep(50);
    await consul.register({ Name: 'future', Port: 80, Tags: ['b'] });
    const { ms, index: told } = await query;
    assert.ok(ms >= 1000 && told > index && told < index + 100_000, `found index ${told} after ${ms} ms`);
  });

  test('tells errors as text, with an index that means nothing', async () => {
    const { status, index, text } = await health('any', 'index=5&wait=2');
    assert.deepEqual([status, text], [400, 'Invalid wait time']);
    assert.ok(Number.isNaN(index) || index <= 1);
    assert.equal((await health('any', 'index=-1')).status, 400);
  });

  test('takes any port, and names in any case', async () => {
    const ports = [0, -1, 70_000];
    for (const Port of ports) await consul.register({ Name: 'ports', ID: `ports${Port}`, Port });
    const found = (await consul.instances('ports')).map(({ Service }) => Service.Port);
    assert.deepEqual(found.sort(), ports.sort());
    await consul.register({ Name: 'Case', ID: 'upper', Port: 80 });
    await consul.register({ Name: 'case', ID: 'lower', Port: 80 });
    const spelled = (await consul.instances('CASE')).map(({ Service }) => Service.Service);
    assert.deepEqual(spelled.sort(), ['Case', 'case']);
    await consul.register({ Name: 'a b/ü', Port: 80 });
    assert.equal((await consul.instances('a b/ü')).length, 1);
  });

  test('leaves out the address of a service that has none of its own', async () => {
    await consul.registerFar('far', '192.0.2.7', { Name: 'external', Port: 80 });
    const [instance] = await consul.instances('external');
    assert.deepEqual([instance?.Service.Address, instance?.Node.Address], ['', '192.0.2.7']);
    await consul.deregisterFar('far');
    assert.deepEqual(await consul.instances('external'), []);
  });

  test('tells maintenance as a critical check, of the service or of the node', async () => {
    await consul.register({ Name: 'kept', Port: 80 });
    const critical = async () => {
      const checks = (await consul.instances('kept')).flatMap(({ Checks }) => Checks);
      return checks.filter(({ Status }) => Status === 'critical').map(({ CheckID }) => CheckID);
    };
    await consul.beginMaintenance('kept');
    assert.deepEqual(await critical(), ['_service_maintenance:kept']);
    await consul.endMaintenance('kept');
    await consul.beginMaintenance();
    assert.deepEqual(await critical(), ['_node_maintenance']);
    await consul.endMaintenance();
    assert.deepEqual(await critical(), []);
  });

  test('answers waiting queries with what they know when it stops, and comes back with nothing', async (context) => {
    const agent = await start(context, {});
    for (let i = 0; i < 20; i += 1) await agent.register({ Name: 'web', ID: `web-${i}`, Port: 80 });
    const { index } = await agent.get('/v1/health/service/web');
    const query = agent.get(`/v1/health/service/web?index=${index}&wait=60s`);
    await sleep(50);
    await agent.stop('SIGTERM');
    const last = await query;
    assert.deepEqual([last.status, last.index], [200, index]);
    await assert.rejects(agent.get('/v1/health/service/web'));
    await agent.start();
    const empty = await agent.get('/v1/health/service/web');
    assert.deepEqual([JSON.parse(empty.text), empty.headers.get('x-consul-knownleader')], [[], 'true']);
    assert.ok(empty.index < index, `expected an index below ${index}, found ${empty.index}`);
  });

  test('keeps everything over a restart when it has a folder', async (context) => {
    const server = await start(context, { mode: 'server' });
    await server.register({ Name: 'web', Port: 80 });
    const { index } = await server.get('/v1/health/service/web');
    await server.stop('SIGKILL');
    await server.start();
    const after = await server.get('/v1/health/service/web');
    assert.equal(after.index, index);
    assert.equal(JSON.parse(after.text).length, 1);
  });

  test('calls a node whose agent is gone critical, and keeps its services', async (context) => {
    const agent = await start(context, { mode: 'client', joins: consul.ip });
    await agent.register({ Name: 'lost', Port: 80 });
    await until(async () => (await consul.instances('lost')).length === 1, { what: 'its service' });
    await agent.stop('SIGKILL');
    const health = async () => {
      const checks = (await consul.instances('lost')).flatMap(({ Checks }) => Checks);
      return checks.find(({ CheckID }) => CheckID === 'serfHealth')?.Status;
    };
    await until(async () => (await health()) === 'critical', { what: 'the loss to be told', mostMs: 15_000 });
  });

  test('says after some seconds that it has no leader', async (context) => {
    const settings = 'bootstrap_expect = 3';
    const server = await start(context, { mode: 'server', settings, isUpWith: 'http' });
    const { status, text } = await server.get('/v1/health/service/web');
    assert.deepEqual([status, text.trim()], [500, 'No cluster leader']);
  });

  test('refuses an unknown token, and shows nothing to whom it does not know', async (context) => {
    const token = randomUUID();
    const settings = `acl { enabled = true default_policy = "deny" tokens { master = "${token}" agent = "${token}" } }`;
    const agent = await start(context, { settings, token });
    await agent.register({ Name: 'web', Port: 80 });
    const refused = await agent.get('/v1/health/service/web', { 'x-consul-token': randomUUID() });
    assert.deepEqual([refused.status, refused.text.includes('ACL not found')], [403, true]);
    const anonymous = await agent.get('/v1/catalog/services', { 'x-consul-token': '' });
    assert.deepEqual([anonymous.status, JSON.parse(anonymous.text)], [200, {}]);
    await agent.request('PUT', '/v1/acl/policy', { Name: 'services', Rules: 'service_prefix "" { policy = "read" }' });
    const { SecretID } = (await agent.request('PUT', '/v1/acl/token', { Policies: [{ Name: 'services' }] })) as {
      readonly SecretID: string;
    };
    // Whoever may not read nodes sees names and no instances.
    const half = { 'x-consul-token': SecretID };
    assert.ok('web' in JSON.parse((await agent.get('/v1/catalog/services', half)).text));
    assert.deepEqual(JSON.parse((await agent.get('/v1/health/service/web', half)).text), []);
  });

  test('takes only so many connections of one client', async (context) => {
    const settings = 'limits { http_max_conns_per_client = 3 }';
    const agent = await start(context, { settings });
    const { index } = await agent.get('/v1/health/service/consul');
    const ask = async () => {
      const url = new URL(`/v1/health/service/consul?index=${index}&wait=1s`, agent.url);
      const [response] = await once(request(url, { agent: false }).end(), 'response');
      response.resume();
      return response.statusCode as number;
    };
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => ask().catch((error: NodeJS.ErrnoException) => error.code)),
    );
    const turnedAway = outcomes.filter((outcome) => outcome !== 200);
    assert.ok(turnedAway.length >= 3 && turnedAway.length < 6, `found ${outcomes}`);
    // Newer ones say 429 instead.
    assert.ok(
      turnedAway.every((outcome) => outcome === 'ECONNRESET' || outcome === 429),
      `expected to be turned away, found ${outcomes}`,
    );
  });
});
