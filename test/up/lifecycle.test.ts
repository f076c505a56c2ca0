import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { call } from '../envoy/support/call.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Fairway, isAlive, startFairway } from './support/fairway.ts';
import { freePort, smallMesh } from './support/folders.ts';

const anyPorts = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];

interface Started {
  readonly fairway: Fairway;
  readonly folder: TempFolder;
  readonly gatewayPort: number;
  /** What the gateway answers; why not, when it does not. */
  ask(): Promise<string>;
}

async function startSmall(context: TestContext, env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const folder = tempFolder(context);
  const gatewayPort = await freePort();
  folder.write('mesh.yaml', smallMesh(gatewayPort));
  const fairway = startFairway(context, ['up', folder.path, ...anyPorts], env);
  const entry = { host: '127.0.0.1', port: gatewayPort, isProxy: false };
  const ask = () =>
    call(entry, { url: `http://127.0.0.1:${gatewayPort}/` }).then(
      ({ status, body }) => `${status} ${body}`,
      (error: Error) => error.message,
    );
  return { fairway, folder, gatewayPort, ask };
}

const started = /2 pods ready after/;

describeWithEnvoy('fairway up, from start to end', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`${signal} ends every process that was started`, async (context) => {
      const { fairway } = await startSmall(context);
      await fairway.untilSays(started);
      const children = fairway.descendants();
      // The application and its Envoy, and the gateway's Envoy.
      assert.ok(children.length >= 3, `expected three children, found ${children.length}`);
      fairway.signal(signal);
      assert.equal(await fairway.exit, 0);
      assert.deepEqual(children.filter(isAlive), []);
      assert.match(fairway.stdout(), /stopping …\nstopped\n$/);
    });

  test('a signal that comes twice at once, as from `timeout` and npm, ends all in order', async (context) => {
    const { fairway } = await startSmall(context);
    await fairway.untilSays(started);
    const children = fairway.descendants();
    fairway.signal('SIGTERM');
    fairway.signal('SIGTERM');
    await fairway.untilSays(/stopping …/);
    fairway.signal('SIGTERM');
    assert.equal(await fairway.exit, 0);
    assert.deepEqual(children.filter(isAlive), []);
    assert.match(fairway.stdout(), /stopping …\nstopped\n$/);
  });

  test('somebody who insists ends all without waiting for applications', async (context) => {
    const folder = tempFolder(context);
    const deaf = smallMesh(await freePort()).replace('const {', "process.on('SIGTERM', () => {}); const {");
    folder.write('mesh.yaml', deaf);
    const fairway = startFairway(context, ['up', folder.path, ...anyPorts]);
    await fairway.untilSays(started);
    const children = fairway.descendants();
    let exit: number | NodeJS.Signals | undefined;
    void fairway.exit.then((how) => {
      exit = how;
    });
    const insist = () => {
      fairway.signal('SIGTERM');
      return exit !== undefined;
    };
    // Applications have three seconds.
    await until(insist, { what: 'an end', mostMs: 2500 });
    assert.equal(exit, 143);
    await until(() => !children.some(isAlive), { what: 'all children to end' });
  });

  test('a signal before anything is ready ends the process in a moment', async (context) => {
    const folder = tempFolder(context);
    folder.write('mesh.yaml', smallMesh(await freePort()).replace('command: [node,', 'command: [sleep, "60",'));
    const fairway = startFairway(context, ['up', folder.path, ...anyPorts]);
    await fairway.untilSays(/starting 2 pods/);
    const startedMs = performance.now();
    fairway.signal('SIGINT');
    assert.equal(await fairway.exit, 0);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 15_000, `expected an end within the time that proxies have to leave, found ${tookMs} ms`);
  });

  test('a second mesh on the machine stays apart from the first', async (context) => {
    const first = await startSmall(context);
    await first.fairway.untilSays(started);
    const second = await startSmall(context);
    await second.fairway.untilSays(started);
    assert.deepEqual([await first.ask(), await second.ask()], ['200 hello', '200 hello']);
    assert.equal(first.fairway.stderr() + second.fairway.stderr(), '');
  });

  test('an address that is taken is named in one line', async (context) => {
    const server = createServer().listen(0, '127.0.0.1');
    context.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const folder = tempFolder(context);
    folder.write('mesh.yaml', smallMesh(await freePort()));
    const xds = startFairway(context, ['up', folder.path, ...anyPorts, '--xds-address', `127.0.0.1:${port}`]);
    const http = startFairway(context, ['up', folder.path, ...anyPorts, '--http-address', `127.0.0.1:${port}`]);
    assert.deepEqual(
      [await xds.exit, xds.stderr(), await http.exit, http.stderr()],
      [
        1,
        `fairway: cannot serve xDS on 127.0.0.1:${port}: another process listens there; --xds-address states another address\n`,
        1,
        `fairway: cannot serve HTTP on 127.0.0.1:${port}: another process listens there; --http-address states another address\n`,
      ],
    );
  });

  test('a port of the gateway that is taken is named', async (context) => {
    const folder = tempFolder(context);
    const server = createServer().listen(0, '127.0.0.1');
    context.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    folder.write('mesh.yaml', smallMesh(port));
    const fairway = startFairway(context, ['up', folder.path, ...anyPorts]);
    await fairway.untilSays(/2 pods run, but some of their Envoys have rejected a part of their configuration/);
    await fairway.untilSays(
      new RegExp(`door-1\\.small: .*cannot bind '127\\.0\\.0\\.1:${port}': Address already in use`),
    );
  });

  test('an application that ends is started again, and its log is named', async (context) => {
    const { fairway, ask } = await startSmall(context);
    await fairway.untilSays(started);
    const application = fairway.descendants().find((pid) => commandOf(pid).includes('createServer'));
    assert.ok(application !== undefined);
    process.kill(application, 'SIGKILL');
    await fairway.untilSays(/greeter-1\.small: greeter ended \(SIGKILL\), again in \d+ ms; see \S+\.log/);
    await fairway.untilSays(/1 of 2 pods ready[\s\S]*2 of 2 pods ready/);
    await until(async () => (await ask()) === '200 hello', { what: 'the application to answer again' });
  });

  test('a workload that cannot run is shown as failing, and the others run', async (context) => {
    const folder = tempFolder(context);
    folder.write('mesh.yaml', smallMesh(await freePort()).replace('command: [node,', 'command: [no-such-program,'));
    const fairway = startFairway(context, ['up', folder.path, ...anyPorts]);
    await fairway.untilSays(/greeter-1\.small: greeter ended \(spawn no-such-program ENOENT\), again in \d+ ms/);
    await fairway.untilSays(/1 of 2 pods are ready; the logs of all are in/);
    assert.match(fairway.stdout(), /^ {2}small +door-1 .* ready$/m);
    assert.match(fairway.stdout(), /^ {2}small +greeter-1 .* failing$/m);
  });

  test('an Envoy that ends is started again', async (context) => {
    const { fairway, ask } = await startSmall(context);
    await fairway.untilSays(started);
    const envoy = fairway.descendants().find((pid) => commandOf(pid).includes('door-1.small.envoy.json'));
    assert.ok(envoy !== undefined);
    process.kill(envoy, 'SIGKILL');
    await fairway.untilSays(/door-1\.small: Envoy ended \(SIGKILL\), again in \d+ ms/);
    await until(async () => (await ask()) === '200 hello', { what: 'the gateway to answer again' });
  });

  test('an application reaches what is outside the mesh through its sidecar, by name', async (context) => {
    const { fairway } = await startSmall(context);
    await fairway.untilSays(started);
    const outside = createHttpServer((_, response) => response.end('outside')).listen(0, '127.0.0.1');
    context.after(() => outside.close());
    await once(outside, 'listening');
    const { port } = outside.address() as { readonly port: number };
    // Its Envoy listens for it beside the address that others reach it at.
    const [, block, number] = await fairway.untilSays(/greeter-1 .*http:\/\/127\.(\d+)\.1\.(\d+):15000/);
    const sidecar = { host: `127.${block}.2.${number}`, port: 15080, isProxy: true };
    const { body } = await call(sidecar, { url: `http://localhost:${port}/` });
    assert.equal(body, 'outside');
  });

  test('a changed workload is replaced without a failed request', async (context) => {
    const { fairway, folder, ask } = await startSmall(context);
    await fairway.untilSays(started);
    const answers: string[] = [];
    folder.replace('mesh.yaml', folder.read('mesh.yaml').replace('value: hello', 'value: bonjour'));
    await until(
      async () => {
        answers.push(await ask());
        return answers.at(-1) === '200 bonjour' && fairway.stdout().includes('2 of 2 pods ready');
      },
      { what: 'the new pod alone to answer', mostMs: 10_000 },
    );
    assert.deepEqual([...new Set(answers)].sort(), ['200 bonjour', '200 hello']);
  });

  test('a workload that is removed is ended', async (context) => {
    const { fairway, folder } = await startSmall(context);
    await fairway.untilSays(started);
    const application = fairway.descendants().find((pid) => commandOf(pid).includes('createServer'));
    assert.ok(application !== undefined);
    folder.write('mesh.yaml', folder.read('mesh.yaml').replace('{ up.fairway.dev/local: "true" }', '{}'));
    await until(() => !isAlive(application), { what: 'the application to end', mostMs: 10_000 });
  });
});

