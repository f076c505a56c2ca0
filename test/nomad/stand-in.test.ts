/** What recordings tell of restarts, and what connections, tokens and time do to the stand-in. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { jobOf } from './support/job.ts';
import { nomadClient } from './support/nomad-client.ts';
import { NomadServer, type NomadServerOptions } from './support/nomad-server.ts';
import { wireRequest } from './support/wire-request.ts';

const web = jobOf({ name: 'web', count: 2, services: [{ Name: 'web', PortLabel: 'http' }] });

async function started(test: TestContext, options: NomadServerOptions = {}) {
  const server = new NomadServer(options);
  await server.start();
  test.after(() => server.close());
  const client = nomadClient(server.url);
  await client.run(web);
  return { server, client };
}

describe('a restart', () => {
  it('of a server that keeps its state cuts queries off, and brings index and list back', async (test) => {
    const { server, client } = await started(test);
    const before = await client.read('/v1/service/web');
    const waiting = client.read(`/v1/service/web?index=${before.index}&wait=20s`);
    const cut = assert.rejects(waiting, /fetch failed/);
    await server.stop();
    await cut;
    await assert.rejects(client.read('/v1/service/web'), /fetch failed/);
    await server.start();
    assert.deepEqual(await client.read('/v1/service/web'), before);
  });

  it('of an agent in development mode begins with nothing', async (test) => {
    const { server } = await started(test);
    await server.stop();
    server.state.clear();
    await server.start();
    const { headers, body } = await wireRequest(`${server.url}/v1/service/web`);
    assert.deepEqual(
      [body.toString('utf8'), headers['x-nomad-index'], headers['x-nomad-knownleader']],
      ['[]', '1', 'true'],
    );
  });
});

describe('the stand-in', () => {
  it('answers zipped to who takes that', async (test) => {
    const { server, client } = await started(test);
    const { headers, body } = await wireRequest(`${server.url}/v1/service/web`, { 'accept-encoding': 'gzip' });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.deepEqual(JSON.parse(gunzipSync(body).toString('utf8')), (await client.read('/v1/service/web')).value);
  });

  it('takes registrations of a lost node away in one step, when its allocations are lost', async (test) => {
    const { server, client } = await started(test);
    const { index } = await client.read('/v1/service/web');
    const waiting = client.read(`/v1/service/web?index=${index}&wait=20s`);
    await client.read('/v1/status/leader');
    server.scheduler.loseNode();
    assert.deepEqual((await waiting).value, []);
    const { value } = await client.read<readonly { readonly ClientStatus: string }[]>('/v1/allocations');
    assert.deepEqual(
      value.map(({ ClientStatus }) => ClientStatus),
      ['lost', 'lost'],
    );
  });

  it('lets a workload read services, but no allocations', async (test) => {
    const { server } = await started(test);
    server.tokens.set('workload', { read: ['default'], isWorkload: true });
    const ask = async (path: string) =>
      (await wireRequest(`${server.url}${path}`, { 'x-nomad-token': 'workload' })).status;
    assert.deepEqual([await ask('/v1/service/web'), await ask('/v1/allocations')], [200, 403]);
  });

  it('beats on its event stream', async (test) => {
    const { server } = await started(test, { heartbeatMs: 10 });
    const response = await fetch(`${server.url}/v1/event/stream?topic=Service&index=999`);
    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString('utf8');
      if (text === '{}\n{}\n{}\n') break;
    }
    assert.equal(text, '{}\n{}\n{}\n');
  });

  it('refuses what it does not know', async (test) => {
    const { server } = await started(test);
    const ask = async (query: string) => (await wireRequest(`${server.url}/v1/service/web?${query}`)).status;
    assert.deepEqual([await ask('filter=x'), await ask('choose=1'), await ask('per_page=1')], [501, 501, 501]);
  });
});
