import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, listenerType, routeType } from '../../src/resource/types.ts';
import { serveMesh } from './support/mesh.ts';
import { limit, service } from './support/objects.ts';
import { dialects, longName, text } from './support/response.ts';

const objects = [service('a'), service('b')];

for (const dialect of dialects)
  describe(`a wildcard in the ${dialect} dialect`, () => {
    it('is implied by a first request that names nothing, for clusters and listeners', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(clusterType, []);
      client.subscribe(listenerType, []);
      const clusters = await client.next();
      client.ack(clusters);
      const listeners = await client.next();
      assert.deepEqual([text(clusters), text(listeners)], ['cds: a b', 'lds: 0.0.0.0_80']);
    });

    it('brings all that belongs to a sidecar, its own parts included', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(clusterType, []);
      const { resources } = await client.next();
      assert.deepEqual(resources.map(({ name }) => name).sort(), [
        'BlackHoleCluster',
        'InboundPassthroughCluster',
        'PassthroughCluster',
        longName('a'),
        longName('b'),
      ]);
    });

    it('may be asked for by its star', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(clusterType, ['*']);
      assert.deepEqual(await client.texts(), ['cds: a b']);
    });

    it('is not implied for endpoints, routes and secrets', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, []);
      client.subscribe(routeType, []);
      assert.deepEqual(await client.texts(), []);
    });

    it('may be asked for endpoints by its star', async (test) => {
      const client = (await serveMesh(test, objects)).connect(dialect);
      client.subscribe(endpointType, ['*']);
      assert.deepEqual(await client.texts(), ['eds: a b']);
    });

    it('means no routes, whatever routes others have asked for', async (test) => {
      const mesh = await serveMesh(test, objects);
      const [other, client] = [mesh.connect(dialect), mesh.connect(dialect)];
      other.subscribe(routeType, ['80']);
      assert.deepEqual(await other.texts(), ['rds: 80']);
      client.subscribe(routeType, ['*']);
      assert.deepEqual(await client.texts(), ['rds:']);
    });

    it('is answered even when there is nothing', async (test) => {
      const client = (await serveMesh(test, [])).connect(dialect);
      client.subscribe(endpointType, ['*']);
      assert.deepEqual(await client.texts(), ['eds:']);
    });

    it('brings what comes later, and tells of what goes', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, ['*']);
      client.ack(await client.next(), ['*']);
      await client.heard();
      mesh.apply(service('c'));
      const added = await client.next();
      client.ack(added, ['*']);
      mesh.replace([service('a')], []);
      // In the state-of-the-world dialect what is gone is left out of later lists, which endpoints do not have.
      assert.deepEqual(
        [text(added), ...(await client.texts())],
        ['eds: c', ...(dialect === 'delta' ? ['eds: -a'] : [])],
      );
    });

    it('stands beside names, which change nothing as long as it does', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, ['*', 'a', longName('b')]);
      const first = await client.next();
      client.ack(first, ['*', 'a', longName('b')]);
      await client.heard();
      mesh.apply(service('a', '10.0.0.7'));
      assert.deepEqual(
        [text(first), ...(await client.texts())],
        [dialect === 'delta' ? 'eds: a b -a' : 'eds: a b', 'eds: a'],
      );
    });
  });

describe('a wildcard in the delta dialect', () => {
  it('that is implied stands beside names that come later', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(clusterType, []);
    client.ack(await client.next());
    client.request(clusterType, { resourceNamesSubscribe: [longName('a')] });
    const again = await client.next();
    client.ack(again);
    mesh.apply(limit('b', 7));
    assert.deepEqual([text(again), ...(await client.texts())], ['cds: a', 'cds: b']);
  });

  it('ends when its star is given up, and names stay', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, ['*', longName('a')]);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesUnsubscribe: ['*'] });
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'), service('b', '10.0.0.7'));
    assert.deepEqual(await client.texts(), ['eds: a']);
  });

  it('may be given up though it was only implied', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('delta');
    client.subscribe(clusterType, []);
    client.ack(await client.next());
    client.request(clusterType, { resourceNamesUnsubscribe: ['*'] });
    await client.heard();
    mesh.apply(limit('a', 7));
    assert.deepEqual(await client.texts(), []);
  });

  it('answers for a name that is given up beside it: it is there', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(clusterType, ['*', longName('a')]);
    client.ack(await client.next());
    client.request(clusterType, { resourceNamesUnsubscribe: [longName('a')] });
    assert.deepEqual(await client.texts(), ['cds: a']);
  });

  it('answers for a name that is given up beside it: it is not there', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(clusterType, ['*', 'no-such-cluster']);
    client.ack(await client.next());
    client.request(clusterType, { resourceNamesUnsubscribe: ['no-such-cluster'] });
    assert.deepEqual(await client.texts(), ['cds: -no-such-cluster']);
  });

  it('says nothing of names that were not asked for', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(clusterType, ['*']);
    client.ack(await client.next());
    client.request(clusterType, { resourceNamesUnsubscribe: [longName('a')] });
    assert.deepEqual(await client.texts(), []);
  });

  it('that is asked for again brings all again', async (test) => {
    const client = (await serveMesh(test, objects)).connect('delta');
    client.subscribe(endpointType, ['*']);
    client.ack(await client.next());
    client.request(endpointType, { resourceNamesSubscribe: ['*'] });
    assert.deepEqual(await client.texts(), ['eds: a b']);
  });
});

describe('a wildcard in the state-of-the-world dialect', () => {
  it('that is implied goes on while requests name nothing', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(clusterType, []);
    client.ack(await client.next());
    mesh.apply(limit('a', 7));
    const changed = await client.next();
    client.ack(changed);
    assert.deepEqual([text(changed), ...(await client.texts())], ['cds: a b']);
  });

  it('that is implied ends when names are asked for', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(clusterType, []);
    client.ack(await client.next(), [longName('a')]);
    const named = await client.next();
    client.ack(named, [longName('a')]);
    await client.heard();
    mesh.apply(limit('b', 7));
    assert.deepEqual([text(named), ...(await client.texts())], ['cds: a']);
  });

  it('does not come back by naming nothing once names were asked for', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(clusterType, ['*']);
    client.ack(await client.next(), []);
    await client.heard();
    mesh.apply(limit('a', 7));
    assert.deepEqual(await client.texts(), []);
  });

  it('ends when its star is left out, and names stay', async (test) => {
    const mesh = await serveMesh(test, objects);
    const client = mesh.connect('sotw');
    client.subscribe(endpointType, ['*', longName('a')]);
    client.ack(await client.next(), [longName('a')]);
    await client.heard();
    mesh.apply(service('a', '10.0.0.7'), service('b', '10.0.0.7'));
    assert.deepEqual(await client.texts(), ['eds: a']);
  });
});
