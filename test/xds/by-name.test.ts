import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, listenerType, routeType } from '../../src/resource/types.ts';
import { serveMesh } from './support/mesh.ts';
import { route, service } from './support/objects.ts';
import { dialects, longName, text } from './support/response.ts';

const objects = [service('a'), service('b'), service('c')];
const [a, b, c] = ['a', 'b', 'c'].map(longName) as [string, string, string];
const nowhere = 'type.googleapis.com/envoy.service.runtime.v3.Runtime';

for (const dialect of dialects)
  describe(`by name, in the ${dialect} dialect,`, () => {
    it('only what is asked for is sent', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, [a, c]);
      assert.deepEqual(await client.texts(), ['eds: a c']);
    });

    it('clusters and listeners may be asked for too', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(clusterType, [b]);
      client.ack(await client.next(), [b]);
      client.subscribe(listenerType, ['0.0.0.0_80']);
      assert.deepEqual(await client.texts(), ['lds: 0.0.0.0_80']);
    });

    it('a change of something else is not sent', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      client.ack(await client.next(), [a]);
      await client.heard();
      mesh.apply(service('b', '10.0.0.7'));
      await client.heard();
    });

    it('several types share a stream', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [a]);
      client.ack(await client.next(), [a]);
      client.subscribe(routeType, ['80']);
      client.ack(await client.next(), ['80']);
      await client.heard();
      mesh.apply(service('a', '10.0.0.7'), route('a', 'b'));
      assert.deepEqual(await client.texts(), ['eds: a', 'rds: 80']);
    });

    it('names may be asked for twice at once', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, [a, b, a, a]);
      assert.deepEqual(await client.texts(), ['eds: a b']);
    });

    it('many names are answered as few are', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, [a, c, ...Array.from({ length: 100 }, (_, i) => `no-such-${i}`)]);
      const { resources, removed } = await client.next();
      assert.deepEqual(
        [resources.map(({ name }) => name).sort(), removed.length],
        [[a, c], dialect === 'delta' ? 100 : 0],
      );
    });

    it('what does not exist is said not to, as far as the dialect can', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, ['no-such-cluster']);
      assert.deepEqual(await client.texts(), [dialect === 'delta' ? 'eds: -no-such-cluster' : 'eds:']);
    });

    it('what exists and what does not are told apart', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, ['no-such-cluster', a]);
      assert.deepEqual(await client.texts(), [dialect === 'delta' ? 'eds: a -no-such-cluster' : 'eds: a']);
    });

    it('what comes to exist later is sent then', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, [longName('d')]);
      client.ack(await client.next(), [longName('d')]);
      await client.heard();
      mesh.apply(service('d'));
      assert.deepEqual(await client.texts(), ['eds: d']);
    });

    it('a type that we do not serve has no resources', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(nowhere, ['rtds']);
      const response = await client.next();
      assert.deepEqual(text(response), dialect === 'delta' ? `${nowhere}: -rtds` : `${nowhere}:`);
    });

    it('asking for nothing of a type that we do not serve is not answered', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(nowhere, []);
      await client.heard();
    });
  });

describe('in the delta dialect', () => {
  it('names are added and given up one by one', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesSubscribe: [b] });
    const added = await client.next();
    client.ack(added);
    client.request(endpointType, { resourceNamesUnsubscribe: [a] });
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'), service('b', '10.0.0.7'), service('c', '10.0.0.7'));
    assert.deepEqual([text(added), ...(await client.texts())], ['eds: b', 'eds: b']);
  });

  it('a request may add and give up at once', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesSubscribe: [b], resourceNamesUnsubscribe: [a] });
    assert.deepEqual(await client.texts(), ['eds: b']);
  });

  it('a request may acknowledge and ask at once', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [a]);
    const { nonce } = await client.next();
    client.request(endpointType, { responseNonce: nonce, resourceNamesSubscribe: [b] });
    assert.deepEqual(await client.texts(), ['eds: b']);
    assert.equal(mesh.ads.connections()[0]?.types[0]?.acked, nonce);
  });

  it('what is asked for again is sent again', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(endpointType, [a, b]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesSubscribe: [a] });
    assert.deepEqual(await client.texts(), ['eds: a']);
  });

  it('what is given up and asked for again is sent again', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesUnsubscribe: [a] });
    client.request(endpointType, { resourceNamesSubscribe: [a] });
    assert.deepEqual(await client.texts(), ['eds: a']);
  });

  it('what is gone is told to those who asked for it', async (test) => {
    const mesh = await serveMesh(test, objects);
    const [client, other] = [mesh.connect('delta'), mesh.connect('delta', { pod: 'other' })];
    client.subscribe(endpointType, [a]);
    client.ack(await client.next());
    other.subscribe(endpointType, [b]);
    other.ack(await other.next());
    await Promise.all([client.heard(), other.heard()]);
    mesh.replace([service('a')], []);
    assert.deepEqual([await client.texts(), await other.texts()], [['eds: -a'], []]);
  });

  it('giving up a name takes effect even if the request quotes an earlier response', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [a, b]);
    client.ack(await client.next());
    await client.heard();
    client.request(endpointType, { responseNonce: 'of long ago', resourceNamesUnsubscribe: [a] });
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'), service('b', '10.0.0.7'));
    assert.deepEqual(await client.texts(), ['eds: b']);
  });

  it('everything may be given up, and then nothing comes any more', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesUnsubscribe: [a] });
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'));
    await client.heard();
  });
});

describe('in the state-of-the-world dialect', () => {
  it('a request that lists more brings what is new in it', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next(), [a, b]);
    assert.deepEqual(await client.texts(), ['eds: b']);
  });

  it('a request that lists less brings nothing, now or later', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(endpointType, [a, b]);
    client.ack(await client.next(), [b]);
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'), service('b', '10.0.0.7'));
    assert.deepEqual(await client.texts(), ['eds: b']);
  });

  it('what is given up and asked for again is sent again', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(endpointType, [a, b]);
    const first = await client.next();
    client.ack(first, [b]);
    client.ack(first, [a, b]);
    assert.deepEqual(await client.texts(), ['eds: a']);
  });

  it('what exists is sent without delay beside what does not', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(endpointType, [a]);
    client.ack(await client.next(), [a, 'no-such-cluster']);
    assert.deepEqual(await client.texts(), ['eds:']);
  });

  it('one cluster asked for by name comes with all others asked for', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(clusterType, [a]);
    client.ack(await client.next(), [a, b]);
    assert.deepEqual(await client.texts(), ['cds: a b']);
  });

  it('a request that crossed the first answer is answered too', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(endpointType, [a]);
    const first = await client.next();
    client.subscribe(endpointType, [a, b]);
    await client.heard();
    client.ack(first, [a, b]);
    assert.deepEqual(await client.texts(), ['eds: a b']);
  });
});
