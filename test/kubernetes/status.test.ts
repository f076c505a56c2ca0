/** What people read with kubectl about their rules: statuses that the leader writes to a real API server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/until.ts';
import { definition } from './support/bare-definitions.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Replica, startReplica } from './support/replica.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

interface Written {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly managedFields: readonly { readonly manager: string; readonly subresource?: string }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly [field: string]: unknown };
}

const paths = '/apis/networking.istio.io/v1/namespaces/shop';
const route = (port: number) => ({ route: [{ destination: { host: 'reviews', port: { number: port } } }] });

const world = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'reviews', namespace: 'shop' },
    spec: { ports: [{ name: 'http', port: 9080 }] },
  },
  definition({ kind: 'VirtualService', status: 'byType' }),
  definition({ kind: 'DestinationRule', status: 'open' }),
  definition({ kind: 'ServiceEntry', status: 'list' }),
  definition({ kind: 'Sidecar', status: 'none' }),
  definition({ kind: 'PeerAuthentication', group: 'security.istio.io', status: 'byType' }),
];

const authorization = 'rbac.authorization.k8s.io';
const election = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] };
const look = ['get', 'list', 'watch'];

/** Accounts, and what each may do. */
const accounts = {
  /** Reads everything and writes no status. */
  reader: [election, { apiGroups: ['*'], resources: ['*'], verbs: look }],
  /** May not look at definitions, but write. */
  writer: [
    election,
    { apiGroups: ['', 'discovery.k8s.io', 'networking.istio.io', 'security.istio.io'], resources: ['*'], verbs: look },
    { apiGroups: ['networking.istio.io', 'security.istio.io'], resources: ['*/status'], verbs: ['patch'] },
  ],
};
const users = Object.keys(accounts).map((name) => ({ name, token: `${name}-token` }));
const rights = Object.entries(accounts).flatMap(([name, rules]) => [
  { apiVersion: `${authorization}/v1`, kind: 'ClusterRole', metadata: { name }, rules },
  {
    apiVersion: `${authorization}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: authorization, kind: 'ClusterRole', name },
    subjects: [{ apiGroup: authorization, kind: 'User', name }],
  },
]);

describeWithKubernetes('the status of a rule', () => {
  let cluster: Cluster;
  let first: Replica;
  let second: Replica;

  before(async () => {
    cluster = await startCluster({ users });
    await apply(...world, ...rights);
    await until(
      () =>
        cluster.api('GET', `${paths}/virtualservices`).then(
          () => true,
          () => false,
        ),
      {
        what: 'the kinds',
        mostMs: 20_000,
      },
    );
    first = await startReplica(cluster.kubeconfigOf(cluster.adminToken));
    await until(async () => (await leader(first)).isLeader === true, { what: 'a leader', mostMs: 10_000 });
    second = await startReplica(cluster.kubeconfigOf(cluster.adminToken));
  });
  after(async () => {
    await Promise.all([first, second].map((replica) => replica?.close(0)));
    await cluster?.stop();
  });

  function apply(...objects: readonly object[]): Promise<string> {
    return cluster.kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  }
  function rule(kind: string, name: string, spec: object, group = 'networking.istio.io'): object {
    return { apiVersion: `${group}/v1`, kind, metadata: { name, namespace: 'shop' }, spec };
  }
  const virtualService = (name: string, rest: object = {}) =>
    rule('VirtualService', name, { hosts: ['reviews'], http: [route(9080)], ...rest });
  async function leader(replica: Replica) {
    return JSON.parse(await replica.page('/debug/leader')) as { isLeader: boolean; holder?: string; identity: string };
  }
  function get(plural: string, name: string, path = paths): Promise<Written> {
    return cluster.api<Written>('GET', `${path}/${plural}/${name}`);
  }
  async function conditions(plural: string, name: string): Promise<readonly Condition[]> {
    return (await get(plural, name)).status?.conditions ?? [];
  }
  /** Waits until a condition has a status, and yields it. */
  async function settled(plural: string, name: string, type: string, status: string): Promise<Condition> {
    let found: Condition | undefined;
    await until(
      async () => {
        found = (await conditions(plural, name)).find((one) => one.type === type);
        return found?.status === status;
      },
      { what: `${plural} ${name} with ${type}=${status}`, mostMs: 15_000 },
    );
    return found as Condition;
  }

  test('names who has its host, and is another one when that one is gone', async () => {
    await apply(virtualService('old'));
    const old = await get('virtualservices', 'old');
    const born = Date.parse(old.metadata.creationTimestamp);
    await until(() => Date.now() >= born + 1100, { what: 'another second' });
    await apply(virtualService('new'));
    const since = new Date(born).toISOString();
    const shadowed = await settled('virtualservices', 'new', 'Effective', 'False');
    assert.deepEqual(shadowed, {
      type: 'Effective',
      status: 'False',
      reason: 'Shadowed',
      message: `VirtualService shop/old has the host since ${since}: it is older; spec.hosts[0]: expected to route reviews.shop.svc.cluster.local, found that another VirtualService does so for workloads of namespace shop [FW1001]`,
      lastTransitionTime: shadowed.lastTransitionTime,
      observedGeneration: 1,
    });
    const accepted = await settled('virtualservices', 'new', 'Accepted', 'True');
    assert.equal((await settled('virtualservices', 'old', 'Effective', 'True')).message, 'in force');
    await until(() => Date.now() >= Date.parse(shadowed.lastTransitionTime) + 1100, { what: 'another second' });
    await cluster.kubectl(['delete', 'virtualservices.networking.istio.io', 'old', '-n', 'shop']);
    const effective = await settled('virtualservices', 'new', 'Effective', 'True');
    assert.ok(effective.lastTransitionTime > shadowed.lastTransitionTime, effective.lastTransitionTime);
    assert.deepEqual(await settled('virtualservices', 'new', 'Accepted', 'True'), accepted);
  });

  test('says what is wrong with it, and which version stays in force', async () => {
    await settled('virtualservices', 'new', 'Accepted', 'True');
    await apply(virtualService('new', { http: [{ ...route(9080), timeout: 'soon' }] }));
    const refused = await settled('virtualservices', 'new', 'Accepted', 'False');
    assert.deepEqual([refused.reason, refused.observedGeneration], ['FW0004', 2]);
    assert.match(refused.message, /^spec\.http\[0\]\.timeout: expected .* \[FW0004\]$/);
    const unknown = await settled('virtualservices', 'new', 'Effective', 'Unknown');
    assert.equal(unknown.message, 'not accepted: generation 1 of it stays in force');
    await apply(virtualService('new'));
    assert.equal((await settled('virtualservices', 'new', 'Effective', 'True')).observedGeneration, 3);
  });

  test('says of a kind that is only checked that nothing comes of it', async () => {
    const path = '/apis/security.istio.io/v1/namespaces/shop';
    await apply(rule('PeerAuthentication', 'strict', { mtls: { mode: 'STRICT' } }, 'security.istio.io'));
    await until(
      async () => {
        const { status } = await get('peerauthentications', 'strict', path);
        return status?.conditions?.some(({ reason }) => reason === 'NotExecuted') === true;
      },
      { what: 'a status', mostMs: 15_000 },
    );
  });

  for (const [plural, kind, spec] of [
    ['virtualservices', 'VirtualService', { hosts: ['ratings.example'], http: [route(9080)] }],
    ['destinationrules', 'DestinationRule', { host: 'reviews', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } }],
    [
      'serviceentries',
      'ServiceEntry',
      { hosts: ['api.example'], ports: [{ number: 80, name: 'http' }], resolution: 'DNS' },
    ],
  ] as const)
    test(`keeps what others say of a ${kind}`, async () => {
      const foreign = { type: 'Reconciled', status: 'True', reason: 'Applied', message: 'by another one' };
      const object = rule(kind, 'shared', spec);
      await apply(object);
      const write = (manager: string, status: object) =>
        cluster.api(
          'PATCH',
          `${paths}/${plural}/shared/status?fieldManager=${manager}&force=true`,
          { ...object, spec: undefined, status },
          'application/apply-patch+yaml',
        );
      await write('another', { conditions: [foreign], addresses: [{ value: '240.240.0.1' }] });
      await settled(plural, 'shared', 'Accepted', 'True');
      await settled(plural, 'shared', 'Effective', 'True');
      const { status } = await get(plural, 'shared');
      assert.deepEqual(status?.addresses, [{ value: '240.240.0.1' }]);
      assert.deepEqual(status?.conditions?.map(({ type }) => type).sort(), ['Accepted', 'Effective', 'Reconciled']);
      // What they say next is kept too, and the list is made whole where they have taken it.
      const later = { ...foreign, status: 'False' };
      await write('another', { conditions: [later] });
      await until(
        async () => {
          const found = await conditions(plural, 'shared');
          return found.length === 3 && found.some(({ type, status: now }) => type === 'Reconciled' && now === 'False');
        },
        { what: 'all three conditions', mostMs: 15_000 },
      );
    });

  test('is not written when nothing has changed, and our own writing changes nothing', async () => {
    await settled('virtualservices', 'new', 'Effective', 'True');
    const before = await first.writes();
    const { revision } = first.controlPlane.graph;
    await cluster.kubectl(['annotate', 'service', 'reviews', '-n', 'shop', `seen=${Date.now()}`]);
    await apply(virtualService('last', { hosts: ['last.example'] }));
    await settled('virtualservices', 'last', 'Effective', 'True');
    assert.equal((await first.writes()) - before, 1);
    const after = first.controlPlane.graph.revision;
    const version = (await get('virtualservices', 'last')).metadata.resourceVersion;
    // By the time that this change is seen, our own write has been.
    await apply(virtualService('very-last', { hosts: ['very-last.example'] }));
    await settled('virtualservices', 'very-last', 'Effective', 'True');
    assert.equal((await get('virtualservices', 'last')).metadata.resourceVersion, version);
    assert.equal((await first.writes()) - before, 2);
    assert.ok(after - revision <= 2, `${after - revision} commits`);
    assert.equal(first.controlPlane.graph.revision, after + 1);
  });

  test('is not written for a kind that has none, which is told once', async () => {
    await apply(
      rule('Sidecar', 'one', { egress: [{ hosts: ['./*'] }] }),
      rule('Sidecar', 'two', { egress: [{ hosts: ['./*'] }] }),
    );
    await until(() => first.log.some((line) => /statuses of Sidecars/.test(line)), { what: 'a line', mostMs: 15_000 });
    await apply(virtualService('after-sidecars', { hosts: ['sidecars.example'] }));
    await settled('virtualservices', 'after-sidecars', 'Effective', 'True');
    assert.deepEqual(
      first.log.filter((line) => /Sidecar/.test(line) && line.startsWith('warn statuses')),
      ['warn statuses of Sidecars are not written for 10 min: sidecars.networking.istio.io has no status subresource'],
    );
  });

  test('is written by the next replica when the leader goes, and by nobody else before', async () => {
    assert.equal(await second.writes(), 0);
    const { identity } = await leader(first);
    assert.deepEqual(await leader(second), { ...(await leader(second)), isLeader: false, holder: identity });
    assert.match(await first.page('/metrics'), /^fairway_leader 1$/m);
    assert.match(await second.page('/metrics'), /^fairway_leader 0$/m);
    const before = await conditions('virtualservices', 'new');
    await first.close(0);
    await until(async () => (await leader(second)).isLeader, { what: 'another leader', mostMs: 2500 });
    await apply(virtualService('next', { hosts: ['next.example'] }));
    await settled('virtualservices', 'next', 'Effective', 'True');
    assert.equal(await second.writes('written'), 1);
    assert.deepEqual(await conditions('virtualservices', 'new'), before);
  });

  test('is not written while the API server is away, and is when it is back; proxies are served all the while', async () => {
    await cluster.stopApiserver('SIGKILL');
    await until(async () => !(await leader(second)).isLeader, { what: 'a leader that steps down', mostMs: 10_000 });
    assert.match(await second.page('/ready'), /^ready/);
    await cluster.startApiserver();
    await until(async () => (await leader(second)).isLeader, { what: 'a leader', mostMs: 20_000 });
    await apply(virtualService('back', { hosts: ['back.example'] }));
    await settled('virtualservices', 'back', 'Effective', 'True');
  });

  test('is not written by one who may not, which is told once for each kind', async () => {
    await second.close(0);
    await apply(virtualService('unseen', { hosts: ['unseen.example'] }));
    first = await startReplica(cluster.kubeconfigOf('reader-token'));
    second = first;
    const refused = () => first.log.filter((line) => line.startsWith('warn statuses'));
    await until(() => refused().some((line) => /VirtualServices/.test(line)), { what: 'a line', mostMs: 15_000 });
    assert.equal(refused().filter((line) => /VirtualServices/.test(line)).length, 1);
    assert.deepEqual(await conditions('virtualservices', 'unseen'), []);
  });

  test('keeps what others say where definitions may not be looked at', async () => {
    await first.close(0);
    const foreign = { type: 'Reconciled', status: 'True', reason: 'Applied', message: 'by another one' };
    await cluster.api('PATCH', `${paths}/virtualservices/unseen/status`, { status: { conditions: [foreign] } });
    first = await startReplica(cluster.kubeconfigOf('writer-token'));
    second = first;
    await settled('virtualservices', 'unseen', 'Effective', 'True');
    const found = await conditions('virtualservices', 'unseen');
    assert.deepEqual(found.map(({ type }) => type).sort(), ['Accepted', 'Effective', 'Reconciled']);
  });
});
