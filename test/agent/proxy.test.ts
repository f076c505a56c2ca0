/** `fairway proxy` with a real Envoy: from its start to its end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { call } from '../envoy/support/call.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { until } from '../support/until.ts';
import { isAlive } from '../up/support/fairway.ts';
import { type StartedProxy, startGateway, startProxy, tcpGatewayTo, untilAnswer } from './support/proxy.ts';

const ready = '/healthz/ready';

interface Open {
  /** The status, or `no answer`. */
  readonly answer: Promise<string>;
}

/** A request that the application answers later, or never. */
async function openRequest({ application, ports }: StartedProxy, delayMs: number): Promise<Open> {
  application.reset();
  application.behave(() => ({ delayMs }));
  const entry = { host: '127.0.0.1', port: ports.http, isProxy: false };
  const answer = call(entry, { url: 'http://web/slow', timeoutMs: 60_000 }).then(
    ({ status }) => `${status}`,
    () => 'no answer',
  );
  await until(() => application.received.length > 0, { what: 'the application to be asked' });
  return { answer };
}

async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly tookMs: number }> {
  const startMs = performance.now();
  const result = await work;
  return { result, tookMs: performance.now() - startMs };
}

const never = 10 * 60_000;

describeWithEnvoy('readiness of a proxy', () => {
  test('comes with its configuration, and goes when it drains', async (context) => {
    const proxy = await startProxy(context, { config: { terminationDrainDuration: '20s' } });
    await proxy.untilReady();
    assert.equal((await proxy.ask(proxy.ports.status, ready)).body, 'ready\n');
    const { answer } = await openRequest(proxy, 2000);
    proxy.fairway.signal('SIGTERM');
    await untilAnswer(() => proxy.ask(proxy.ports.status, ready), 503);
    assert.equal((await proxy.ask(proxy.ports.status, ready)).body, 'draining\n');
    assert.equal(await answer, '200');
    assert.equal(await proxy.fairway.exit, 0);
  });

  test('waits for a control plane, and says so', async (context) => {
    const proxy = await startProxy(context, { config: { discoveryAddress: '127.0.0.1:1' } });
    await untilAnswer(() => proxy.ask(proxy.ports.agent, ready), 503);
    await until(async () => (await proxy.ask(proxy.ports.agent, ready)).body === 'Envoy says PRE_INITIALIZING\n', {
      what: 'Envoy to wait',
      mostMs: 10_000,
    });
  });

  test('goes while a crashed Envoy is started again', async (context) => {
    const proxy = await startGateway(context);
    const { agent } = proxy.ports;
    const envoy = proxy.envoy();
    process.kill(envoy, 'SIGKILL');
    await untilAnswer(() => proxy.ask(agent, ready), 503);
    assert.match((await proxy.ask(agent, ready)).body, /^Envoy does not answer: connect ECONNREFUSED/);
    await proxy.fairway.untilSays(/Envoy ended \(SIGKILL\); it is started again in \d+ ms/);
    await proxy.untilReady();
    assert.notEqual(proxy.envoy(), envoy);
    assert.match((await proxy.ask(agent, '/metrics')).body, /^fairway_agent_envoy_restarts_total 1$/m);
  });
});

describeWithEnvoy('an Envoy whose agent was killed', () => {
  test('is ended by the next agent of its pod, which starts one of its own', async (context) => {
    const proxy = await startGateway(context);
    const envoy = proxy.envoy();
    proxy.fairway.signal('SIGKILL');
    context.after(async () => void (isAlive(envoy) && process.kill(envoy, 'SIGKILL')));
    await until(() => !isAlive(proxy.fairway.pid), { what: 'the agent to be gone' });
    assert.equal((await proxy.ask(proxy.ports.http, '/')).status, 200);

    const next = proxy.hook();
    await next.untilSays(/an Envoy of this pod runs whose agent is gone; it is ended .*~door-1\.shop~/);
    await until(() => !isAlive(envoy), { what: 'the Envoy to end' });
    await proxy.untilReady();
    await untilAnswer(() => proxy.ask(proxy.ports.http, '/'), 200);
    assert.doesNotMatch(next.stderr(), /Envoy ended/);
  });
});

