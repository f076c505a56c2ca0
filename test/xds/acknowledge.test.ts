import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, routeType } from '../../src/resource/types.ts';
import { serveMesh } from './support/mesh.ts';
import { route, service } from './support/objects.ts';
import { dialects, longName, text } from './support/response.ts';

const objects = [service('a'), service('b')];
const [a, b] = ['a', 'b'].map(longName) as [string, string];

for (const dialect of dialects)
  describe(`in the ${dialect} dialect`, () => {
    it('an acknowledgement is noted, and answered with silence', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      const response = await client.next();
      const before = mesh.ads.connections()[0]?.types[0];
      client.ack(response, [a]);
      await client.heard();
      const after = mesh.ads.connections()[0]?.types[0];
      assert.deepEqual(
        [before, after].map((status) => [status?.sent, status?.acked, status?.lastError]),
        [
          [response.nonce, '', undefined],
          [response.nonce, response.nonce, undefined],
        ],
      );
    });

    it('a refusal is noted with its reason, and answered with silence', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(clusterType, []);
      const response = await client.next();
      client.nack(response, 'no such filter');
      await client.heard();
      const status = mesh.ads.connections()[0]?.types[0];
      assert.deepEqual(
        { ...status, sentAtMs: undefined, lastError: { ...status?.lastError, atMs: 0 } },
        {
          typeUrl: clusterType,
          state: 'ERROR',
          subscribed: 'all',
          sent: response.nonce,
          acked: '',
          sentAtMs: undefined,
          lastError: { nonce: response.nonce, code: 3, message: 'no such filter', atMs: 0 },
        },
      );
    });

    it('what was refused is not sent again, but the next change is', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a, b]);
      client.nack(await client.next(), 'not this', [a, b]);
      await client.heard();
      mesh.clock.advance(5000);
      await client.heard();
      mesh.apply(service('b', '10.0.0.7'));
      assert.deepEqual(await client.texts(), ['eds: b']);
    });

    it('a refusal shows on /debug/syncz until a later response is accepted', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      const statuses = async () => {
        const [proxy] = (await (await fetch(`${mesh.pages}/debug/syncz`)).json()) as {
          readonly resources: Record<
            string,
            {
              readonly status: string;
              readonly lastError: string;
              readonly lastRejection: { readonly message: string } | null;
            }
          >;
        }[];
        const { status, lastError, lastRejection } = proxy?.resources[endpointType] ?? {};
        return [status, lastError, lastRejection?.message];
      };
      client.subscribe(endpointType, [a]);
      const first = await client.next();
      const seen = [await statuses()];
      client.nack(first, 'not this', [a]);
      await client.heard();
      seen.push(await statuses());
      mesh.apply(service('a', '10.0.0.7'));
      client.ack(await client.next(), [a]);
      await client.heard();
      seen.push(await statuses());
      assert.deepEqual(seen, [
        ['STALE', '', undefined],
        ['ERROR', 'not this', 'not this'],
        ['SYNCED', '', 'not this'],
      ]);
    });

    it('a reason of any length is kept in part', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      client.nack(await client.next(), `${'😀'.repeat(100_000)}`, [a]);
      await client.heard();
      assert.equal(mesh.ads.connections()[0]?.types[0]?.lastError?.message, '😀'.repeat(2048));
    });

    it('a refusal of one type leaves the others alone', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      client.nack(await client.next(), 'not this', [a]);
      client.subscribe(routeType, ['80']);
      client.ack(await client.next(), ['80']);
      await client.heard();
      mesh.apply(route('a', 'b'));
      assert.deepEqual(await client.texts(), ['rds: 80']);
    });

    it('changes that come before the answer are one response after it', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a, b]);
      const first = await client.next();
      mesh.apply(service('a', '10.0.0.7'));
      mesh.apply(service('a', '10.0.0.8'));
      mesh.apply(service('b', '10.0.0.7'));
      await client.heard();
      client.ack(first, [a, b]);
      assert.deepEqual(await client.texts(), ['eds: a b']);
    });

    it('responses go on though nothing is ever answered, one for each patience', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      await client.next();
      mesh.apply(service('a', '10.0.0.7'));
      mesh.clock.advance(999);
      await client.heard();
      mesh.clock.advance(1);
      assert.deepEqual(await client.texts(), ['eds: a']);
    });

    it('nonces of a stream differ, and streams of equal content may share theirs', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      const nonces: string[] = [];
      client.subscribe(endpointType, [a]);
      for (let i = 0; i < 5; i++) {
        const response = await client.next();
        nonces.push(response.nonce);
        client.ack(response, [a]);
        await client.heard();
        mesh.apply(service('a', `10.0.1.${i}`));
      }
      assert.equal(new Set(nonces).size, 5);
    });

    it('a response says who answers, and of which revision', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, [a]);
      const { controlPlane, version } = await client.next();
      const { Component, Info } = JSON.parse(controlPlane) as { readonly Component: string; readonly Info: object };
      assert.deepEqual([Component, Info, /^\d+$/.test(version)], ['fairway', { version: 'test' }, true]);
    });
  });

describe('an answer to an earlier response', () => {
  it('says nothing in the state-of-the-world dialect, whatever it lists', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(endpointType, [a]);
    const first = await client.next();
    client.ack(first, [a]);
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'));
    const second = await client.next();
    client.ack(first, [a, b]);
    await client.heard();
    const before = mesh.ads.connections()[0]?.types[0];
    client.ack(second, [a, b]);
    assert.deepEqual([before?.subscribed, before?.acked, ...(await client.texts())], [1, first.nonce, 'eds: b']);
  });

  it('that lets go of a name makes it new in the next request of the state-of-the-world dialect', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(endpointType, [a, b]);
    const first = await client.next();
    client.ack(first, [a, b]);
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'));
    const second = await client.next();
    client.ack(first, [a]);
    client.ack(second, [a, b]);
    assert.deepEqual(await client.texts(), ['eds: b']);
  });

  it('is noted when it is a refusal in the delta dialect, where responses stand alone', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [a]);
    const first = await client.next();
    mesh.apply(service('a', '10.0.0.7'));
    mesh.clock.advance(1000);
    const second = await client.next();
    client.nack(first, 'not the first');
    await client.heard();
    const status = mesh.ads.connections()[0]?.types[0];
    assert.deepEqual([status?.sent, status?.lastError?.nonce], [second.nonce, first.nonce]);
  });
});

it('equal responses go to all streams as the same bytes', async (test) => {
  const mesh = await serveMesh(test, objects);
  const clients = ['web-1', 'web-2', 'web-3'].map((pod) => mesh.connect('delta', { pod }));
  for (const client of clients) client.subscribe(endpointType, [a]);
  const firsts = await Promise.all(clients.map((client) => client.next()));
  for (const [i, client] of clients.entries()) client.ack(firsts[i] as (typeof firsts)[0]);
  await Promise.all(clients.map((client) => client.heard()));
  mesh.apply(service('a', '10.0.0.7'));
  const seconds = await Promise.all(clients.map((client) => client.next()));
  assert.deepEqual(
    [
      new Set(firsts.map(({ nonce }) => nonce)).size,
      new Set(seconds.map(({ nonce }) => nonce)).size,
      seconds.map(text),
    ],
    [1, 1, ['eds: a', 'eds: a', 'eds: a']],
  );
});
