/** The cluster that tests run against is what it claims to be: real controllers, verified TLS, state that outlives a restart. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { until } from '../support/until.ts';
import { type ApiError, connectApi } from './support/api.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { describeWithKubernetes } from './support/suite.ts';

/** The controller leaves out a Pod whose Node it does not know. */
const shop = `
apiVersion: v1
kind: Node
metadata: { name: node-1, labels: { topology.kubernetes.io/zone: zone-a } }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop }
spec:
  selector: { app: reviews }
  ports: [{ name: http, port: 9080, targetPort: 8080 }]
---
apiVersion: v1
kind: Pod
metadata: { name: reviews-1, namespace: shop, labels: { app: reviews } }
spec: { nodeName: node-1, containers: [{ name: reviews, image: none }] }
`;

/** What a kubelet says of a Pod whose containers run. */
const running = {
  phase: 'Running',
  podIP: '10.1.0.7',
  podIPs: [{ ip: '10.1.0.7' }],
  conditions: [{ type: 'Ready', status: 'True' }],
};

interface Slices {
  readonly items: readonly {
    readonly ports: unknown;
    readonly endpoints:
      | null
      | readonly {
          readonly addresses: readonly string[];
          readonly conditions: unknown;
          readonly zone?: string;
          readonly targetRef: { readonly name: string };
        }[];
  }[];
}

const slicesPath = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';

const hasStatus = (status: number) => (error: Error) => (error as ApiError).status === status;

describeWithKubernetes('a test cluster', () => {
  const guest = { name: 'guest', token: 'guest-token' };
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ controllers: true, users: [guest] });
    await cluster.kubectl(['apply', '-f', '-'], shop);
  });
  after(() => cluster.stop());

  /** Slices of the Service, without the names, ids and times that a controller makes up. */
  async function slices() {
    const { items } = await cluster.api<Slices>('GET', slicesPath);
    return items.map(({ ports, endpoints }) => ({
      ports,
      // A slice is there before it has endpoints.
      endpoints: (endpoints ?? []).map(({ addresses, conditions, zone, targetRef }) => ({
        addresses,
        conditions,
        zone,
        pod: targetRef.name,
      })),
    }));
  }

  const setStatus = (status: object) =>
    cluster.api('PATCH', '/api/v1/namespaces/shop/pods/reviews-1/status', { status });

  const ready = { addresses: ['10.1.0.7'], zone: 'zone-a', pod: 'reviews-1' };
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' }];

  test('is of the version that go.mod states', async () => {
    const { gitVersion } = await cluster.api<{ gitVersion: string }>('GET', '/version');
    const pinned = readFileSync(new URL('servers/go.mod', import.meta.url), 'utf8');
    assert.match(pinned, new RegExp(`^\\s*k8s.io/kubernetes ${gitVersion}\\b`, 'm'));
  });

  test('turns a Pod whose status is patched into an endpoint', async () => {
    await setStatus(running);
    await until(async () => (await slices()).some(({ endpoints }) => endpoints.length > 0), {
      what: 'an endpoint in the EndpointSlice',
      mostMs: 10_000,
    });
    assert.deepEqual(await slices(), [
      { ports, endpoints: [{ ...ready, conditions: { ready: true, serving: true, terminating: false } }] },
    ]);
  });

  test('keeps its state and its address over a restart and a crash of the apiserver', async () => {
    const before = await slices();
    await cluster.restartApiserver();
    assert.deepEqual(await slices(), before);
    await cluster.restartApiserver('SIGKILL');
    assert.deepEqual(await slices(), before);
  });

  test('has controllers that go on after a restart', async () => {
    await setStatus({ ...running, conditions: [{ type: 'Ready', status: 'False' }] });
    const unready = { ...ready, conditions: { ready: false, serving: false, terminating: false } };
    const isUnready = async () => JSON.stringify(await slices()).includes('"ready":false');
    await until(isUnready, { what: 'an endpoint that is not ready', mostMs: 20_000 });
    assert.deepEqual(await slices(), [{ ports, endpoints: [unready] }]);
  });

  test('refuses what RBAC does not allow, and those whom it does not know', async () => {
    const ask = (token: string) => connectApi({ ...cluster, token }).request<Slices>('GET', slicesPath);
    await assert.rejects(ask(guest.token), hasStatus(403));
    await assert.rejects(ask('unknown'), hasStatus(401));
    const binding = ['create', 'clusterrolebinding', 'guest', '--clusterrole=view', `--user=${guest.name}`];
    await cluster.kubectl(binding);
    const isAllowed = () =>
      ask(guest.token).then(
        () => true,
        () => false,
      );
    await until(isAllowed, { what: 'the guest to be allowed to look' });
  });

  test('has a certificate that its own authority vouches for and no other', async () => {
    const { url, adminToken: token } = cluster;
    const stranger = connectApi({ url, ca: rootCertificates[0] ?? '', token });
    await assert.rejects(stranger.request('GET', '/readyz'), /unable to verify|self.signed/);
  });

  test('removes what a deleted Namespace held', async () => {
    await cluster.api('DELETE', '/api/v1/namespaces/shop/pods/reviews-1?gracePeriodSeconds=0');
    await cluster.kubectl(['delete', 'namespace', 'shop', '--wait=true', '--timeout=30s']);
    assert.deepEqual(await slices(), []);
  });
});

describeWithKubernetes('the end of a test cluster', () => {
  test('leaves no process and no file', async () => {
    const cluster = await startCluster();
    const pids = Object.values(cluster.pids());
    assert.equal(pids.length, 2);
    await cluster.stop();
    assert.deepEqual(
      pids.filter((pid) => existsSync(`/proc/${pid}`)),
      [],
    );
    assert.equal(existsSync(cluster.kubeconfigPath), false);
  });
});
