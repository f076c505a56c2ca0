import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointType } from '../../src/resource/types.ts';
import { serveMesh } from './support/mesh.ts';
import { service } from './support/objects.ts';
import { dialects, longName } from './support/response.ts';

const objects = [service('a')];
const invalidArgument = 3;
const resourceExhausted = 8;
const names = (count: number, start = 0) => Array.from({ length: count }, (_, i) => `n${start + i}`);

for (const dialect of dialects)
  describe(`a stream of the ${dialect} dialect ends`, () => {
    it('when its first request has no node', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, { isAnonymous: true });
      client.subscribe(endpointType, [longName('a')]);
      assert.deepEqual(await client.ended(), {
        code: invalidArgument,
        details: 'expected a node in the first request, found none',
      });
    });

    it('when its node has no proper id', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, { node: { id: 'web' } });
      client.subscribe(endpointType, [longName('a')]);
      assert.deepEqual(await client.ended(), {
        code: invalidArgument,
        details: 'expected a node id of the form type~ip~name.namespace~domain, found "web"',
      });
    });

    it('when its node has an id of any length and script', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, { node: { id: '😀'.repeat(100_000) } });
      client.subscribe(endpointType, [longName('a')]);
      const { code, details } = await client.ended();
      assert.deepEqual([code, details.length <= 500], [invalidArgument, true]);
    });

    it('when a request is larger than 4 MiB', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, ['x'.repeat(4 * 1024 * 1024)]);
      assert.equal((await client.ended()).code, resourceExhausted);
    });

    it('when it asks for more types than there are', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      for (let i = 0; i <= 100; i++) client.subscribe(`type.googleapis.com/test.Type${i}`, ['x']);
      assert.deepEqual(await client.ended(), {
        code: resourceExhausted,
        details: 'expected at most 100 types on a stream',
      });
    });

    it('and nothing is kept of it, and others are served on', async (test) => {
      const mesh = await serveMesh(test, objects);
      const [good, bad] = [mesh.connect(dialect), mesh.connect(dialect, { pod: 'bad' })];
      good.subscribe(endpointType, [longName('a')]);
      good.ack(await good.next(), [longName('a')]);
      bad.subscribe(endpointType, [longName('a')]);
      await bad.next();
      bad.subscribe(endpointType, ['x'.repeat(4 * 1024 * 1024)]);
      await bad.ended();
      mesh.apply(service('a', '10.0.0.7'));
      assert.deepEqual(
        [await good.texts(), mesh.ads.connections().map(({ proxy }) => proxy.name)],
        [['eds: a'], ['web.shop']],
      );
    });
  });

describe('a stream goes on', () => {
  it('when a request is just below 4 MiB', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [longName('a'), 'x'.repeat(4 * 1024 * 1024 - 1000)]);
    const { resources, removed } = await client.next();
    assert.deepEqual([resources.length, removed.length], [1, 1]);
  });

  it('when a node is sent again', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [longName('a')]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesSubscribe: [longName('a')], node: { id: 'another' } } as never);
    assert.deepEqual(
      [await client.texts(), mesh.ads.connections().map(({ proxy }) => proxy.name)],
      [['eds: a'], ['web.shop']],
    );
  });
});

it('a stream of the delta dialect ends when it has asked for half a million names', async (test) => {
  const mesh = await serveMesh(test, objects);
  const client = mesh.connect('delta');
  client.subscribe(endpointType, names(250_000));
  client.request(endpointType, { resourceNamesSubscribe: names(250_001, 250_000) });
  assert.deepEqual(await client.ended(), {
    code: resourceExhausted,
    details: 'expected at most 500000 names of a type, found 500001',
  });
});
