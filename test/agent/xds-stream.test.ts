/** The agent's stream of xDS, told by a control plane as it is served. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { readNameTable } from '../../src/agent/dns/name-table.ts';
import { XdsStream, type XdsStreamOptions } from '../../src/agent/xds-stream.ts';
import { silent } from '../../src/lib/log.ts';
import { nameType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import { type Mesh, serveMesh } from '../xds/support/mesh.ts';
import { endpoints, service } from '../xds/support/objects.ts';

const fqdn = (name: string) => `${name}.shop.svc.cluster.local`;

const node = {
  id: 'sidecar~10.1.0.1~web.shop~shop.svc.cluster.local',
  cluster: 'web.shop',
  metadata: { NAMESPACE: 'shop', LABELS: { app: 'web' }, DNS_CAPTURE: 'true' },
};

interface Told {
  /** Addresses by host, after all that has been told. */
  readonly held: ReadonlyMap<string, string>;
  /** What each response has changed: `a -b`. */
  readonly changes: readonly string[];
  readonly logged: readonly string[];
  readonly stream: XdsStream;
}

function follow(test: TestContext, port: number, more: Partial<XdsStreamOptions> = {}): Told {
  const held = new Map<string, string>();
  const changes: string[] = [];
  const logged: string[] = [];
  const log = { ...silent };
  for (const level of ['error', 'warn', 'info'] as const) log[level] = (message) => logged.push(`${level} ${message}`);
  const stream = new XdsStream({
    xds: { host: '127.0.0.1', port },
    type: nameType,
    node,
    log,
    waits: { firstMs: 10, mostMs: 40, pingMs: 30_000 },
    onChange(changed, removed) {
      for (const { name, value } of changed) held.set(name, readNameTable(value).get(name)?.addresses.join(' ') ?? '');
      for (const name of removed) held.delete(name);
      const short = (name: string) => name.split('.')[0];
      changes.push([...changed.map(({ name }) => short(name)), ...removed.map((name) => `-${short(name)}`)].join(' '));
    },
    ...more,
  });
  test.after(() => stream.close());
  stream.start();
  return { held, changes, logged, stream };
}

const connected = (mesh: Mesh) => until(() => mesh.ads.connections().length === 1, { what: 'a stream' });

