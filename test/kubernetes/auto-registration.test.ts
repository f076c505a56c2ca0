/** Workloads that register themselves with replicas of a control plane that share a real API server. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { clusterStore } from '../../src/auto-registration/cluster-store.ts';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { parseKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import { clusterType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import { AdsClient } from '../xds/support/ads-client.ts';
import { definition } from './support/bare-definitions.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Replica, startReplica } from './support/replica.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface Entry {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: { readonly [name: string]: string };
    readonly annotations: { readonly [name: string]: string };
    readonly ownerReferences: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  readonly spec: object;
  readonly status?: { readonly conditions?: readonly { readonly [field: string]: unknown }[] };
}

const healthType = 'type.googleapis.com/istio.v1.HealthInformation';
const folder = '/apis/networking.istio.io/v1/namespaces/shop/workloadentries';

const world = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
  },
  definition({ kind: 'WorkloadEntry', status: 'open' }),
  definition({ kind: 'WorkloadGroup', status: 'list' }),
];
/** May read all, and write nothing. */
const reader = { name: 'reader', token: 'reader-token' };
const groups = [
  { name: 'vms', spec: { template: { labels: { app: 'stock' }, serviceAccount: 'stock' } } },
  { name: 'probed', spec: { template: {}, probe: { tcpSocket: { port: 80 } } } },
  { name: 'brief', spec: { template: {} } },
].map(({ name, spec }) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadGroup',
  metadata: { name, namespace: 'shop' },
  spec,
}));

