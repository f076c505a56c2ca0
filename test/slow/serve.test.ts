/** `fairway serve` as people run it: a process, its log, its exit code. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DeltaDiscoveryRequest } from '../../src/proto/envoy/service/discovery/v3/discovery.ts';
import { clusterType } from '../../src/resource/types.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Fairway, follow } from '../up/support/fairway.ts';
import { freePort } from '../up/support/folders.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const command = [process.execPath, '--disable-warning=ExperimentalWarning', main, 'serve'];
const anyPorts = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
const service = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
`;

function serve(test: TestContext, cwd: string, args: readonly string[], wrapper: readonly string[] = []): Fairway {
  const [program = '', ...rest] = [...wrapper, ...command, ...args];
  return follow(test, spawn(program, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
}

/** The log, which is JSON line by line when no terminal reads it. */
function linesOf(fairway: Fairway): readonly Line[] {
  return fairway
    .stderr()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const portOf = async (fairway: Fairway, what: 'xDS' | 'HTTP') =>
  Number((await fairway.untilSays(new RegExp(`${what} on (?:http://)?127\\.0\\.0\\.1:(\\d+)`)))[1]);

it('a path that is not there is waited for; the log is JSON; SIGTERM ends it well', async (test) => {
  const folder = tempFolder(test);
  const fairway = serve(test, folder.path, [...anyPorts, '--config', 'mesh']);
  const [, ready = ''] = await fairway.untilSays(/"ready":"([^"]+)"/);
  const before = await fetch(ready);
  assert.deepEqual([before.status, await before.text()], [503, 'waiting for files: mesh cannot be read\n']);
  folder.write('mesh/shop.yaml', service);
  await fairway.untilSays(/serving xDS on/);
  const after = await fetch(ready);
  assert.deepEqual([after.status, await after.text()], [200, 'ready\n']);
  fairway.signal('SIGTERM');
  assert.equal(await fairway.exit, 0);
  assert.equal(fairway.stdout(), '');
  assert.deepEqual(
    linesOf(fairway).map(({ level, msg }) => `${level} ${msg.replace(/:\d{4,5}/g, ':PORT')}`),
    [
      'error mesh: expected a file or folder, found nothing; waiting for it [FW0010]',
      'info no proxy is served yet: waiting for files',
      'info mesh: all problems are solved',
      'info serving xDS on 127.0.0.1:PORT, HTTP on http://127.0.0.1:PORT',
      'info SIGTERM: draining; proxies may take 5 s to leave, a second signal ends it',
      'info stopped',
    ],
  );
});

it('a signal ends the wait for files as well', async (test) => {
  const folder = tempFolder(test);
  const fairway = serve(test, folder.path, [...anyPorts, '--config', 'mesh']);
  await fairway.untilSays(/no proxy is served yet/);
  fairway.signal('SIGINT');
  assert.equal(await fairway.exit, 0);
  assert.equal(linesOf(fairway).at(-1)?.msg, 'stopped');
});

it('several paths are one mesh, and a mesh configuration is waited for as well', async (test) => {
  const folder = tempFolder(test);
  folder.write('services/shop.yaml', service);
  folder.write('more.yaml', service.replaceAll('reviews', 'ratings'));
  const paths = ['--config', 'services', '--config', 'more.yaml', '--mesh-config', 'mesh-config.yaml'];
  const fairway = serve(test, folder.path, [...anyPorts, ...paths]);
  await fairway.untilSays(/no proxy is served yet: waiting for mesh configuration/);
  folder.write('mesh-config.yaml', 'rootNamespace: [\n');
  await fairway.untilSays(/mesh-config\.yaml:1: expected YAML, found .*; waiting for it \[FW0001\]/);
  folder.write('mesh-config.yaml', 'rootNamespace: mesh\n');
  const port = await portOf(fairway, 'HTTP');
  const services = (await (await fetch(`http://127.0.0.1:${port}/debug/registryz`)).json()) as readonly {
    readonly hostname: string;
  }[];
  assert.deepEqual(
    services.map(({ hostname }) => hostname),
    ['ratings.shop.svc.cluster.local', 'reviews.shop.svc.cluster.local'],
  );
  folder.remove('mesh-config.yaml');
  await fairway.untilSays(
    /mesh-config\.yaml: expected a readable file, found nothing; what it said before stays in force/,
  );
});

