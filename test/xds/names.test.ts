/**
 * Names that agents answer for: Istio's agents ask for nothing in particular, in either dialect, and take the first resource
 * of a response for all that there is; agents of ours ask for single names and hear of those that change.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typeNameOf } from '../../src/lib/type-name.ts';
import { messageJson } from '../../src/resource/json.ts';
import { nameTableType, nameType } from '../../src/resource/types.ts';
import { type Mesh, serveMesh } from './support/mesh.ts';
import { dialects, type Response } from './support/response.ts';

const service = (name: string, clusterIP: string) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {clusterIP: ${clusterIP}, ports: [{name: http, port: 80}]}
`;

const slice = (name: string, ...addresses: readonly string[]) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
${addresses.map((address) => `- {addresses: [${address}], conditions: {ready: true}}`).join('\n')}
`;

const [a, b] = [service('a', '10.1.0.1'), service('b', '10.1.0.2')];

const host = (name: string) => `${name}.shop.svc.cluster.local`;

/** As the agent of a pod with ISTIO_META_DNS_CAPTURE introduces itself. */
const node = {
  id: 'sidecar~10.0.0.9~web.shop~shop.svc.cluster.local',
  metadata: { NAMESPACE: 'shop', DNS_CAPTURE: 'true' },
};

/** `a=10.1.0.1`: each name in a response with its addresses; names that are gone with a minus. */
function told({ resources, removed }: Response): readonly string[] {
  const tables = resources.map(({ type, value }) => messageJson(typeNameOf(type), value) as { table?: Table });
  const entries = tables.flatMap(({ table = {} }) => Object.entries(table));
  return [...entries.map(([name, { ips }]) => `${name}=${ips}`), ...removed.map((name) => `-${name}`)].sort();
}

interface Table {
  readonly [host: string]: { readonly ips: readonly string[] };
}

for (const dialect of dialects) {
  describe(`an agent of Istio, in the ${dialect} dialect,`, () => {
    const open = async (mesh: Mesh) => {
      const client = mesh.connect(dialect, { node });
      client.request(nameTableType);
      const first = await client.next();
      client.ack(first);
      return { client, first };
    };

    it('is told the whole table in one resource without a name', async (test) => {
      const { first } = await open(await serveMesh(test, [a, b]));
      assert.deepEqual(
        first.resources.map(({ name, type }) => [name, type]),
        [['', nameTableType]],
      );
      assert.deepEqual(told(first), [`${host('a')}=10.1.0.1`, `${host('b')}=10.1.0.2`]);
    });

    it('is told the whole table again when a name comes, changes or goes', async (test) => {
      const mesh = await serveMesh(test, [a]);
      const { client } = await open(mesh);
      const tables: (readonly string[])[] = [];
      for (const [removed, added] of [
        [[], [b]],
        [[], [service('b', '10.1.0.3')]],
        [[a], []],
        [[b], []],
      ] as const) {
        mesh.replace(removed, added);
        const response = await client.next();
        assert.deepEqual([response.resources.length, response.removed], [1, []]);
        tables.push(told(response));
        client.ack(response);
      }
      assert.deepEqual(tables, [
        [`${host('a')}=10.1.0.1`, `${host('b')}=10.1.0.2`],
        [`${host('a')}=10.1.0.1`, `${host('b')}=10.1.0.3`],
        [`${host('b')}=10.1.0.3`],
        [],
      ]);
    });

    it('is told of endpoints where the service is headless, and of no others', async (test) => {
      const mesh = await serveMesh(test, [a, service('c', 'None'), slice('a', '10.0.0.1'), slice('c', '10.0.0.2')]);
      const { client, first } = await open(mesh);
      assert.deepEqual(told(first), [`${host('a')}=10.1.0.1`, `${host('c')}=10.0.0.2`]);
      mesh.apply(slice('a', '10.0.0.1', '10.0.0.3'));
      await client.heard();
      mesh.apply(slice('c', '10.0.0.2', '10.0.0.4'));
      assert.deepEqual(told(await client.next()), [`${host('a')}=10.1.0.1`, `${host('c')}=10.0.0.2,10.0.0.4`]);
    });
  });

  describe(`who asks for names one by one, in the ${dialect} dialect,`, () => {
    it('is told all of them first', async (test) => {
      const client = (await serveMesh(test, [a, b])).connect(dialect, { node });
      client.subscribe(nameType, ['*']);
      assert.deepEqual(told(await client.next()), [`${host('a')}=10.1.0.1`, `${host('b')}=10.1.0.2`]);
    });
  });
}

describe('an agent of ours', () => {
  it('is told what changes and what goes, and nothing else', async (test) => {
    const mesh = await serveMesh(test, [a, b]);
    const client = mesh.connect('delta', { node });
    client.subscribe(nameType, ['*']);
    const heard: (readonly string[])[] = [];
    const hear = async () => {
      const response = await client.next();
      heard.push(told(response));
      client.ack(response);
    };
    await hear();
    mesh.apply(service('b', '10.1.0.3'));
    await hear();
    mesh.replace([a], []);
    await hear();
    assert.deepEqual(heard.slice(1), [[`${host('b')}=10.1.0.3`], [`-${host('a')}`]]);
  });

  it('that comes back is told what it does not have, and what is gone', async (test) => {
    const mesh = await serveMesh(test, [a, b]);
    const before = mesh.connect('delta', { node });
    before.subscribe(nameType, ['*']);
    const { resources } = await before.next();
    const versions = Object.fromEntries(resources.map(({ name, version }) => [name, version]));
    mesh.replace([a], [service('c', '10.1.0.4')]);
    const after = mesh.connect('delta', { node });
    after.request(nameType, { resourceNamesSubscribe: ['*'], initialResourceVersions: versions });
    const first = await after.next();
    after.ack(first);
    assert.deepEqual(told(first), [`${host('c')}=10.1.0.4`]);
    assert.deepEqual(told(await after.next()), [`-${host('a')}`]);
  });

  it('of a pod whose questions go elsewhere is told no names', async (test) => {
    const client = (await serveMesh(test, [a])).connect('delta');
    client.subscribe(nameType, ['*']);
    assert.deepEqual(told(await client.next()), []);
  });
});
