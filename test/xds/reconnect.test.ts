import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, listenerType, routeType, type TypeUrl } from '../../src/resource/types.ts';
import type { AdsClient } from './support/ads-client.ts';
import { type Mesh, serveMesh } from './support/mesh.ts';
import { limit, service } from './support/objects.ts';
import { dialects, longName, type Response, text } from './support/response.ts';

const objects = [service('a'), service('b')];
const [a, b] = ['a', 'b'].map(longName) as [string, string];

const versions = ({ resources }: Response) => Object.fromEntries(resources.map(({ name, version }) => [name, version]));

/** Lets a client take what it asks for, and lose its stream; yields what it holds. */
async function once(mesh: Mesh, type: TypeUrl, names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const client = mesh.connect('delta');
  client.subscribe(type, names);
  const response = await client.next();
  client.close();
  return versions(response);
}

/** Opens a stream that says what its client holds. */
function again(mesh: Mesh, type: TypeUrl, names: readonly string[], held: Readonly<Record<string, string>>): AdsClient {
  const client = mesh.connect('delta');
  client.request(type, { resourceNamesSubscribe: [...names], initialResourceVersions: { ...held } });
  return client;
}

describe('a client of the delta dialect that comes back', () => {
  it('is not sent what it holds', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, clusterType, []);
    assert.deepEqual(await again(mesh, clusterType, [], held).texts(), ['cds:']);
  });

  it('is sent what has changed meanwhile, and what is new', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, endpointType, ['*']);
    mesh.apply(service('a', '10.0.0.7'), service('c'));
    assert.deepEqual(await again(mesh, endpointType, ['*'], held).texts(), ['eds: a c']);
  });

  it('is told what is gone meanwhile, once it has what is new', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, clusterType, []);
    mesh.replace([service('a')], [service('c')]);
    const client = again(mesh, clusterType, [], held);
    const news = await client.next();
    await client.heard();
    client.ack(news);
    assert.deepEqual([text(news), ...(await client.texts())], ['cds: c', 'cds: -a']);
  });

  it('is told so of names as well', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, endpointType, [a, b]);
    mesh.replace([service('a')], []);
    const client = again(mesh, endpointType, [a, b], held);
    const news = await client.next();
    client.ack(news);
    assert.deepEqual([text(news), ...(await client.texts())], ['eds:', 'eds: -a']);
  });

  it('is sent what it asks for and does not hold', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, endpointType, [a]);
    assert.deepEqual(await again(mesh, endpointType, [a, b], held).texts(), ['eds: b']);
  });

  it('is told nothing of what it holds and does not ask for', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, endpointType, [a, b]);
    const client = again(mesh, endpointType, [a], { ...held, 'no-such-cluster': '1' });
    const news = await client.next();
    client.ack(news);
    assert.deepEqual([text(news), ...(await client.texts())], ['eds:']);
  });

  it('is sent what it holds at a version of another control plane', async (test) => {
    const mesh = await serveMesh(test, objects);
    assert.deepEqual(await again(mesh, endpointType, [a], { [a]: 'of another' }).texts(), ['eds: a']);
  });

  it('is not sent what it holds by another control plane of the same mesh', async (test) => {
    const held = await once(await serveMesh(test, objects), clusterType, []);
    assert.deepEqual(await again(await serveMesh(test, objects), clusterType, [], held).texts(), ['cds:']);
  });

  it('is sent the endpoints of clusters that it is sent, though it holds them', async (test) => {
    const mesh = await serveMesh(test, objects);
    const [clusters, assignments] = [await once(mesh, clusterType, []), await once(mesh, endpointType, [a, b])];
    mesh.apply(limit('a', 7));
    const client = again(mesh, clusterType, [], clusters);
    const news = await client.next();
    client.request(endpointType, { resourceNamesSubscribe: [a, b], initialResourceVersions: assignments });
    assert.deepEqual([text(news), ...(await client.texts())], ['cds: a', 'eds: a']);
  });

  it('is sent them even if it asks for both at once', async (test) => {
    const mesh = await serveMesh(test, objects);
    const [clusters, assignments] = [await once(mesh, clusterType, []), await once(mesh, endpointType, [a, b])];
    mesh.apply(limit('a', 7));
    const client = again(mesh, clusterType, [], clusters);
    client.request(endpointType, { resourceNamesSubscribe: [a, b], initialResourceVersions: assignments });
    assert.deepEqual(await client.texts(), ['cds: a', 'eds: a']);
  });

  it('is sent a name that it gave up and asked for again before the first answer', async (test) => {
    const mesh = await serveMesh(test, objects);
    const held = await once(mesh, routeType, ['80']);
    const client = again(mesh, clusterType, [], {});
    const clusters = await client.next();
    // Routes wait for the acknowledgement of the clusters.
    client.request(routeType, { resourceNamesSubscribe: ['80'], initialResourceVersions: held });
    client.request(routeType, { resourceNamesUnsubscribe: ['80'] });
    client.request(routeType, { resourceNamesSubscribe: ['80'] });
    await client.heard();
    client.ack(clusters);
    assert.deepEqual(await client.texts(), ['rds: 80']);
  });
});

describe('a client of the state-of-the-world dialect that comes back', () => {
  it('is sent all that it asks for', async (test) => {
    const mesh = await serveMesh(test, objects);
    const before = mesh.connect('sotw');
    before.subscribe(clusterType, []);
    const { version } = await before.next();
    before.close();
    const client = mesh.connect('sotw');
    client.request(clusterType, { versionInfo: version });
    assert.deepEqual(await client.texts(), ['cds: a b']);
  });

  it('and starts afresh on the same stream, with a request that answers nothing, is sent all', async (test) => {
    const client = (await serveMesh(test, objects)).connect('sotw');
    client.subscribe(endpointType, [a, b]);
    client.ack(await client.next(), [a, b]);
    client.subscribe(endpointType, [a, b]);
    assert.deepEqual(await client.texts(), ['eds: a b']);
  });
});

for (const dialect of dialects)
  it(`nothing is kept for clients of the ${dialect} dialect that are gone`, async (test) => {
    const mesh = await serveMesh(test, objects);
    const cells = mesh.controlPlane.graph.size;
    for (let i = 0; i < 3; i++) {
      const client = mesh.connect(dialect);
      client.subscribe(clusterType, []);
      client.ack(await client.next());
      client.subscribe(listenerType, []);
      client.ack(await client.next());
      client.subscribe(routeType, ['80']);
      client.ack(await client.next(), ['80']);
      await client.heard();
      client.close();
      await mesh.left();
    }
    mesh.controlPlane.commit();
    assert.deepEqual(
      [mesh.ads.connections(), mesh.controlPlane.views.size, mesh.controlPlane.graph.size, mesh.clock.pending],
      [[], 0, cells, 0],
    );
  });