it('no lines are written below the level that is asked for', async (test) => {
  const folder = tempFolder(test);
  folder.write('mesh/wrong.yaml', 'kind: [\n');
  folder.write('mesh/odd.yaml', '');
  const port = await freePort();
  const address = ['--xds-address', '127.0.0.1:0', '--http-address', `127.0.0.1:${port}`];
  const fairway = serve(test, folder.path, [...address, '--config', 'mesh', '--log-level', 'error']);
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  let ready = false;
  await until(
    () => {
      void isReady().then((is) => {
        ready ||= is;
      });
      return ready;
    },
    { what: 'the mesh to be served', mostMs: 30_000 },
  );
  fairway.signal('SIGTERM');
  assert.equal(await fairway.exit, 0);
  assert.deepEqual(
    linesOf(fairway).map(({ level }) => level),
    ['error'],
  );
});

describe('a port that another process has', () => {
  function check(name: string, option: string, served: string): void {
    it(name, async (test) => {
      const folder = tempFolder(test);
      folder.write('mesh/shop.yaml', service);
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      test.after(() => other.close());
      const { port } = other.address() as { readonly port: number };
      const fairway = serve(test, folder.path, [...anyPorts, option, `127.0.0.1:${port}`, '--config', 'mesh']);
      assert.equal(await fairway.exit, 1);
      assert.equal(
        fairway.stderr(),
        `fairway: cannot serve ${served} on 127.0.0.1:${port}: another process listens there; ${option} states another address\n`,
      );
    });
  }

  check('is one clear line for xDS', '--xds-address', 'xDS');
  check('is one clear line for pages', '--http-address', 'HTTP');
});

describe('a proxy that does not leave', () => {
  async function serveProxy(test: TestContext, drain: string): Promise<Fairway> {
    const folder = tempFolder(test);
    folder.write('mesh/shop.yaml', service);
    const fairway = serve(test, folder.path, [...anyPorts, '--config', 'mesh', '--drain', drain]);
    const socket = connect(await portOf(fairway, 'xDS'), '127.0.0.1');
    test.after(() => socket.destroy());
    socket.on('error', () => {}).write(askAndTakeNothing());
    await fairway.untilSays(/proxy connected/);
    return fairway;
  }

  it('is left behind when the time for it is over', async (test) => {
    const fairway = await serveProxy(test, '100ms');
    fairway.signal('SIGTERM');
    await fairway.untilSays(/draining/);
    assert.equal(await fairway.exit, 0);
    assert.equal(linesOf(fairway).at(-1)?.msg, 'stopped');
  });

  it('is left behind at once with the second signal', async (test) => {
    const fairway = await serveProxy(test, '1h');
    fairway.signal('SIGTERM');
    await fairway.untilSays(/draining/);
    // Sooner it would be the same wish once more, passed on by npm or a terminal.
    await sleep(1100);
    fairway.signal('SIGTERM');
    assert.equal(await fairway.exit, 143);
  });
});

/** The bytes by which somebody opens a connection of HTTP/2, asks for all clusters, and takes not a byte of the answer. */
function askAndTakeNothing(): Buffer {
  const frame = (type: number, flags: number, stream: number, body: Buffer) =>
    Buffer.concat([Buffer.from([0, 0, body.length, type, flags, 0, 0, 0, stream]), body]);
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]);
  // Literal fields that no table knows (RFC 7541, section 6.2.2).
  const field = ([name, value]: readonly [string, string]) =>
    Buffer.concat([Buffer.from([0]), text(name), text(value)]);
  const fields = Object.entries({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    ':authority': 'xds',
    'content-type': 'application/grpc',
  });
  const node = { id: 'sidecar~10.1.0.9~web-1.shop~shop.svc.cluster.local' };
  const request = Buffer.from(DeltaDiscoveryRequest.encode({ node, typeUrl: clusterType }).finish());
  const [data, headers, settings, endHeaders] = [0, 1, 4, 4];
  const windowOfNothing = Buffer.from([0, 4, 0, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(settings, 0, 0, windowOfNothing),
    frame(headers, endHeaders, 1, Buffer.concat(fields.map(field))),
    frame(data, 0, 1, Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request])),
  ]);
}

it('on a terminal the log is text, with colours', async (test) => {
  const isThere = spawnSync('python3', ['-c', 'import pty']).status === 0;
  if (!isThere && process.env.CI !== 'true') {
    test.skip('python3 makes the terminal, and there is none');
    return;
  }
  const folder = tempFolder(test);
  folder.write('mesh/shop.yaml', service);
  const wrapper = ['python3', '-c', 'import pty, sys; pty.spawn(sys.argv[1:])'];
  const fairway = serve(test, folder.path, [...anyPorts, '--config', 'mesh'], wrapper);
  const [line] = await fairway.untilSays(/^.*serving xDS on.*$/m);
  assert.match(line, /^\[\d\d:\d\d:\d\d\] .*INFO.*: .*serving xDS on 127\.0\.0\.1:\d+, HTTP on http:/);
});
