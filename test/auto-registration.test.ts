/** Workloads that register themselves where there is no API server: as streams come, go and tell how they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entryFolder } from '../src/auto-registration/entry-folder.ts';
import { type Log, silent } from '../src/lib/log.ts';
import { clusterType } from '../src/resource/types.ts';
import type { ConnectedProxy } from '../src/xds/ads-service.ts';
import { tempFolder } from './support/temp-folder.ts';
import { until } from './support/until.ts';
import type { AdsClient } from './xds/support/ads-client.ts';
import { type Mesh, serveMesh } from './xds/support/mesh.ts';

const healthType = 'type.googleapis.com/istio.v1.HealthInformation';

const group = (spec: string) => `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: vms, namespace: shop}
spec: ${spec}
`;
const services = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: stock, namespace: shop}
spec:
  hosts: [stock.shop.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  workloadSelector: {labels: {app: stock}}
---
apiVersion: v1
kind: Service
metadata: {name: stock, namespace: shop}
spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 80}], selector: {app: stock}}
`;
const plain = group('{template: {ports: {http: 8080}, labels: {app: stock}}}');
const probed = group('{template: {labels: {app: stock}}, probe: {tcpSocket: {port: 8080}}}');

function connectVm(mesh: Mesh, metadata: { readonly [name: string]: unknown } = {}): AdsClient {
  const client = mesh.connect('delta', {
    node: {
      id: 'sidecar~10.2.0.7~vm-1.shop~shop.svc.cluster.local',
      metadata: { NAMESPACE: 'shop', LABELS: { version: 'v1' }, AUTO_REGISTER_GROUP: 'vms', ...metadata },
    },
  });
  client.subscribe(clusterType, []);
  return client;
}

/** `address:port labels`: where a host is served, by both of its names. */
function endpointsIn({ controlPlane }: Mesh): readonly string[] {
  const { graph, mesh } = controlPlane;
  controlPlane.commit();
  return ['shop/stock.shop.example', 'shop/stock.shop.svc.cluster.local'].flatMap((host) =>
    graph
      .read(mesh.endpoints, host)
      .endpoints.map(({ address, ports, labels }) => `${address}:${ports.http} ${Object.values(labels).join(' ')}`),
  );
}
const served = (...lines: readonly string[]) => lines.flatMap((line) => [line, line]).sort();
async function settles(mesh: Mesh, expected: readonly string[]): Promise<void> {
  const found = () => [...endpointsIn(mesh)].sort();
  await until(() => JSON.stringify(found()) === JSON.stringify(expected), {
    what: `endpoints ${expected}`,
  }).catch(() => assert.deepEqual(found(), expected));
}
async function disconnects(mesh: Mesh, client: AdsClient): Promise<void> {
  const before = mesh.ads.connections().length;
  client.close();
  await until(() => mesh.ads.connections().length < before, { what: 'the end of a stream' });
  const isNoted = () => annotationsIn(mesh)['istio.io/disconnectedAt'] !== undefined;
  await until(() => mesh.ads.connections().length > 0 || isNoted(), { what: 'a note of the end' });
}