/** Passes bytes on to a port that may change, and cuts its connections when it is told to. */
async function relay(test: TestContext, port: number): Promise<{ readonly port: number; to: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const self = { port: 0, to: port, cut: () => sockets.forEach((socket) => void socket.destroy()) };
  const server = createServer((socket) => {
    const onward = connect(self.to, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    self.cut();
  });
  return Object.assign(self, { port: (server.address() as AddressInfo).port });
}

describe('a stream of the agent', () => {
  it('tells of all that there is, then of what changes, then of what goes', async (test) => {
    const mesh = await serveMesh(test, [service('a'), service('b')]);
    const { held, changes } = follow(test, mesh.port);
    await until(() => changes.length === 1, { what: 'names' });
    assert.deepEqual([...held].sort(), [
      [fqdn('a'), '10.96.0.10'],
      [fqdn('b'), '10.96.0.11'],
    ]);
    mesh.apply(service('c'));
    await until(() => changes.length === 2, { what: 'a new name' });
    mesh.replace([service('a')], []);
    await until(() => changes.length === 3, { what: 'the end of a name' });
    assert.deepEqual(changes, ['a b', 'c', '-a']);
    assert.deepEqual([...held.keys()].sort(), [fqdn('b'), fqdn('c')]);
  });

  it('tells that there is nothing', async (test) => {
    const mesh = await serveMesh(test, []);
    const { changes } = follow(test, mesh.port);
    await until(() => changes.length > 0, { what: 'a response' });
    assert.deepEqual(changes, ['']);
  });

  it('tells nothing when what changes is no name', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    const { changes } = follow(test, mesh.port);
    await until(() => changes.length === 1, { what: 'names' });
    mesh.apply(endpoints('a', '10.0.0.9'));
    mesh.apply(service('b'));
    await until(() => changes.length === 2, { what: 'a new name' });
    assert.deepEqual(changes, ['a', 'b']);
  });

  it('acknowledges what it takes', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    follow(test, mesh.port);
    const types = () => mesh.ads.connections().flatMap((one) => one.types);
    await until(() => types().some(({ acked }) => acked !== ''), { what: 'an acknowledgement' });
    assert.deepEqual(
      types().map(({ typeUrl, subscribed, sent, acked }) => [typeUrl, subscribed, sent === acked]),
      [[nameType, 'all', true]],
    );
  });

  it('comes back when its connection breaks, and is told what differs alone', async (test) => {
    const mesh = await serveMesh(test, [service('a'), service('b')]);
    const through = await relay(test, mesh.port);
    const { held, changes, logged } = follow(test, through.port);
    await until(() => changes.length === 1, { what: 'names' });
    through.to = 1;
    through.cut();
    await mesh.left();
    mesh.replace([service('a')], [service('c')]);
    assert.deepEqual([...held.keys()].sort(), [fqdn('a'), fqdn('b')]);
    through.to = mesh.port;
    await until(() => held.has(fqdn('c')) && !held.has(fqdn('a')), { what: 'what has changed meanwhile' });
    assert.deepEqual([...held.keys()].sort(), [fqdn('b'), fqdn('c')]);
    assert.deepEqual(changes.join(' '), 'a b c -a');
    const words = logged.map((line) => line.replace(/: .*/, ''));
    assert.deepEqual(words, [
      'warn the control plane tells no fairway.dns.v1.Name, and what is known of it stays',
      'info the control plane is back',
    ]);
  });

  it('goes to another control plane when its own one ends', async (test) => {
    const [first, second] = [await serveMesh(test, [service('a')]), await serveMesh(test, [service('b')])];
    const through = await relay(test, first.port);
    const { held, changes } = follow(test, through.port);
    await until(() => changes.length === 1, { what: 'names' });
    through.to = second.port;
    await first.close(0);
    await until(() => held.has(fqdn('b')) && !held.has(fqdn('a')), { what: 'the names of the other one' });
    await connected(second);
  });

  it('waits for a control plane that is not there yet, less and less often', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    const through = await relay(test, 1);
    const { held } = follow(test, through.port);
    through.to = mesh.port;
    await until(() => held.size === 1, { what: 'names' });
  });

  it('tells the control plane what cannot be used, and goes on', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    let calls = 0;
    const { logged } = follow(test, mesh.port, {
      onChange() {
        calls += 1;
        throw new Error('expected a name, found none');
      },
    });
    await until(() => calls === 1, { what: 'names' });
    mesh.apply(service('b'));
    await until(() => calls === 2, { what: 'another name on the same stream' });
    assert.match(logged[0] ?? '', /^error what the control plane tells of fairway.dns.v1.Name cannot be used$/);
    const heard = () => mesh.ads.connections()[0]?.types[0]?.lastError?.message;
    await until(() => heard() !== undefined, { what: 'a rejection' });
    assert.equal(heard(), 'expected a name, found none');
  });

  it('leaves a control plane that gives no sign of life', async (test) => {
    let opened = 0;
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      opened += 1;
      sockets.add(socket.on('error', () => {}));
    }).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    test.after(() => {
      mute.close();
      for (const socket of sockets) socket.destroy();
    });
    const waits = { firstMs: 1, mostMs: 2, pingMs: 20 };
    const { logged } = follow(test, (mute.address() as AddressInfo).port, { waits });
    await until(() => opened > 1, { what: 'another connection' });
    assert.match(logged[0] ?? '', /: it gives no sign of life$/);
  });

  it('says why a server that is no control plane tells nothing', async (test) => {
    const other = createHttp2Server((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    test.after(() => other.close());
    const { logged } = follow(test, (other.address() as AddressInfo).port);
    await until(() => logged.length > 0, { what: 'a warning' });
    assert.match(logged[0] ?? '', /: HTTP status 404$/);
  });

  it('says once each why there is none: that a stream has ended hides no refusal', async (test) => {
    let requests = 0;
    const refusal = { ':status': 200, 'grpc-status': '9', 'grpc-message': 'expected the WorkloadGroup, found none' };
    const other = createHttp2Server();
    other.on('stream', (stream) => {
      requests += 1;
      if (requests % 2 === 1) stream.close();
      else stream.respond(refusal, { endStream: true });
    });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    test.after(() => other.close());
    const { logged } = follow(test, (other.address() as AddressInfo).port);
    await until(() => requests > 5, { what: 'several tries' });
    assert.deepEqual(
      logged.map((line) => line.replace(/^.* stays: /, '')),
      ['the stream has ended', 'gRPC status 9: expected the WorkloadGroup, found none'],
    );
  });

  it('is over when it is closed', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    const { stream, changes, logged } = follow(test, mesh.port);
    await until(() => changes.length === 1, { what: 'names' });
    stream.close();
    await until(() => mesh.ads.connections().length === 0, { what: 'nobody to be connected' });
    assert.deepEqual([changes, logged], [['a'], []]);
  });
});
