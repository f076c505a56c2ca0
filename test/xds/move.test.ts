import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, routeType } from '../../src/resource/types.ts';
import { sidecarNode } from './support/ads-client.ts';
import { serveMesh } from './support/mesh.ts';
import { endpoints, limit, service, sidecar } from './support/objects.ts';
import { dialects, longName, text } from './support/response.ts';

const objects = ['a', 'b', 'c'].map((name) => service(name));
const names = ['a', 'b', 'c'].map(longName);

/** A service that pods with some label serve, which changes what they hold and nobody else. */
const ownService = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  clusterIP: 10.96.0.200
  selector: { app: web }
  ports: [{ name: tcp, port: 9000 }]
`;

for (const dialect of dialects)
  describe(`a proxy of the ${dialect} dialect that the mesh sees differently`, () => {
    it('is sent what is new for it, and then told what is gone', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a', 'b')]);
      const client = mesh.connect(dialect);
      client.subscribe(clusterType, []);
      const before = await client.next();
      client.ack(before);
      await client.heard();
      mesh.replace([sidecar('a', 'b')], [sidecar('b', 'c')]);
      const news = await client.next();
      client.ack(news);
      assert.deepEqual(
        [text(before), text(news), ...(await client.texts())],
        dialect === 'delta' ? ['cds: a b', 'cds: c', 'cds: -a'] : ['cds: a b', 'cds: a b c', 'cds: b c'],
      );
    });

    it('is sent nothing when what it sees is the same', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, names);
      client.ack(await client.next(), names);
      await client.heard();
      mesh.apply(sidecar('a', 'b', 'c'));
      await client.heard();
    });

    it('is sent of the names that it asks for those that differ', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a')]);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, names);
      client.ack(await client.next(), names);
      await client.heard();
      mesh.replace([sidecar('a')], [sidecar('a', 'b')]);
      assert.deepEqual(await client.texts(), ['eds: b']);
    });

    it('is sent what changes in the same commit', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a', 'b')]);
      const client = mesh.connect(dialect);
      client.subscribe(clusterType, []);
      client.ack(await client.next());
      await client.heard();
      mesh.replace([sidecar('a', 'b')], [sidecar('b', 'c'), limit('b', 7)]);
      assert.deepEqual(await client.texts(), [dialect === 'delta' ? 'cds: b c' : 'cds: a b c']);
    });

    it('is sent what changed before and was not sent yet', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a', 'b')]);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, names);
      const first = await client.next();
      mesh.apply(endpoints('b', '10.0.0.7'));
      mesh.replace([sidecar('a', 'b')], [sidecar('b', 'c')]);
      await client.heard();
      client.ack(first, names);
      assert.deepEqual(await client.texts(), ['eds: b c']);
    });

    it('follows its new place from then on, and the old one no longer', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a')]);
      const client = mesh.connect(dialect);
      client.subscribe(endpointType, names);
      client.ack(await client.next(), names);
      await client.heard();
      mesh.replace([sidecar('a')], [sidecar('b')]);
      client.ack(await client.next(), names);
      const gone = (await client.received()).map((response) => {
        client.ack(response, names);
        return text(response);
      });
      mesh.apply(endpoints('a', '10.0.0.7'), endpoints('b', '10.0.0.7'));
      assert.deepEqual([...gone, ...(await client.texts())], [...(dialect === 'delta' ? ['eds: -a'] : []), 'eds: b']);
    });

    it('keeps its routes where these do not depend on what it serves', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, { node: sidecarNode('web') });
      client.subscribe(clusterType, []);
      client.ack(await client.next());
      client.subscribe(routeType, ['80']);
      client.ack(await client.next(), ['80']);
      await client.heard();
      mesh.apply(ownService);
      const news = await client.received();
      assert.deepEqual(
        news.map(({ type }) => type),
        [clusterType],
      );
    });

    it('shares its responses with those that move along', async (test) => {
      const mesh = await serveMesh(test, [...objects, sidecar('a', 'b')]);
      const clients = ['web-1', 'web-2'].map((pod) => mesh.connect(dialect, { pod }));
      for (const client of clients) {
        client.subscribe(clusterType, []);
        client.ack(await client.next());
        await client.heard();
      }
      mesh.replace([sidecar('a', 'b')], [sidecar('b', 'c')]);
      const [one, other] = await Promise.all(clients.map((client) => client.next()));
      assert.equal(one?.nonce, other?.nonce);
    });
  });