describeWithKubernetes('a workload of a WorkloadGroup in a cluster', () => {
  let cluster: Cluster;
  const replicas = new Set<Replica>();
  const clients = new Set<AdsClient>();

  const apply = (...objects: readonly object[]) =>
    cluster.kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  async function start(token = cluster.adminToken): Promise<Replica> {
    const replica = await startReplica(cluster.kubeconfigOf(token));
    replicas.add(replica);
    return replica;
  }
  async function end(replica: Replica): Promise<void> {
    replicas.delete(replica);
    await replica.close(0);
  }
  function connect(replica: Replica, ip: string, group = 'vms'): AdsClient {
    const client = new AdsClient(`127.0.0.1:${replica.xdsAddress.port}`, 'delta', {
      node: {
        id: `sidecar~${ip}~vm.shop~shop.svc.cluster.local`,
        metadata: { NAMESPACE: 'shop', AUTO_REGISTER_GROUP: group, SERVICE_ACCOUNT: 'stock' },
      },
    });
    clients.add(client);
    client.subscribe(clusterType, []);
    return client;
  }
  const entries = async () => (await cluster.api<{ items: readonly Entry[] }>('GET', folder)).items;
  const entry = async (name: string) => (await entries()).find(({ metadata }) => metadata.name === name);
  async function becomes(name: string, what: string, isSo: (found: Entry | undefined) => boolean): Promise<Entry> {
    let found: Entry | undefined;
    await until(
      async () => {
        found = await entry(name);
        return isSo(found);
      },
      { what: `${name} ${what}`, mostMs: 15_000 },
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(found)}`, { cause: error });
    });
    return found as Entry;
  }
  const controllerOf = (found: Entry | undefined) => found?.metadata.annotations['istio.io/workloadController'];
  const isGone = (found: Entry | undefined) => found === undefined;
  const isThere = (found: Entry | undefined) => found !== undefined;

  before(async () => {
    cluster = await startCluster({ users: [reader] });
    await apply(...world);
    await until(
      () =>
        apply(...groups).then(
          () => true,
          () => false,
        ),
      { what: 'the kinds', mostMs: 20_000 },
    );
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    clients.clear();
    await Promise.all([...replicas].map(end));
    for (const { metadata } of await entries()) await cluster.api('DELETE', `${folder}/${metadata.name}`);
  });
  after(() => cluster?.stop());

  test('has an entry while it is connected, and a little longer', async () => {
    const vm = connect(await start(), '10.2.0.1');
    const found = await becomes('vms-10.2.0.1', 'to be there', isThere);
    assert.deepEqual(found.spec, {
      address: '10.2.0.1',
      labels: { app: 'stock' },
      serviceAccount: 'stock',
    });
    assert.deepEqual(found.metadata.labels, { app: 'stock' });
    assert.deepEqual(
      found.metadata.ownerReferences.map(({ kind, name }) => `${kind} ${name}`),
      ['WorkloadGroup vms'],
    );
    assert.deepEqual(Object.keys(found.metadata.annotations).sort(), [
      'istio.io/autoRegistrationGroup',
      'istio.io/connectedAt',
      'istio.io/workloadController',
    ]);
    vm.close();
    const left = await becomes('vms-10.2.0.1', 'to say that its workload has gone', (one) =>
      Boolean(one?.metadata.annotations['istio.io/disconnectedAt']),
    );
    assert.equal(left.metadata.annotations['istio.io/connectedAt'], undefined);
    await becomes('vms-10.2.0.1', 'to be gone', isGone);
  });

  test('has another one when somebody removes it', async () => {
    connect(await start(), '10.2.0.2');
    const first = await becomes('vms-10.2.0.2', 'to be there', isThere);
    await cluster.api('DELETE', `${folder}/vms-10.2.0.2`);
    const uidOf = (one: Entry | undefined) => one?.metadata.uid;
    await becomes('vms-10.2.0.2', 'to be another one', (one) => one !== undefined && uidOf(one) !== uidOf(first));
  });

  test('is registered again when its group, which has taken its entry along, comes back', async () => {
    const replica = await start();
    connect(replica, '10.2.0.9', 'brief');
    const first = await becomes('brief-10.2.0.9', 'to be there', isThere);
    const { graph, mesh } = replica.controlPlane;
    const isKnown = () => [...graph.rows(mesh.tables.workloadGroups)].some(([key]) => key === 'shop/brief');
    await cluster.kubectl(['delete', 'workloadgroup', '-n', 'shop', 'brief']);
    await until(() => !isKnown(), { what: 'the group to be gone' });
    // As the garbage collector does, which does not run here.
    await cluster.api('DELETE', `${folder}/brief-10.2.0.9`);
    await until(() => [...graph.rows(mesh.tables.workloadEntries)].length === 0, { what: 'the entry to be gone' });
    await apply(...groups);
    const next = await becomes('brief-10.2.0.9', 'to be there again', isThere);
    assert.notEqual(next.metadata.ownerReferences[0]?.uid, first.metadata.ownerReferences[0]?.uid);
  });

  test('is told of when the API server has no place for its entry', async () => {
    const access = parseKubeconfig(cluster.kubeconfigOf(cluster.adminToken), 'test', {});
    const client = new ApiClient({ access, userAgent: 'test' });
    const metadata = { namespace: 'nowhere', name: 'vms-10.2.0.10' };
    const entry = { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', metadata, spec: {} };
    await assert.rejects(clusterStore(client).create(entry), {
      name: 'Error',
      message:
        'expected the API server to have WorkloadEntries and the namespace nowhere, found namespaces "nowhere" not found',
    });
    client.close();
  });

  test('is told of once when it may not be written, with the right that is missing', async () => {
    const replica = await start(reader.token);
    connect(replica, '10.2.0.11');
    const lines = () =>
      replica.log.filter((line) => line.includes('a workload is registered, or not any more, later: '));
    await until(() => lines().length > 2, { what: 'several tries' });
    const why =
      'workloadentries.networking.istio.io is forbidden: User "reader" cannot create resource "workloadentries" in API group "networking.istio.io" in the namespace "shop"';
    const levels = lines().map((line) => line.replace(` a workload is registered, or not any more, later: ${why}`, ''));
    assert.deepEqual(levels.slice(0, 3), ['warn', 'debug', 'debug']);
  });

  test('says how it is in its status, beside what the leader says of it', async () => {
    const replica = await start();
    const vm = connect(replica, '10.2.0.3', 'probed');
    const found = await becomes('probed-10.2.0.3', 'to be there', isThere);
    assert.equal(found.metadata.annotations['proxy.istio.io/health-checks-enabled'], 'true');
    vm.request(healthType, { errorDetail: { code: 500, message: 'refused' } });
    const says = (one: Entry | undefined) =>
      Object.fromEntries(one?.status?.conditions?.map(({ type, status }) => [type, status]) ?? []);
    const health = (status: string) => (one: Entry | undefined) => says(one).Healthy === status;
    const ill = await becomes('probed-10.2.0.3', 'not to be healthy', health('False'));
    assert.equal(ill.status?.conditions?.find(({ type }) => type === 'Healthy')?.message, 'refused');
    vm.request(healthType);
    await becomes('probed-10.2.0.3', 'to be healthy', health('True'));
    const { graph, mesh } = replica.controlPlane;
    const healths = () => [...graph.rows(mesh.tables.workloads)].map(([, row]) => row.health);
    await until(() => healths().join() === 'healthy', { what: 'a workload that may be called' });
    const both = await becomes('probed-10.2.0.3', 'to be accepted', (one) => says(one).Accepted === 'True');
    assert.equal(says(both).Healthy, 'True');
  });

  test('is taken over by the replica that it connects to next', async () => {
    const [first, second] = [await start(), await start()];
    const before = connect(first, '10.2.0.4');
    const held = await becomes('vms-10.2.0.4', 'to be there', isThere);
    connect(second, '10.2.0.4');
    const taken = await becomes(
      'vms-10.2.0.4',
      'to be of another replica',
      (one) => controllerOf(one) !== controllerOf(held),
    );
    before.close();
    await until(() => first.ads.connections().length === 0, { what: 'the first stream to end' });
    // The first replica says all that it has to say before it ends.
    await end(first);
    assert.deepEqual((await entry('vms-10.2.0.4'))?.metadata.annotations, taken.metadata.annotations);
  });

  test('is kept by a replica that is asked whether it lives', async () => {
    const first = await start();
    connect(first, '10.2.0.5');
    const held = await becomes('vms-10.2.0.5', 'to be there', isThere);
    await start();
    // All that becomes of it while two more questions would have been asked.
    const history = await cluster.kubectl([
      'get',
      '--raw',
      `${folder}?watch=1&timeoutSeconds=4&resourceVersion=${held.metadata.resourceVersion}`,
    ]);
    const versions = history
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string; readonly object: Entry });
    assert.deepEqual(new Set(versions.map(({ type }) => type)), new Set(['MODIFIED']));
    const isAsked = versions.map(({ object }) => 'registration.fairway.dev/askedAt' in object.metadata.annotations);
    assert.ok(isAsked.includes(true));
    assert.equal(isAsked.at(-1), false);
    assert.equal(controllerOf(versions.at(-1)?.object), controllerOf(held));
  });

  test('is not registered any more when its replica has ended without a word', async () => {
    const lost = (name: string, annotations: object) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name, namespace: 'shop', annotations: { 'istio.io/autoRegistrationGroup': 'vms', ...annotations } },
      spec: { address: '10.2.0.6' },
    });
    const connected = { 'istio.io/workloadController': 'crashed', 'istio.io/connectedAt': new Date().toISOString() };
    await apply(
      lost('vms-10.2.0.6', connected),
      lost('vms-10.2.0.7', connected),
      lost('vms-10.2.0.8', { 'istio.io/workloadController': 'x', 'istio.io/disconnectedAt': '2026-01-01T00:00:00Z' }),
      { ...lost('own', {}), metadata: { name: 'own', namespace: 'shop' } },
    );
    const replica = await start();
    connect(replica, '10.2.0.7');
    await until(async () => (await entries()).length === 2, { what: 'two entries', mostMs: 15_000 });
    assert.deepEqual((await entries()).map(({ metadata }) => metadata.name).sort(), ['own', 'vms-10.2.0.7']);
  });
});
