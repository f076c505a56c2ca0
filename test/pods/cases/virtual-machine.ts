/** Run by test/pods/virtual-machine.test.ts: a machine without a kubelet is a workload of the mesh while it is there, and well. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import { rule, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';
import { startVirtualMachine, type VirtualMachine } from '../support/virtual-machine.ts';

const args = ['--http', '9080', '--greet', '3306'];
const url = 'http://stock:80/';
const entries = '/apis/networking.istio.io/v1/namespaces/shop/workloadentries';
const mostMs = 60_000;

interface Entry {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly address: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

describe('a virtual machine', () => {
  let mesh: PodMesh;
  let client: PodApplication;
  let machine: VirtualMachine;
  const cleanups: (() => unknown)[] = [];
  const folder = tempFolder({ after: (cleanup) => void cleanups.push(cleanup) });
  const start = (number: number) => {
    folder.makeFolder(String(number));
    return startVirtualMachine({
      ...{ folder: folder.at(String(number)), number, name: `stock-${number}`, group: 'stock', args },
      readinessProbe: { periodSeconds: 1, failureThreshold: 1, httpGet: { path: '/ready', port: 9080 } },
    });
  };
  const landing = async () => (await client.call({ url })).landing;
  const listed = async () => (await mesh.cluster.api<{ readonly items: readonly Entry[] }>('GET', entries)).items;
  const healthOf = async () =>
    (await listed()).map(({ status }) => status?.conditions?.find(({ type }) => type === 'Healthy')?.status);

  before(async () => {
    mesh = await startPodMesh();
    await mesh.apply(
      rule('WorkloadGroup', 'stock', {
        template: { labels: { app: 'stock' }, ports: { http: 9080 } },
        probe: { httpGet: { path: '/ready', port: 9080 } },
      }),
      rule('ServiceEntry', 'stock', {
        hosts: ['stock.shop.svc.cluster.local'],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 9080 }],
        workloadSelector: { labels: { app: 'stock' } },
      }),
      service('reviews', [
        { name: 'http', port: 9080 },
        { name: 'mysql', port: 3306 },
      ]),
      workload({ app: 'reviews', args }),
      workload({ app: 'client', args }),
    );
    await Promise.all([mesh.untilReady(1, 'reviews'), mesh.untilReady(1, 'client')]);
    client = mesh.application('client');
    assert.deepEqual(await listed(), []);
    machine = await start(0x6402);
  });
  after(async () => {
    await machine?.shutDown();
    await mesh?.stop();
    for (const cleanup of cleanups) await cleanup();
  });

  test('registers itself, and is called once it is well', async () => {
    await until(async () => (await landing()) === 'stock-25602', { what: 'calls of the machine', mostMs });
    const [entry, ...others] = await listed();
    assert.deepEqual(others, []);
    assert.equal(entry?.metadata.name, `stock-${machine.address}`);
    assert.equal(entry?.spec.labels?.app, 'stock');
    assert.deepEqual(await healthOf(), ['True']);
  });

  test('calls others by their names', async () => {
    await until(
      async () => (await machine.application.call({ url: 'http://reviews:9080/' })).landing === 'reviews-v1',
      {
        what: 'calls by the machine',
        mostMs,
      },
    );
    assert.equal(await machine.application.greet({ host: 'reviews.shop.svc.cluster.local', port: 3306 }), 'reviews-v1');
  });

  test('is left alone while it is not well', async () => {
    await machine.application.behave({ reply: { status: 500 } });
    await until(async () => (await healthOf())[0] === 'False', { what: 'a condition that says so', mostMs });
    await until(async () => (await landing()).startsWith('503 no healthy upstream'), { what: 'no calls', mostMs });
    await machine.application.forget();
    await until(async () => (await landing()) === 'stock-25602', { what: 'calls again', mostMs });
  });

  test('is gone a while after it has been shut down', async () => {
    await machine.shutDown();
    await until(async () => (await listed()).length === 0, { what: 'no entry', mostMs });
  });

  test('is gone a while after it has failed without a word', async () => {
    machine = await start(0x6403);
    await until(async () => (await landing()) === 'stock-25603', { what: 'calls of the next machine', mostMs });
    await machine.fail();
    await until(async () => (await listed()).length === 0, { what: 'no entry', mostMs: 2 * mostMs });
  });
});
