/** What pages and metrics show of names that agents answer for, and of the agents that ask for them. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { clusterType, nameTableType, nameType, type TypeUrl } from '../../src/resource/types.ts';
import { connectProxy } from '../support/asking-proxy.ts';
import { type ServedMesh, serveMesh } from '../support/served-mesh.ts';

const service = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
`;
const host = 'reviews.shop.svc.cluster.local';
const table = { [host]: { ips: ['10.0.0.1'], registry: 'Kubernetes', shortname: 'reviews', namespace: 'shop' } };

interface Dump {
  readonly [type: TypeUrl]: readonly { readonly name: string; readonly resource: object }[];
}

/** Streams of one pod, each of which asks for all of some types. */
async function serve(test: TestContext, ...streams: readonly (readonly TypeUrl[])[]): Promise<ServedMesh> {
  const mesh = await serveMesh(test);
  mesh.source.apply(service);
  mesh.source.sync();
  const { xdsAddress } = await mesh.started;
  for (const types of streams)
    await connectProxy(test, {
      id: 'sidecar~10.1.0.1~web-1.shop~shop.svc.cluster.local',
      metadata: { NAMESPACE: 'shop', DNS_CAPTURE: 'true' },
      subscriptions: Object.fromEntries(types.map((type) => [type, []])),
      port: xdsAddress.port,
    });
  return mesh;
}

describe('of a pod whose agent asks for names on a stream of its own', () => {
  const ours = (test: TestContext) => serve(test, [clusterType], [nameType]);

  it('/debug/syncz shows one proxy with both', async (test) => {
    const rows = (await (await ours(test)).json('/debug/syncz')) as readonly {
      readonly proxy: string;
      readonly cluster_sent: string;
      readonly resources: { readonly [type: TypeUrl]: { readonly status: string; readonly subscribed: unknown } };
    }[];
    const [row] = rows;
    assert.deepEqual([rows.length, row?.proxy, row?.cluster_sent === ''], [1, 'web-1.shop', false]);
    assert.deepEqual(
      [clusterType, nameType].map((type) => [row?.resources[type]?.status, row?.resources[type]?.subscribed]),
      [
        ['SYNCED', 'all'],
        ['SYNCED', 'all'],
      ],
    );
  });

  it('/debug/config_dump is of the Envoy, and has names when they are asked for', async (test) => {
    const mesh = await ours(test);
    const page = '/debug/config_dump?proxyID=web-1.shop';
    const { configs } = (await mesh.json(page)) as { readonly configs: readonly { readonly versionInfo?: string }[] };
    assert.notEqual(configs[0]?.versionInfo, '');
    const { [nameType]: names } = (await mesh.json(`${page}&types=names`)) as Dump;
    assert.deepEqual(
      names?.map(({ name, resource }) => [name, resource]),
      [[host, { '@type': nameType, table }]],
    );
  });

  it('/debug/originz names the object behind a name', async (test) => {
    const { nds, names } = (await (await ours(test)).json('/debug/originz?proxyID=web-1.shop')) as {
      readonly nds?: unknown;
      readonly names: readonly { readonly name: string; readonly from: readonly string[] }[];
    };
    assert.deepEqual(
      [nds, names.map(({ name, from }) => [name, from])],
      [undefined, [[host, ['Service/shop/reviews (test.yaml:1)']]]],
    );
  });

  it('/metrics counts one proxy, and responses of each type', async (test) => {
    const text = await (await (await ours(test)).get('/metrics')).text();
    for (const line of [
      /^pilot_xds\{.*\} 1$/m,
      /^pilot_xds_pushes\{type="cds"\} 1$/m,
      /^pilot_xds_pushes\{type="names"\} 1$/m,
    ])
      assert.match(text, line);
  });
});

describe('of a pod of Istio', () => {
  const istio = (test: TestContext) => serve(test, [clusterType, nameTableType]);

  it('/debug/config_dump has the table when it is asked for', async (test) => {
    const page = '/debug/config_dump?proxyID=web-1.shop&types=nds';
    const { [nameTableType]: nds } = (await (await istio(test)).json(page)) as Dump;
    assert.deepEqual(
      nds?.map(({ name, resource }) => [name, resource]),
      [['', { '@type': nameTableType, table }]],
    );
  });

  it('/debug/originz names the objects behind each name of the table', async (test) => {
    const { nds, names } = (await (await istio(test)).json('/debug/originz?proxyID=web-1.shop')) as {
      readonly nds: readonly { readonly names: unknown }[];
      readonly names?: unknown;
    };
    assert.deepEqual(
      [names, nds.map((one) => one.names)],
      [undefined, [[{ name: host, from: ['Service/shop/reviews (test.yaml:1)'] }]]],
    );
  });
});

it('an agent whose Envoy is not connected stands for itself', async (test) => {
  const rows = (await (await serve(test, [nameType])).json('/debug/syncz')) as readonly { readonly proxy: string }[];
  assert.deepEqual(
    rows.map(({ proxy }) => proxy),
    ['web-1.shop'],
  );
});
