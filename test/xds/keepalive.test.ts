import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import { http2Session, openCall, preface, tcpSocket } from './support/http2-client.ts';
import { serveMesh } from './support/mesh.ts';
import { service } from './support/objects.ts';

const objects = [service('a')];
const waits = { keepaliveMs: 30_000, keepaliveTimeoutMs: 10_000, idleMs: 300_000 };

describe('a connection', () => {
  it('is asked for a sign of life, and stays when it gives one', async (test) => {
    const mesh = await serveMesh(test, objects, { waits });
    const session = http2Session(test, mesh.port);
    let pings = 0;
    session.on('ping', () => {
      pings += 1;
    });
    openCall(session);
    await until(() => mesh.clock.pending === 1, { what: 'a connection' });
    for (let i = 1; i <= 3; i++) {
      mesh.clock.advance(30_000);
      // Its answer cancels the wait for it.
      await until(() => mesh.clock.pending === 1, { what: 'an answer' });
    }
    assert.deepEqual([pings, session.closed], [3, false]);
  });

  it('is given up when it gives none within ten seconds, and its proxy is gone', async (test) => {
    const mesh = await serveMesh(test, objects, { waits });
    const session = http2Session(test, mesh.port);
    const client = mesh.connect('delta');
    client.subscribe(clusterType, []);
    await client.next();
    const socket = tcpSocket(test, mesh.port);
    socket.write(preface);
    openCall(session);
    await until(() => mesh.clock.pending === 3, { what: 'three connections' });
    mesh.clock.advance(30_000);
    await until(() => mesh.clock.pending === 4, { what: 'answers of those that give one' });
    const isOpenYet = !socket.closed;
    mesh.clock.advance(10_000);
    await until(() => socket.closed, { what: 'the end of the silent connection' });
    assert.deepEqual([isOpenYet, session.closed, client.isOpen], [true, false, true]);
  });

  it('that never says what it speaks is given up too', async (test) => {
    const mesh = await serveMesh(test, objects, { waits });
    const socket = tcpSocket(test, mesh.port);
    await until(() => mesh.clock.pending === 1, { what: 'a connection' });
    mesh.clock.advance(30_000);
    mesh.clock.advance(10_000);
    await until(() => socket.closed, { what: 'the end of the connection' });
  });

  it('without a call is closed after five minutes', async (test) => {
    const mesh = await serveMesh(test, objects, { waits });
    const session = http2Session(test, mesh.port);
    await until(() => mesh.clock.pending === 1, { what: 'a connection' });
    for (let i = 1; i < 10; i++) {
      mesh.clock.advance(30_000);
      await until(() => mesh.clock.pending === 1, { what: 'an answer' });
    }
    const isOpenYet = !session.closed;
    mesh.clock.advance(30_000);
    await until(() => session.closed, { what: 'the end of the connection' });
    // The server learns of the end a moment after its client.
    await until(() => mesh.clock.pending === 0, { what: 'nothing that waits' });
    assert.deepEqual([isOpenYet, mesh.clock.pending], [true, 0]);
  });

  it('is closed five minutes after its last call, not before', async (test) => {
    const mesh = await serveMesh(test, objects, { waits });
    const session = http2Session(test, mesh.port);
    const call = openCall(session);
    await until(() => call.outcome().httpStatus === 200, { what: 'a call' });
    const minutes = async (count: number) => {
      for (let i = 0; i < 2 * count; i++) {
        mesh.clock.advance(30_000);
        await until(() => mesh.clock.pending <= 1, { what: 'an answer' });
      }
    };
    await minutes(6);
    call.stream.end();
    await call.ended();
    await minutes(4);
    const isOpenYet = !session.closed;
    await minutes(1);
    await until(() => session.closed, { what: 'the end of the connection' });
    assert.equal(isOpenYet, true);
  });
});
