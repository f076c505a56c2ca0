/** What goes wrong with a Nomad, and what becomes of its services then. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until } from '../support/until.ts';
import { jobOf } from './support/job.ts';
import { nomadClient } from './support/nomad-client.ts';
import { NomadServer, type NomadServerOptions } from './support/nomad-server.ts';
import { type WatchedOptions, watchNomad } from './support/watched.ts';

const web = jobOf({ name: 'web', port: 8080, services: [{ Name: 'web', PortLabel: 'http' }] });
const key = 'web.default';

/** A watched stand-in that runs `web`. Tokens are given by `prepare`, before anybody asks. */
async function started(
  test: TestContext,
  options: WatchedOptions = {},
  { prepare = () => {}, ...serverOptions }: NomadServerOptions & { prepare?: (server: NomadServer) => void } = {},
) {
  const server = new NomadServer(serverOptions);
  await server.start();
  test.after(() => server.close());
  server.scheduler.run(web);
  prepare(server);
  const watched = watchNomad(test, server.url, options);
  await until(() => watched.isSynced, { what: 'the first list' });
  const [registration] = [...server.state.registrations.values()];
  assert.ok(registration !== undefined);
  return { server, watched, allocation: registration.AllocID, client: nomadClient(server.url) };
}

describe('a registration with nothing behind it', () => {
  it('gets no traffic once its allocation has ended, and is told of until it is gone', async (test) => {
    const { server, watched, allocation } = await started(test);
    await watched.untilInstances(key, ['8080 healthy']);
    server.state.changeAllocation(allocation, { ClientStatus: 'lost' });
    await watched.untilInstances(key, ['8080 unhealthy']);
    assert.match(watched.problems().join('\n'), /found allocation \S+, which is lost \[FW3120\]/);
    server.state.deregister([...server.state.registrations.keys()]);
    await until(() => watched.problems().length === 0, { what: 'no problem' });
  });

  it('is one as well when its allocation was forgotten while the servers were away', async (test) => {
    const { server, watched, allocation } = await started(test);
    await watched.untilInstances(key, ['8080 healthy']);
    await server.stop();
    server.state.forgetAllocation(allocation);
    await server.start();
    await watched.untilInstances(key, ['8080 unhealthy'], 10_000);
    assert.match(watched.problems().join('\n'), /found no allocation \S+ any more \[FW3120\]/);
  });
});

describe('a Nomad', () => {
  it('that loses a node takes its instances away in one step, and is live all along', async (test) => {
    const { server, watched } = await started(test);
    await watched.untilInstances(key, ['8080 healthy']);
    server.scheduler.loseNode();
    await watched.untilInstances(key, []);
    assert.equal(watched.isStale, false);
  });

  it('that is started anew with nothing takes nobody out of force at once', async (test) => {
    const { server, watched } = await started(test);
    await until(() => watched.inForce(key) === 1, { what: 'an instance' });
    await server.stop();
    server.state.clear();
    await server.start();
    await until(() => !watched.services.has(key), { what: 'an empty answer', mostMs: 10_000 });
    assert.equal(watched.inForce(key), 1);
  });

  it('whose token is revoked keeps what is known', async (test) => {
    const prepare = ({ tokens }: NomadServer) => tokens.set('reader', { read: ['default'] }).set('other', 'management');
    const { server, watched } = await started(test, { token: 'reader', times: { waitMs: 200 } }, { prepare });
    await watched.untilInstances(key, ['8080 healthy']);
    server.tokens.delete('reader');
    await until(() => watched.isStale, { what: 'a stale registry', mostMs: 10_000 });
    assert.match(watched.takeStates().join('\n'), /403: Permission denied/);
    assert.equal(watched.instances(key).length, 1);
  });

  it('whose allocations may not be read is served as it is registered, and says so', async (test) => {
    const prepare = ({ tokens }: NomadServer) => tokens.set('workload', { read: ['default'], isWorkload: true });
    const { watched } = await started(test, { token: 'workload' }, { prepare });
    await watched.untilInstances(key, ['8080 unknown']);
    await until(() => watched.problems().some((one) => one.includes('FW3122')), { what: 'the silent stream' });
    assert.ok(watched.problems().some((one) => one.includes('allocations') && one.includes('FW3121')));
    assert.equal(watched.isStale, false);
  });

  it('that loses its leader keeps what is known, and is live when there is one again', async (test) => {
    const { server, watched } = await started(test, { times: { waitMs: 200 } }, { noLeaderMs: 20 });
    await watched.untilInstances(key, ['8080 healthy']);
    server.hasLeader = false;
    await until(() => watched.isStale, { what: 'a stale registry', mostMs: 10_000 });
    assert.match(watched.takeStates().join('\n'), /No cluster leader/);
    server.hasLeader = true;
    await until(() => !watched.isStale || watched.takeStates().at(-1) === 'live', {
      what: 'a live registry',
      mostMs: 15_000,
    });
    assert.equal(watched.instances(key).length, 1);
  });

  it('that ends its event stream, or never begins it, is seen all the same', async (test) => {
    const { server, watched, client } = await started(test, {}, { prepare: (one) => (one.isStreamSilent = true) });
    await watched.untilInstances(key, ['8080 healthy']);
    await client.stop(web);
    await until(() => !watched.services.has(key), { what: 'no service' });
    assert.ok(server.requests.some((one) => one.includes('/v1/event/stream')));
  });
});