describeWithEnvoy('fairway up without what it needs', () => {
  test('without an Envoy says so and serves xDS all the same', async (context) => {
    const { fairway } = await startSmall(context, { ENVOY: '/nowhere/envoy' });
    await fairway.untilSays(/ENVOY names \/nowhere\/envoy, which does not run here.*xDS is served all the same/);
    const [, host = '', xdsPort = '', http = ''] = await fairway.untilSays(/xDS on (.*):(\d+), HTTP on (\S+)/);
    assert.equal((await fetch(`${http}/ready`)).status, 200);
    const server = createServer();
    const taken = once(server, 'error');
    server.listen(Number(xdsPort), host);
    assert.equal((await taken)[0].code, 'EADDRINUSE');
    fairway.signal('SIGINT');
    assert.equal(await fairway.exit, 0);
  });

  test('without a workload to start says how to mark one', async (context) => {
    const folder = tempFolder(context);
    folder.write('empty.yaml', '');
    const fairway = startFairway(context, ['up', folder.path, ...anyPorts]);
    await fairway.untilSays(/No workload in .* has the annotation up\.fairway\.dev\/local: "true"/);
  });

  test('without a folder says what it expected', async (context) => {
    const fairway = startFairway(context, ['up', '/nowhere/at/all', ...anyPorts]);
    assert.equal(await fairway.exit, 2);
    assert.match(
      fairway.stderr(),
      /expected a folder of Kubernetes and Istio YAML, found nothing at \/nowhere\/at\/all/,
    );
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended since.
    return '';
  }
}