describe('a workload of a WorkloadGroup', () => {
  it('is an endpoint while it is connected and for ten seconds more', async (test) => {
    const mesh = await serveMesh(test, [services, plain]);
    const vm = connectVm(mesh);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    await disconnects(mesh, vm);
    mesh.clock.advance(9_999);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    mesh.clock.advance(1);
    await settles(mesh, []);
  });

  it('stays one when it comes back in time, as what it is then', async (test) => {
    const mesh = await serveMesh(test, [services, plain]);
    const vm = connectVm(mesh);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    await disconnects(mesh, vm);
    mesh.clock.advance(9_999);
    connectVm(mesh, { LABELS: { version: 'v2' } });
    await settles(mesh, served('10.2.0.7:8080 stock v2'));
    mesh.clock.advance(60_000);
    await settles(mesh, served('10.2.0.7:8080 stock v2'));
  });

  it('stays one as long as one of its streams does', async (test) => {
    const mesh = await serveMesh(test, [services, plain]);
    const [first, second] = [connectVm(mesh), connectVm(mesh)];
    await until(() => mesh.ads.connections().length === 2, { what: 'two streams' });
    await disconnects(mesh, first);
    mesh.clock.advance(60_000);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    await disconnects(mesh, second);
    mesh.clock.advance(10_000);
    await settles(mesh, []);
  });

  it('is one when its agent says that it is well, and only as long', async (test) => {
    const mesh = await serveMesh(test, [services, probed]);
    const vm = connectVm(mesh);
    await until(() => [...mesh.controlPlane.graph.rows(mesh.controlPlane.mesh.tables.workloads)].length === 1, {
      what: 'the entry',
    });
    assert.deepEqual(endpointsIn(mesh), []);
    const agent = connectVm(mesh);
    agent.request(healthType);
    await settles(mesh, served('10.2.0.7:80 stock v1'));
    agent.request(healthType, { errorDetail: { code: 500, message: 'no connection' } });
    await settles(mesh, []);
    assert.deepEqual(conditionIn(mesh), { status: 'False', reason: 'ProbeFailed', message: 'no connection' });
    agent.request(healthType);
    await settles(mesh, served('10.2.0.7:80 stock v1'));
    assert.ok(vm.isOpen && agent.isOpen);
  });

  it('is one after a restart before it has connected again, where there is a folder for that', async (test) => {
    const registration = { folder: entryFolder(tempFolder(test).path, silent) };
    const first = await serveMesh(test, [services, probed], { registration });
    const vm = connectVm(first);
    vm.request(healthType);
    await settles(first, served('10.2.0.7:80 stock v1'));
    await first.close(0);
    const second = await serveMesh(test, [services, probed], { registration });
    assert.deepEqual([...endpointsIn(second)].sort(), served('10.2.0.7:80 stock v1'));
    connectVm(second);
    await until(() => annotationsIn(second)['istio.io/connectedAt'] !== undefined, { what: 'the workload' });
    assert.deepEqual([...endpointsIn(second)].sort(), served('10.2.0.7:80 stock v1'));
  });

  it('is left out while somebody states an entry of its name', async (test) => {
    const mesh = await serveMesh(test, [services, plain]);
    connectVm(mesh);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    const own = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vms-10.2.0.7, namespace: shop}
spec: {address: 10.2.0.7, labels: {app: stock, version: own}}
`;
    mesh.apply(own);
    await settles(mesh, served('10.2.0.7:80 stock own'));
    mesh.replace([own], []);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
  });

  it('is served what it needs to serve', async (test) => {
    const mesh = await serveMesh(test, [services, plain]);
    connectVm(mesh);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
    const names = () => namesOf(mesh, mesh.ads.connections()[0]?.scope);
    await until(() => names().includes('inbound|8080||'), { what: 'a cluster for its own port' }).catch(() =>
      assert.deepEqual(names(), ['inbound|8080||']),
    );
  });
});

function namesOf({ controlPlane }: Mesh, scope: ConnectedProxy['scope'] | undefined): readonly string[] {
  if (scope === undefined) return [];
  return [...(controlPlane.view(clusterType, scope)?.contents.resources() ?? [])]
    .map(({ name }) => name)
    .filter((name) => name.startsWith('inbound|'));
}

function entryIn({ controlPlane }: Mesh) {
  const [[, entry] = ['', undefined]] = [...controlPlane.graph.rows(controlPlane.mesh.tables.workloadEntries)];
  return entry;
}
const annotationsIn = (mesh: Mesh) => entryIn(mesh)?.annotations ?? {};

function conditionIn(mesh: Mesh): object | undefined {
  const entry = entryIn(mesh);
  const { conditions = [] } = (entry?.status ?? {}) as { conditions?: readonly { [field: string]: unknown }[] };
  const [found] = conditions;
  return found && { status: found.status, reason: found.reason, message: found.message };
}

describe('a stream of a workload that cannot be registered', () => {
  async function check(mesh: Mesh, metadata: { readonly [name: string]: unknown }, message: string): Promise<void> {
    const ended = await connectVm(mesh, metadata).ended();
    assert.deepEqual(ended, { code: 9, details: message });
  }

  it('ends with the group that is missing, and does not when the group is there', async (test) => {
    const mesh = await serveMesh(test, [services]);
    const message = 'expected the WorkloadGroup shop/vms, which AUTO_REGISTER_GROUP names, found none in force';
    await check(mesh, {}, message);
    assert.equal(mesh.ads.connections().length, 0);
    mesh.apply(plain);
    connectVm(mesh);
    await settles(mesh, served('10.2.0.7:8080 stock v1'));
  });

  it('is told of once for each time and reason, by the name of the proxy', async (test) => {
    const lines: string[] = [];
    const warn: Log['warn'] = (message, { proxy, error } = {}) =>
      lines.push(`${proxy} ${message} ${error ?? ''}`.trim());
    const mesh = await serveMesh(test, [], { log: { ...silent, warn } });
    const none = 'expected the WorkloadGroup shop/vms, which AUTO_REGISTER_GROUP names, found none in force';
    const thief = 'expected SERVICE_ACCOUNT to be stock, as the WorkloadGroup shop/vms has it, found thief';
    await check(mesh, {}, none);
    await check(mesh, {}, none);
    mesh.apply(group('{template: {serviceAccount: stock}}'));
    await check(mesh, { SERVICE_ACCOUNT: 'thief' }, thief);
    await connectVm(mesh, { SERVICE_ACCOUNT: 'stock' }).next();
    await check(mesh, { SERVICE_ACCOUNT: 'thief' }, thief);
    assert.deepEqual(
      lines,
      [none, thief, thief].map((why) => `vm-1.shop a proxy is not served: ${why}`),
    );
  });

  it('ends when the group is of another namespace', async (test) => {
    const mesh = await serveMesh(test, [plain]);
    const message = 'expected the WorkloadGroup bank/vms, which AUTO_REGISTER_GROUP names, found none in force';
    await check(mesh, { NAMESPACE: 'bank' }, message);
  });

  it('ends when its network would lead elsewhere', async (test) => {
    const mesh = await serveMesh(test, [plain]);
    const message =
      'expected NETWORK to make a name of Kubernetes with the group and the address, found "vms-10.2.0.7-../../x"';
    await check(mesh, { NETWORK: '../../x' }, message);
  });

  it('ends when it is at no address', async (test) => {
    const mesh = await serveMesh(test, [plain]);
    const message =
      'expected an IP address in INSTANCE_IPS or the node id beside AUTO_REGISTER_GROUP, found "10.2.0.7/../x"';
    await check(mesh, { INSTANCE_IPS: '10.2.0.7/../x' }, message);
  });

  it('ends when it is another account than that of the group', async (test) => {
    const mesh = await serveMesh(test, [group('{template: {serviceAccount: stock}}')]);
    const message = 'expected SERVICE_ACCOUNT to be stock, as the WorkloadGroup shop/vms has it, found thief';
    await check(mesh, { SERVICE_ACCOUNT: 'thief' }, message);
  });
});
