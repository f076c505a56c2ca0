/** `fairway serve --state-dir` as people run it: killed while it writes, and started again while the cluster is away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { endpointType } from '../../src/resource/types.ts';
import { connectProxy } from '../support/asking-proxy.ts';
import { fairwayProgram } from '../support/run-fairway.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Fairway, follow } from '../up/support/fairway.ts';

/** So many services, of so many characters each, that writing them takes a while. */
const count = 1500;
const padding = 'x'.repeat(4000);

const metadata = (name: string, version: number, labels = {}) => ({
  ...{ name, namespace: 'shop', uid: name, resourceVersion: String(version), labels },
});
const service = (i: number, version: number) => ({
  ...{ apiVersion: 'v1', kind: 'Service' },
  metadata: { ...metadata(`s${i}`, version), annotations: { padding, version: String(version) } },
  spec: { clusterIP: `10.0.${i >> 8}.${i & 255}`, ports: [{ name: 'http', port: 80 }] },
});
const slice = {
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: metadata('s0-a', 1, { 'kubernetes.io/service-name': 's0' }),
  ports: [{ name: 'http', port: 8080 }],
  endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
};

interface StandIn {
  readonly server: Server;
  readonly url: string;
  /** All services change. */
  churn(): void;
}

/** As much of an API server as it takes: services, one slice, and no object of any other kind. */
async function startStandIn(test: TestContext): Promise<StandIn> {
  let version = 10;
  const watches = new Set<ServerResponse>();
  const services = () => Array.from({ length: count }, (_, i) => service(i, version));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    const isServices = pathname === '/api/v1/services';
    if (searchParams.has('watch')) {
      response.writeHead(200).flushHeaders();
      if (isServices) watches.add(response);
      return;
    }
    const items = isServices ? services() : pathname.endsWith('/endpointslices') ? [slice] : [];
    response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => stop(server));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    churn() {
      version += 1;
      const lines = services().map((object) => `${JSON.stringify({ type: 'MODIFIED', object })}\n`);
      for (const watch of watches) watch.write(lines.join(''));
    },
  };
}

function stop(server: Server): void {
  server.closeAllConnections();
  server.close();
}

function serve(
  test: TestContext,
  folder: TempFolder,
  sources = ['--no-status', '--kubeconfig', 'kubeconfig'],
): Fairway {
  const ports = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
  const args = ['serve', ...ports, ...sources, '--state-dir', 'state'];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, ...args], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(test, child);
}

it('a control plane that was killed while it wrote serves what it knew, with the cluster away', async (test) => {
  const folder = tempFolder(test);
  const standIn = await startStandIn(test);
  folder.write(
    'kubeconfig',
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [{ name: 'c', cluster: { server: standIn.url } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  const file = folder.at(`state/sources/${encodeURIComponent('kubernetes/Kubernetes/services')}.jsonl`);
  const first = serve(test, folder);
  await first.untilSays(/serving xDS on/, 30_000);
  const isWhole = (path: string) => existsSync(path) && /\{"end":\d+\}\n$/.test(readFileSync(path, 'utf8'));
  await until(() => isWhole(file), { what: 'the first file', mostMs: 30_000 });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    await second(test, folder),
    `error: --state-dir: expected state to be the folder of this process alone, found that process ${first.pid}`,
  );

  standIn.churn();
  await until(() => existsSync(`${file}.new`), { what: 'the second file, begun', mostMs: 30_000 });
  first.signal('SIGKILL');
  assert.equal(await first.exit, 'SIGKILL');
  stop(standIn.server);
  assert.ok(isWhole(file), 'expected the file to be whole');

  const again = serve(test, folder);
  const [, port] = await again.untilSays(/serving xDS on 127\.0\.0\.1:(\d+), HTTP/, 30_000);
  const [, http] = await again.untilSays(/HTTP on http:\/\/(127\.0\.0\.1:\d+)/);
  const ready = await (await fetch(`http://${http}/ready`)).text();
  assert.match(ready, /^ready$/m);
  assert.match(ready, /^stale kubernetes\/Kubernetes\/services since 20/m);
  const registered = (await (await fetch(`http://${http}/debug/registryz`)).json()) as readonly unknown[];
  assert.equal(registered.length, count);
  assert.match(await (await fetch(`http://${http}/debug/endpointz`)).text(), /"10\.1\.0\.1"/);
  const proxy = await connectProxy(test, {
    port: Number(port),
    id: 'sidecar~10.1.0.1~x-1.shop~shop.svc.cluster.local',
    subscriptions: { [endpointType]: ['outbound|80||s0.shop.svc.cluster.local'] },
  });
  proxy.close();
  again.signal('SIGTERM');
  assert.equal(await again.exit, 0);
  assert.equal(existsSync(folder.at('state/lock')), false);
  assert.ok(isWhole(file));
});

it('a control plane that starts while its files are away serves what they said, and what they say when they are back', async (test) => {
  const folder = tempFolder(test);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: metadata('key', 1), data: { key: 'c2VjcmV0' } };
  const text = [service(0, 1), slice, secret].map((object) => JSON.stringify(object)).join('\n---\n');
  folder.write('mesh/services.yaml', `${text}\n`);
  const first = serve(test, folder, ['--config', 'mesh']);
  await first.untilSays(/serving xDS on/, 30_000);
  first.signal('SIGTERM');
  assert.equal(await first.exit, 0);
  assert.doesNotMatch(folder.read('state/sources/files.jsonl'), /c2VjcmV0/);

  folder.rename('mesh', 'away');
  const again = serve(test, folder, ['--config', 'mesh']);
  const [, http] = await again.untilSays(/serving xDS on .*, HTTP on http:\/\/(127\.0\.0\.1:\d+)/, 30_000);
  const page = async (path: string) => (await fetch(`http://${http}${path}`)).text();
  assert.match(await page('/ready'), /^ready\nstale files since 20.*: mesh cannot be read\n$/);
  assert.match(await page('/debug/endpointz'), /"10\.1\.0\.1"/);
  folder.write('away/services.yaml', `${text.replace('10.1.0.1', '10.1.0.2')}\n`);
  folder.rename('away', 'mesh');
  await until(async () => (await page('/ready')) === 'ready\n', { what: 'the files to be seen', mostMs: 20_000 });
  const endpoints = await page('/debug/endpointz');
  assert.match(endpoints, /"10\.1\.0\.2"/);
  assert.doesNotMatch(endpoints, /"10\.1\.0\.1"/);
});

/** What a second process says that is given the same folder. */
async function second(test: TestContext, folder: TempFolder): Promise<string> {
  const fairway = serve(test, folder);
  assert.equal(await fairway.exit, 1);
  return fairway.stderr().split(' on ')[0] ?? '';
}
