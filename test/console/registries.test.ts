/** What pages, metrics and `fairway registries` tell of registries, over HTTP. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type MemoryCatalog, memoryCatalog } from '../support/memory-catalog.ts';
import { memorySource } from '../support/memory-source.ts';
import { runFairway } from '../support/run-fairway.ts';
import { type ServedMesh, serveMesh } from '../support/served-mesh.ts';

/** A mesh with nothing in its config cluster and a service in Consul. */
async function serveConsul(test: TestContext): Promise<{ readonly mesh: ServedMesh; readonly consul: MemoryCatalog }> {
  const consul = memoryCatalog();
  const mesh = await serveMesh(test, { catalogs: [consul] });
  consul.say({ web: 'abcd' });
  consul.sink.synced();
  mesh.source.sync();
  await mesh.started;
  return { mesh, consul };
}

const cluster = {
  ...{ name: 'kubernetes/c1', platform: 'Kubernetes', isSynced: true, state: 'live', services: 0, endpoints: 0 },
};
const away = (sinceMs: number) => ({ state: 'stale', sinceMs, reason: 'no leader' }) as const;

describe('a registry', () => {
  it('is told of as a whole at /debug/registries, with instances that are held', async (test) => {
    const { mesh, consul } = await serveConsul(test);
    const sinceMs = Date.now() - 1000;
    consul.sink.freshness(away(sinceMs));
    consul.say({ web: 'a' });
    assert.deepEqual(await mesh.json('/debug/registries'), [
      {
        ...{ name: 'consul/dc1', platform: 'Consul', isSynced: true, state: 'stale' },
        ...{ since: new Date(sinceMs).toISOString(), reason: 'no leader', services: 1, endpoints: 4, held: 3 },
      },
      cluster,
    ]);
    const since = `stale consul/dc1 since ${new Date(sinceMs).toISOString()}: no leader`;
    const held = 'holding 3 instances that consul/dc1 does not name any more';
    assert.equal(await (await mesh.get('/ready')).text(), `ready\n${since}\n${held}\n`);
    const metrics = await (await mesh.get('/metrics')).text();
    assert.match(metrics, /^fairway_held_endpoints\{registry="consul\/dc1"\} 3$/m);
  });

  it('is named by each of its services at /debug/registryz, with how it can be seen', async (test) => {
    const { mesh, consul } = await serveConsul(test);
    consul.sink.freshness(away(Date.UTC(2026, 0, 2)));
    const [service] = (await mesh.json('/debug/registryz')) as { readonly [field: string]: unknown }[];
    assert.deepEqual(
      [service?.registry, service?.freshness, service?.Attributes],
      [
        'consul/dc1',
        { state: 'lost', since: '2026-01-02T00:00:00.000Z', reason: 'no leader' },
        {
          ...{ ServiceRegistry: 'Consul', Name: 'web', Namespace: 'default', Labels: {} },
          ...{ ExportTo: null, LabelSelectors: null },
        },
      ],
    );
    const shards = (await mesh.json('/debug/endpointShardz')) as {
      readonly [host: string]: { readonly [namespace: string]: { readonly Shards: object } };
    };
    assert.deepEqual(Object.keys(shards['web.service.consul']?.default?.Shards ?? {}), ['Consul/dc1']);
  });
});

it('files are a registry of their own beside the cluster for which they speak', async (test) => {
  const files = memorySource('files');
  const mesh = await serveMesh(test, { sources: [files] });
  const service = (name: string) => `{ apiVersion: v1, kind: Service, metadata: { name: ${name}, namespace: shop } }`;
  const entry =
    '{ apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: { name: e, namespace: shop }, spec: { hosts: [e.com], ports: [{ number: 80, name: http }], resolution: DNS } }';
  files.apply(`${service('web')}\n---\n${entry}`);
  files.sync();
  mesh.source.sync();
  await mesh.started;
  const sinceMs = Date.now() - 1000;
  files.sink.freshness({ state: 'stale', sinceMs, reason: 'mesh cannot be read' });
  const isAway = { state: 'stale', since: new Date(sinceMs).toISOString(), reason: 'mesh cannot be read' };
  const services = (await mesh.json('/debug/registryz')) as { readonly [field: string]: unknown }[];
  assert.deepEqual(
    services.map(({ registry, freshness }) => [registry, freshness]),
    [
      ['service-entry', isAway],
      ['files', isAway],
    ],
  );
  const registries = (await mesh.json('/debug/registries')) as { readonly [field: string]: unknown }[];
  assert.deepEqual(
    registries.map(({ name, platform, state, services }) => [name, platform, state, services]),
    [
      ['files', 'files', 'stale', 1],
      ['kubernetes/c1', 'Kubernetes', 'live', 0],
      ['service-entry', 'External', 'stale', 1],
    ],
  );
});

describe('fairway registries', () => {
  const run = (port: number, ...args: readonly string[]) =>
    runFairway('.', ['registries', '--server', `http://127.0.0.1:${port}`, ...args]);

  it('prints a table, and says by its exit code that all are seen', async (test) => {
    const { mesh } = await serveConsul(test);
    assert.deepEqual(await run(mesh.httpPort), {
      exitCode: 0,
      stdout: [
        'NAME           STATE  SINCE  SERVICES  ENDPOINTS  HELD  REASON',
        'consul/dc1     live   -      1         4          0',
        'kubernetes/c1  live   -      0         0          -',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('says by its exit code that one cannot be seen', async (test) => {
    const { mesh, consul } = await serveConsul(test);
    consul.sink.freshness(away(Date.UTC(2026, 0, 2)));
    const { exitCode, stdout } = await run(mesh.httpPort);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^consul\/dc1 +lost +2026-01-02T00:00:00.000Z +1 +4 +0 +no leader$/m);
    const json = await run(mesh.httpPort, '--output', 'json');
    assert.equal(json.exitCode, 1);
    assert.deepEqual(JSON.parse(json.stdout), await mesh.json('/debug/registries'));
  });

  it('says that there is no answer', async () => {
    const { exitCode, stdout, stderr } = await run(1);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, /^error: expected a Fairway at http:\/\/127\.0\.0\.1:1, found /);
  });
});
