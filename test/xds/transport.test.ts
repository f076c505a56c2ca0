import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import {
  callHeaders,
  deltaPath,
  firstRequest,
  framed,
  headerBlock,
  http2Frame,
  http2Session,
  openCall,
  preface,
  tcpSocket,
} from './support/http2-client.ts';
import { serveMesh } from './support/mesh.ts';
import { service } from './support/objects.ts';
import { longName } from './support/response.ts';

const objects = [service('a')];
const request = firstRequest(endpointType, [longName('a')]);

describe('requests are read', () => {
  it('when they come byte by byte', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, outcome } = openCall(http2Session(test, mesh.port));
    for (const byte of request) {
      stream.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => outcome().received > 0, { what: 'a response' });
    assert.equal(mesh.ads.connections()[0]?.types[0]?.subscribed, 1);
  });

  it('when several come in one frame', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, outcome } = openCall(http2Session(test, mesh.port));
    stream.write(
      Buffer.concat([
        request,
        firstRequest('type.googleapis.com/one', ['x']),
        firstRequest('type.googleapis.com/two', ['x']),
      ]),
    );
    await until(() => outcome().received > 0, { what: 'a response' });
    assert.equal(mesh.ads.connections()[0]?.types.length, 3);
  });

  it('when one ends and the next begins in the same frame', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, outcome } = openCall(http2Session(test, mesh.port));
    const both = Buffer.concat([request, firstRequest('type.googleapis.com/one', ['x'])]);
    const middle = request.length - 3;
    stream.write(both.subarray(0, middle));
    await new Promise((resolve) => setImmediate(resolve));
    stream.write(both.subarray(middle));
    await until(() => outcome().received > 0, { what: 'a response' });
    assert.equal(mesh.ads.connections()[0]?.types.length, 2);
  });
});

describe('a call is refused with its reason', () => {
  it('when its method is unknown', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { ended } = openCall(http2Session(test, mesh.port), {
      ':path': '/envoy.service.discovery.v3.Nothing/Stream',
    });
    const { httpStatus, grpcStatus, message } = await ended();
    assert.deepEqual(
      [httpStatus, grpcStatus, message?.includes('expected one of'), message?.includes(deltaPath)],
      [200, '12', true, true],
    );
  });

  it('when its path is longer than what can be said about it', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { ended } = openCall(http2Session(test, mesh.port), { ':path': `/${'ü'.repeat(5000)}` });
    assert.equal((await ended()).grpcStatus, '12');
  });

  it('when its messages are compressed', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, ended } = openCall(http2Session(test, mesh.port));
    stream.write(framed(Buffer.from('squeezed'), 1));
    const { grpcStatus, message } = await ended();
    assert.deepEqual([grpcStatus, message], ['12', 'expected messages without compression']);
  });

  it('when a message is larger than 4 MiB, before it has come', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, ended } = openCall(http2Session(test, mesh.port));
    const head = Buffer.from([0, 0, 0x40, 0, 1]);
    stream.write(head);
    const { grpcStatus, message } = await ended();
    assert.deepEqual([grpcStatus, message], ['8', 'expected a message of at most 4194304 bytes, found 4194305']);
  });

  it('when a message is no request', async (test) => {
    const mesh = await serveMesh(test, objects);
    const { stream, ended } = openCall(http2Session(test, mesh.port));
    stream.write(framed(Buffer.from([0x0f])));
    const { grpcStatus, message } = await ended();
    assert.deepEqual([grpcStatus, message?.startsWith('expected a request, found bytes that are none')], ['3', true]);
  });

  it('even if the peer does not end its side', async (test) => {
    const mesh = await serveMesh(test, objects);
    const session = http2Session(test, mesh.port);
    const { stream, ended } = openCall(session);
    stream.write(framed(Buffer.from('squeezed'), 1));
    await ended();
    // A second call on the connection finds it in order.
    const next = openCall(session);
    next.stream.write(request);
    await until(() => next.outcome().received > 0, { what: 'a response' });
  });

  for (const [what, headers] of [
    ['its method is GET', { ':method': 'GET', 'content-type': 'application/grpc' }],
    ['it is no gRPC', { 'content-type': 'application/json' }],
    ['it is a gRPC for browsers', { 'content-type': 'application/grpc-web' }],
  ] as const)
    it(`when ${what}`, async (test) => {
      const mesh = await serveMesh(test, objects);
      const { ended } = openCall(http2Session(test, mesh.port), headers);
      assert.equal((await ended()).httpStatus, 415);
    });
});

describe('others are served on', () => {
  /** What a client meanwhile gets. */
  async function isServing(mesh: Awaited<ReturnType<typeof serveMesh>>): Promise<boolean> {
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [longName('a')]);
    return (await client.next()).resources.length === 1;
  }

  it('when a peer speaks HTTP/1', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const closed = () => until(() => socket.closed, { what: 'the end of the connection' });
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await closed();
    assert.ok(await isServing(mesh));
  });

  it('when a peer sends noise', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const closed = () => until(() => socket.closed, { what: 'the end of the connection' });
    socket.write(Buffer.concat([preface, Buffer.alloc(1000, 0xff)]));
    await closed();
    assert.ok(await isServing(mesh));
  });

  it('when a peer takes its requests back as soon as it has sent them', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const headers = headerBlock(callHeaders);
    const calls = Array.from({ length: 200 }, (_, i) => {
      const id = 2 * i + 1;
      // HEADERS that are complete, half of the calls with a request, then RST_STREAM with CANCEL.
      const data = i % 2 === 0 ? [] : [http2Frame(0, 0, id, request)];
      return Buffer.concat([http2Frame(1, 4, id, headers), ...data, http2Frame(3, 0, id, Buffer.from([0, 0, 0, 8]))]);
    });
    socket.write(Buffer.concat([preface, ...calls]));
    assert.ok(await isServing(mesh));
    socket.destroy();
    await until(() => mesh.ads.connections().length === 1, { what: 'nothing to be left of the calls' });
  });

  it('when a peer resets without end', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const closed = () => until(() => socket.closed, { what: 'the end of the connection' });
    const headers = headerBlock({ ':method': 'POST', ':scheme': 'http', ':authority': 'x', ':path': '/x' });
    const call = (i: number) =>
      Buffer.concat([http2Frame(1, 4, 2 * i + 1, headers), http2Frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))]);
    socket.write(Buffer.concat([preface, ...Array.from({ length: 5000 }, (_, i) => call(i))]));
    await closed();
    assert.ok(await isServing(mesh));
  });

  it('when a peer sends headers without end', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const closed = () => until(() => socket.closed, { what: 'the end of the connection' });
    const filler = headerBlock({ x: 'y'.repeat(120) });
    const block = Buffer.concat(Array.from({ length: 120 }, () => filler));
    // HEADERS that are not complete, and CONTINUATIONs that never are.
    const frames = [http2Frame(1, 0, 1, block), ...Array.from({ length: 100 }, () => http2Frame(9, 0, 1, block))];
    socket.write(Buffer.concat([preface, ...frames]));
    await closed();
    assert.ok(await isServing(mesh));
  });

  it('when a peer opens more calls than it may', async (test) => {
    const mesh = await serveMesh(test, objects);
    const session = http2Session(test, mesh.port);
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    assert.equal(session.remoteSettings.maxConcurrentStreams, 1000);
    const calls = Array.from({ length: 1001 }, () => openCall(session));
    await until(() => calls.filter(({ outcome }) => outcome().httpStatus === 200).length === 1000, {
      what: '1000 open calls',
    });
    assert.ok(await isServing(mesh));
  });
});
