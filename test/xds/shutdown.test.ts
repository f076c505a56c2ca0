import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import {
  callHeaders,
  firstRequest,
  headerBlock,
  http2Frame,
  http2Session,
  openCall,
  preface,
  tcpSocket,
} from './support/http2-client.ts';
import { serveMesh } from './support/mesh.ts';
import { service } from './support/objects.ts';
import { dialects } from './support/response.ts';

const objects = [service('a')];
const unavailable = 14;

describe('a server that closes', () => {
  for (const dialect of dialects)
    it(`sends proxies of the ${dialect} dialect elsewhere`, async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(clusterType, []);
      await client.next();
      const closed = mesh.close(5000);
      assert.deepEqual(await client.ended(), { code: unavailable, details: 'the control plane is shutting down' });
      await closed;
      await mesh.left();
    });

  it('says so on each connection before its calls end', async (test) => {
    const mesh = await serveMesh(test, objects);
    const session = http2Session(test, mesh.port);
    const seen: string[] = [];
    session.on('goaway', (code: number, lastStream: number) => seen.push(`goaway ${code} ${lastStream}`));
    const { stream, outcome } = openCall(session);
    stream.on('trailers', (trailers) => seen.push(`status ${trailers['grpc-status']}`));
    stream.write(firstRequest(clusterType, []));
    await until(() => outcome().received > 0, { what: 'a response' });
    const closed = mesh.close(5000);
    stream.on('trailers', () => stream.end());
    await closed;
    assert.deepEqual(seen.slice(0, 2), ['goaway 0 1', 'status 14']);
  });

  it('takes no new connections', async (test) => {
    const mesh = await serveMesh(test, objects);
    await mesh.close(5000);
    const socket = tcpSocket(test, mesh.port);
    await until(() => socket.closed, { what: 'a refused connection' });
  });

  it('takes no new calls on the connections that it has', async (test) => {
    const mesh = await serveMesh(test, objects);
    const socket = tcpSocket(test, mesh.port);
    const bytes: Buffer[] = [];
    socket.on('data', (chunk) => bytes.push(chunk));
    const call = (id: number) =>
      Buffer.concat([
        http2Frame(1, 4, id, headerBlock(callHeaders)),
        http2Frame(0, 0, id, firstRequest(clusterType, [])),
      ]);
    // A window of nothing: the first call cannot end while the peer does not read.
    socket.write(Buffer.concat([preface, http2Frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])), call(1)]));
    await until(() => mesh.ads.connections().length === 1, { what: 'a proxy' });
    const closed = mesh.close(5000);
    socket.write(Buffer.concat([call(3), http2Frame(6, 0, 0, Buffer.from('question'))]));
    await until(() => Buffer.concat(bytes).includes('question'), { what: 'an answer to a ping' });
    assert.deepEqual(mesh.ads.connections(), []);
    mesh.clock.advance(5000);
    await closed;
  });

  it('waits for peers that do not go, as long as it was told to', async (test) => {
    const mesh = await serveMesh(test, objects);
    const session = http2Session(test, mesh.port, { initialWindowSize: 100 });
    const { stream } = openCall(session);
    stream.pause();
    stream.write(firstRequest(clusterType, []));
    await until(() => mesh.ads.connections().length === 1, { what: 'a proxy' });
    let isClosed = false;
    const closed = mesh.close(5000).then(() => {
      isClosed = true;
    });
    mesh.clock.advance(4999);
    await new Promise((resolve) => setImmediate(resolve));
    const before = isClosed;
    mesh.clock.advance(1);
    await closed;
    assert.deepEqual([before, mesh.ads.connections()], [false, []]);
  });

  it('does not wait for connections that have no calls, or have said nothing', async (test) => {
    const mesh = await serveMesh(test, objects);
    const [quiet, silent] = [tcpSocket(test, mesh.port), tcpSocket(test, mesh.port)];
    quiet.write(preface);
    await until(() => mesh.clock.pending === 2, { what: 'two connections' });
    await mesh.close(5000);
    await until(() => quiet.closed && silent.closed, { what: 'the end of both' });
  });
});
