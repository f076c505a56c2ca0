import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, listenerType, routeType, type TypeUrl } from '../../src/resource/types.ts';
import type { AdsClient } from './support/ads-client.ts';
import { type Mesh, serveMesh } from './support/mesh.ts';
import { endpoints, limit, route, service } from './support/objects.ts';
import { dialects, longName, type Response, text } from './support/response.ts';

const objects = [service('a'), service('b')];
const names = ['a', 'b', 'c'].map(longName);

/** What a proxy asks for. */
const wanted: readonly (readonly [TypeUrl, readonly string[]])[] = [
  [clusterType, []],
  [endpointType, names],
  [listenerType, []],
  [routeType, ['80']],
];

const ackOf = (client: AdsClient, response: Response) =>
  client.ack(response, wanted.find(([type]) => type === response.type)?.[1]);

/** A proxy that has everything and has acknowledged it. */
async function proxy(mesh: Mesh, dialect: 'delta' | 'sotw'): Promise<AdsClient> {
  const client = mesh.connect(dialect);
  for (const [type, asked] of wanted) {
    client.subscribe(type, asked);
    ackOf(client, await client.next());
  }
  await client.heard();
  return client;
}

/** Acknowledges one by one what comes until nothing comes any more; yields all of it. */
async function settled(client: AdsClient): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let news = await client.received(); news.length > 0; news = await client.received())
    for (const response of news) {
      seen.push(text(response));
      ackOf(client, response);
    }
  return seen;
}

for (const dialect of dialects) {
  const whole = (type: string, ...sent: readonly string[]) => `${type}: ${sent.join(' ')}`;
  /** What a response says of what is gone: delta names it, the other dialect lists what is left or says nothing. */
  const gone = (type: string, delta: string, left?: string) =>
    dialect === 'delta' ? [`${type}: ${delta}`] : left === undefined ? [] : [`${type}: ${left}`];
  /** All clusters are listed in the state-of-the-world dialect. */
  const clusters = (changed: string, all: string) => whole('cds', dialect === 'delta' ? changed : all);

  describe(`in the ${dialect} dialect`, () => {
    it('a new service comes as cluster, endpoints, and, once those are acknowledged, routes', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.apply(service('c'));
      const stages: string[][] = [];
      for (let news = await client.received(); news.length > 0; news = await client.received()) {
        stages.push(news.map(text));
        for (const response of news) ackOf(client, response);
      }
      assert.deepEqual(stages, [[clusters('c', 'a b c'), 'eds: c'], ['rds: 80']]);
    });

    it('routes wait for the cluster that is not acknowledged, for a second', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.apply(service('c'));
      const first = await client.texts();
      mesh.clock.advance(999);
      await client.heard();
      mesh.clock.advance(1);
      assert.deepEqual([first, await client.texts()], [[clusters('c', 'a b c'), 'eds: c'], ['rds: 80']]);
    });

    it('routes do not wait when no cluster has changed', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.apply(route('a', 'b'));
      assert.deepEqual(await client.texts(), ['rds: 80']);
    });

    it('routes do not wait for endpoints that only change', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.apply(endpoints('a', '10.0.0.7'));
      mesh.apply(route('a', 'b'));
      assert.deepEqual(await client.texts(), ['eds: a', 'rds: 80']);
    });

    it('endpoints follow their cluster even if they are the same', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.apply(limit('a', 7));
      assert.deepEqual(await client.texts(), [clusters('a', 'a b'), 'eds: a']);
    });

    it('a service that goes is taken out of the routes first, then its cluster and its endpoints go', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('b')], []);
      assert.deepEqual(await settled(client), ['rds: 80', ...gone('cds', '-b', 'a'), ...gone('eds', '-b')]);
    });

    it('a service that takes the place of another comes before that goes', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('b')], [service('c')]);
      assert.deepEqual(await settled(client), [
        // What is missing from a list would be gone.
        clusters('c', 'a b c'),
        'eds: c',
        'rds: 80',
        ...gone('cds', '-b', 'a c'),
        ...gone('eds', '-b'),
      ]);
    });

    it('a service that comes back before it was removed is not removed', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('b')], []);
      const routes = await client.next();
      mesh.apply(service('b', '10.0.0.7'));
      const back = await client.received();
      for (const response of [routes, ...back]) ackOf(client, response);
      assert.deepEqual(
        [text(routes), ...back.map(text), ...(await settled(client))],
        ['rds: 80', clusters('b', 'a b'), 'eds: b', 'rds: 80'],
      );
    });

    it('the last service takes its listener with it, and the listener goes before cluster and endpoints', async (test) => {
      const mesh = await serveMesh(test, [service('a')]);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('a')], []);
      const stages: string[][] = [];
      for (let news = await client.received(); news.length > 0; news = await client.received()) {
        stages.push(news.map(text));
        for (const response of news) ackOf(client, response);
      }
      assert.deepEqual(stages, [
        ['rds: 80'],
        dialect === 'delta' ? ['lds: -0.0.0.0_80'] : ['lds:'],
        dialect === 'delta' ? ['cds: -a', 'eds: -a'] : ['cds:'],
      ]);
    });

    it('a proxy that never answers gets everything all the same', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('b')], [service('c')]);
      const seen: string[] = [];
      for (let i = 0; i < 6; i++) {
        seen.push(...(await client.texts()));
        mesh.clock.advance(1000);
      }
      assert.deepEqual(seen, [
        clusters('c', 'a b c'),
        'eds: c',
        'rds: 80',
        ...gone('cds', '-b', 'a c'),
        ...gone('eds', '-b'),
      ]);
    });

    it('removals have their turn though there is always something new', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = await proxy(mesh, dialect);
      mesh.replace([service('b')], []);
      const seen: string[] = [];
      // Each answer finds the next change waiting.
      for (let i = 0; i < 20; i++) {
        const news = await client.received();
        seen.push(...news.map(text));
        mesh.apply(endpoints('a', `10.0.1.${i}`), route('a', i % 2 === 0 ? 'a' : 'c'));
        mesh.clock.advance(200);
        for (const response of news) ackOf(client, response);
      }
      const removal = seen.indexOf(dialect === 'delta' ? 'cds: -b' : 'cds: a');
      assert.ok(removal > 0, `expected the removal of a cluster among ${seen.join(', ')}`);
    });
  });
}