describeWithEnvoy('a proxy that is to end', () => {
  const end = async (context: TestContext, start: Parameters<typeof startGateway>[1], delayMs: number) => {
    const proxy = await startGateway(context, start);
    const envoy = proxy.envoy();
    const { answer } = await openRequest(proxy, delayMs);
    proxy.fairway.signal('SIGTERM');
    const { result, tookMs } = await timed(proxy.fairway.exit);
    assert.equal(isAlive(envoy), false);
    return { exit: result, tookMs, answer: await answer };
  };

  test('waits for a request, and no longer', async (context) => {
    const { exit, answer, tookMs } = await end(context, {}, 1500);
    assert.deepEqual([exit, answer], [0, '200']);
    assert.ok(tookMs > 1000 && tookMs < 10_000, `expected an end after the request, found ${tookMs} ms`);
  });

  for (const [limit, start] of [
    ['its terminationDrainDuration', { config: { terminationDrainDuration: '1s' } }],
    ['--drain', { config: { terminationDrainDuration: '60s' }, args: ['--drain', '1s'] }],
  ] as const)
    test(`cuts off requests after ${limit}`, async (context) => {
      const { exit, answer, tookMs } = await end(context, start, never);
      assert.deepEqual([exit, answer], [0, 'no answer']);
      assert.ok(tookMs > 900 && tookMs < 6000, `expected an end after a second, found ${tookMs} ms`);
    });

  test('is there for MINIMUM_DRAIN_DURATION, even when nobody is connected', async (context) => {
    const proxy = await startGateway(context, { env: { MINIMUM_DRAIN_DURATION: '1s' } });
    proxy.fairway.signal('SIGTERM');
    const { result, tookMs } = await timed(proxy.fairway.exit);
    assert.equal(result, 0);
    assert.ok(tookMs > 900 && tookMs < 6000, `expected an end after a second, found ${tookMs} ms`);
  });

  test('waits for a connection of TCP', async (context) => {
    const proxy = await startGateway(context, { objects: tcpGatewayTo });
    const socket = connect({ host: '127.0.0.1', port: proxy.ports.http, allowHalfOpen: true });
    context.after(async () => void socket.destroy());
    await once(socket, 'connect');
    // What answers in words of HTTP is the application; the connection to it stays.
    socket.write('GET / HTTP/1.1\r\nhost: web\r\n\r\n');
    await once(socket, 'data');
    proxy.fairway.signal('SIGTERM');
    await untilAnswer(() => proxy.ask(proxy.ports.agent, ready), 503);
    socket.write('GET /again HTTP/1.1\r\nhost: web\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 200/);
    socket.destroy();
    assert.equal(await proxy.fairway.exit, 0);
  });

  /** A gateway with a connection of HTTP on which nobody asks any more. */
  const withIdleConnection = async (context: TestContext, env: NodeJS.ProcessEnv) => {
    const proxy = await startGateway(context, { env });
    const agent = new Agent({ keepAlive: true });
    context.after(async () => agent.destroy());
    await call({ host: '127.0.0.1', port: proxy.ports.http, isProxy: false }, { url: 'http://web/', agent });
    return { proxy, agent };
  };

  test('does not wait for idle connections of HTTP', async (context) => {
    const { proxy } = await withIdleConnection(context, {});
    proxy.fairway.signal('SIGTERM');
    const { result, tookMs } = await timed(proxy.fairway.exit);
    assert.equal(result, 0);
    assert.ok(tookMs < 15_000, `expected an end before the limit of 25 s, found ${tookMs} ms`);
  });

  test('waits for those, too, with EXIT_ON_ZERO_ACTIVE_CONNECTIONS', async (context) => {
    const { proxy, agent } = await withIdleConnection(context, { EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true' });
    proxy.fairway.signal('SIGTERM');
    await untilAnswer(() => proxy.ask(proxy.ports.agent, ready), 503);
    const { body } = await proxy.ask(proxy.ports.admin, '/stats?filter=downstream_cx_active$');
    assert.match(body, new RegExp(`^listener\\.0\\.0\\.0\\.0_${proxy.ports.http}\\.downstream_cx_active: 1$`, 'm'));
    agent.destroy();
    assert.equal(await proxy.fairway.exit, 0);
  });

  test('ends in order after the same signal twice at once, and at once when somebody insists', async (context) => {
    const patient = await startGateway(context);
    const { answer } = await openRequest(patient, 1500);
    patient.fairway.signal('SIGTERM');
    patient.fairway.signal('SIGTERM');
    assert.deepEqual([await patient.fairway.exit, await answer], [0, '200']);

    const insisted = await startGateway(context, { config: { terminationDrainDuration: '60s' } });
    const envoy = insisted.envoy();
    const { answer: cut } = await openRequest(insisted, never);
    let exit: number | NodeJS.Signals | undefined;
    void insisted.fairway.exit.then((how) => {
      exit = how;
    });
    const insist = () => {
      insisted.fairway.signal('SIGINT');
      return exit !== undefined;
    };
    await until(insist, { what: 'an end', mostMs: 10_000 });
    assert.deepEqual([exit, await cut], [130, 'no answer']);
    await until(() => !isAlive(envoy), { what: 'its Envoy to end' });
  });

  test('ends in order when its terminal closes', async (context) => {
    const proxy = await startGateway(context);
    const envoy = proxy.envoy();
    const { answer } = await openRequest(proxy, 1500);
    proxy.fairway.signal('SIGHUP');
    assert.deepEqual([await proxy.fairway.exit, await answer, isAlive(envoy)], [0, '200', false]);
  });

  test('ends when somebody in the pod asks for it', async (context) => {
    const proxy = await startGateway(context);
    const { agent } = proxy.ports;
    assert.equal((await proxy.ask(agent, '/quitquitquit')).status, 405);
    assert.equal((await proxy.ask(agent, '/quitquitquit', 'POST')).status, 200);
    assert.equal(await proxy.fairway.exit, 0);
    assert.match(proxy.fairway.stderr(), /asked to end: draining/);
  });

  test('lets the application of a sidecar call others, however long it drains', async (context) => {
    const proxy = await startProxy(context, { type: 'sidecar', config: { drainDuration: '1s' } });
    await proxy.untilReady();
    const hook = proxy.hook('--pre-stop');
    await untilAnswer(() => proxy.ask(proxy.ports.agent, ready), 503);
    assert.equal(await hook.exit, 0);
    const entry = { host: '127.0.0.1', port: proxy.ports.http, isProxy: true };
    const url = 'http://web.example.com/';
    // Longer than listeners that drain stay.
    const lastMs = performance.now() + 2500;
    await until(
      async () => {
        assert.equal((await call(entry, { url })).status, 200);
        return performance.now() > lastMs;
      },
      { what: 'calls to go on' },
    );
  });
});

describeWithEnvoy('hooks of a pod', () => {
  test('wait until the proxy is ready', async (context) => {
    const proxy = await startProxy(context);
    const hook = proxy.hook('--wait');
    assert.equal(await hook.exit, 0);
    assert.equal((await proxy.ask(proxy.ports.status, ready)).status, 200);
  });

  test('fail with the reason when it is not ready in time', async (context) => {
    const proxy = await startProxy(context, { config: { discoveryAddress: '127.0.0.1:1' } });
    await untilAnswer(() => proxy.ask(proxy.ports.agent, ready), 503);
    await until(async () => (await proxy.ask(proxy.ports.agent, ready)).body.includes('PRE_INITIALIZING'), {
      what: 'Envoy to wait',
    });
    const hook = proxy.hook('--wait', '--timeout', '300ms');
    assert.equal(await hook.exit, 1);
    assert.match(
      hook.stderr(),
      /^error: expected the proxy to be ready within 0\.3 s, found Envoy says PRE_INITIALIZING$/m,
    );
  });

  test('wait for requests before the end, which then comes at once', async (context) => {
    const proxy = await startGateway(context);
    const { answer } = await openRequest(proxy, 1500);
    const hook = proxy.hook('--pre-stop');
    assert.deepEqual([await hook.exit, await answer], [0, '200']);
    assert.equal((await proxy.ask(proxy.ports.agent, ready)).status, 503);
    assert.equal(isAlive(proxy.envoy()), true);
    proxy.fairway.signal('SIGTERM');
    const { result, tookMs } = await timed(proxy.fairway.exit);
    assert.equal(result, 0);
    assert.ok(tookMs < 3000, `expected an end at once, found ${tookMs} ms`);
  });

  test('say when there is no proxy', async (context) => {
    const proxy = await startGateway(context);
    proxy.fairway.signal('SIGTERM');
    await proxy.fairway.exit;
    const hook = proxy.hook('--pre-stop');
    assert.equal(await hook.exit, 1);
    assert.match(hook.stderr(), /^error: expected the proxy of this pod to drain, found nobody on port \d+: /);
  });
});
