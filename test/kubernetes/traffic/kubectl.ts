/** Run by test/kubernetes/traffic.test.ts: what is done with kubectl, and what real Envoys do then. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { must } from '../../../src/lib/assert.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import type { LiveMesh } from '../../envoy/support/live-mesh.ts';
import { constantLoad, type Load } from '../../envoy/support/load.ts';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { until } from '../../support/until.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { installDefinitions } from '../support/definitions.ts';
import { startKubeMesh } from '../support/kube-mesh.ts';
import { type Kubelet, running, startKubelet } from '../support/kubelet.ts';
import { deployment, namespace, rule, service } from '../support/objects.ts';

const client = { name: 'client', namespace: 'shop', labels: { app: 'client' } } as const;
const url = 'http://reviews:9080/';
const virtualServices = 'virtualservices.networking.istio.io';

describe('a mesh in a cluster', () => {
  let block: AddressBlock;
  let cluster: Cluster;
  let kubelet: Kubelet;
  let mesh: LiveMesh;

  before(async () => {
    block = await takeTestBlock();
    cluster = await startCluster({ controllers: true });
    kubelet = await startKubelet(cluster, (n) => `10.200.0.${n}`);
    await installDefinitions(cluster);
    await apply(
      namespace('istio-system'),
      namespace('shop'),
      namespace('stock'),
      service('shop', 'reviews'),
      deployment('shop', 'reviews', 'v1'),
      service('stock', 'catalog'),
      deployment('stock', 'catalog', 'v1'),
    );
    await untilRunning('reviews-v1', 1);
    mesh = await startKubeMesh({
      kubeconfig: cluster.kubeconfigPath,
      envoy: must(findEnvoy(), 'an Envoy').path,
      block,
      proxies: [client],
    });
  });
  after(async () => {
    await mesh?.stop();
    await kubelet?.stop();
    await cluster?.stop();
    block?.release();
  });

  const apply = (...objects: readonly string[]) =>
    cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.join('\n---\n'));
  const kubectl = (...args: readonly string[]) => cluster.kubectl(args);
  /** Pods of a Deployment that serve, or of none that is named so. */
  const podsOf = (...deployments: readonly string[]) =>
    [...kubelet.applications.keys()].filter((pod) => deployments.some((name) => pod.startsWith(`${name}-`)));
  const untilRunning = (name: string, count: number) =>
    until(() => podsOf(name).length === count, { what: `${count} Pods of ${name}`, mostMs: 20_000 });
  const untilServes = (where: () => readonly string[], of = url) => mesh.untilLands('client', of, where);
  /** Calls land at Pods of these Deployments. */
  const untilReaches = (...deployments: readonly string[]) => untilServes(() => podsOf(...deployments));
  const untilAnswers = (status: string, of = url) => untilServes(() => [status], of);
  const loads: Load[] = [];
  const load = (of = url): Load => {
    const calls = constantLoad(mesh.proxy('client').httpProxy, { url: of });
    loads.push(calls);
    return calls;
  };
  afterEach(() => Promise.all(loads.splice(0).map((calls) => calls.stop())));
  /** All calls of a load were answered by Pods. */
  const assertNoneFailed = async (calls: Load) => {
    await calls.stop();
    assert.ok(calls.landings.length > 0, 'expected calls');
    assert.deepEqual(
      [...new Set(calls.landings)].filter((where) => !/^(reviews|catalog)-/.test(where)),
      [],
    );
  };

  test('calls the Pods of a Service by its short name, and by its full name across namespaces', async () => {
    await untilReaches('reviews-v1');
    await untilServes(() => podsOf('catalog-v1'), 'http://catalog.stock.svc.cluster.local:9080/');
  });

  test('takes in Pods as they become ready, and loses no request as they go', async () => {
    const calls = load();
    await kubectl('scale', '-n', 'shop', 'deployment/reviews-v1', '--replicas=4');
    await untilRunning('reviews-v1', 4);
    await untilReaches('reviews-v1');
    await kubectl('scale', '-n', 'shop', 'deployment/reviews-v1', '--replicas=1');
    await untilRunning('reviews-v1', 1);
    await untilReaches('reviews-v1');
    await assertNoneFailed(calls);
  });

  test('loses no request over a rolling restart', async () => {
    await kubectl('scale', '-n', 'shop', 'deployment/reviews-v1', '--replicas=3');
    await untilRunning('reviews-v1', 3);
    const old = podsOf('reviews-v1');
    await untilReaches('reviews-v1');
    const calls = load();
    await kubectl('rollout', 'restart', '-n', 'shop', 'deployment/reviews-v1');
    await until(() => podsOf('reviews-v1').length === 3 && podsOf('reviews-v1').every((pod) => !old.includes(pod)), {
      what: 'three new Pods',
      mostMs: 60_000,
    });
    await untilReaches('reviews-v1');
    await assertNoneFailed(calls);
  });

  test('calls no Pod that is not ready, and calls it again when it is', async () => {
    const [pod = '', ...others] = podsOf('reviews-v1');
    const path = `/api/v1/namespaces/shop/pods/${pod}/status`;
    const address = must(kubelet.applications.get(pod), 'the application').address;
    await cluster.api('PATCH', path, { status: running(address, 'False') });
    await untilServes(() => others);
    await cluster.api('PATCH', path, { status: running(address, 'True') });
    await untilServes(() => [pod, ...others]);
  });

  test('routes by rules as they are applied, edited and deleted', async () => {
    await apply(deployment('shop', 'reviews', 'v2'));
    await untilRunning('reviews-v2', 1);
    await untilReaches('reviews-v1', 'reviews-v2');
    const calls = load();
    const subsets = ['v1', 'v2'].map((version) => ({ name: version, labels: { version } }));
    await apply(rule('DestinationRule', 'shop', 'reviews', { host: 'reviews', subsets }));
    const route = (subset: string) =>
      rule('VirtualService', 'shop', 'reviews', {
        hosts: ['reviews'],
        http: [{ route: [{ destination: { host: 'reviews', subset } }] }],
      });
    await apply(route('v2'));
    await untilReaches('reviews-v2');
    await apply(route('v1'));
    await untilReaches('reviews-v1');
    await kubectl('delete', '-n', 'shop', 'virtualservice/reviews');
    await untilReaches('reviews-v1', 'reviews-v2');
    await assertNoneFailed(calls);
  });

  test('goes by labels that a Pod is given while it runs', async () => {
    await apply(
      rule('VirtualService', 'shop', 'reviews', {
        hosts: ['reviews'],
        http: [{ route: [{ destination: { host: 'reviews', subset: 'v2' } }] }],
      }),
    );
    await untilReaches('reviews-v2');
    const [pod = ''] = podsOf('reviews-v2');
    await kubectl('label', '-n', 'shop', `pod/${pod}`, 'version=other', 'pod-template-hash-', '--overwrite');
    // The ReplicaSet starts another one in its place; the released one is in no subset.
    await untilRunning('reviews-v2', 2);
    await untilServes(() => podsOf('reviews-v2').filter((name) => name !== pod));
    await kubectl('delete', '-n', 'shop', `pod/${pod}`, 'virtualservice/reviews', '--wait=false');
  });

  test('loses the rules of a kind whose definition is deleted, takes them up again, and keeps the others', async () => {
    const fixed = rule('VirtualService', 'shop', 'reviews', {
      hosts: ['reviews'],
      http: [{ directResponse: { status: 418 } }],
    });
    await apply(fixed);
    await untilAnswers('418');
    await kubectl('delete', 'crd', virtualServices, '--timeout=30s');
    await untilReaches('reviews-v1', 'reviews-v2');
    const { sources } = mesh.server.controlPlane;
    const stateOf = (part: string) => sources.find(({ name }) => name.endsWith(part))?.freshness.state;
    await until(() => stateOf(virtualServices) === 'absent', { what: 'the kind to be known as absent' });
    assert.equal(stateOf('destinationrules.networking.istio.io'), 'live');
    await installDefinitions(cluster);
    await apply(fixed);
    await untilAnswers('418');
    await kubectl('delete', '-n', 'shop', 'virtualservice/reviews');
    await untilReaches('reviews-v1', 'reviews-v2');
  });

  test('follows the MeshConfig in its ConfigMap', async () => {
    const unknown = 'http://unknown.example:80/';
    const config = (mesh: string) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'istio', namespace: 'istio-system' },
        data: { mesh },
      });
    await apply(config('outboundTrafficPolicy: { mode: REGISTRY_ONLY }'));
    await untilAnswers('502', unknown);
    await apply(config('outboundTrafficPolicy: { mode: NO_SUCH_MODE }'));
    await until(
      () =>
        mesh.server.controlPlane.diagnostics
          .all()
          .some(({ code, path }) => code === 'FW0005' && path === 'data.mesh.outboundTrafficPolicy.mode'),
      {
        what: 'the mistake to be told',
      },
    );
    await untilAnswers('502', unknown);
    await kubectl('delete', '-n', 'istio-system', 'configmap/istio');
    await until(() => mesh.server.controlPlane.diagnostics.all().length === 0, { what: 'no problem to be left' });
  });

  test('takes what a deleted namespace held out of the mesh, and nothing else', async () => {
    const calls = load();
    await kubectl('delete', 'namespace', 'stock', '--wait=true', '--timeout=60s');
    await mesh.settle();
    const services = () => [...mesh.server.controlPlane.graph.rows(mesh.server.controlPlane.mesh.tables.services)];
    await until(() => services().every(([, { namespace: of }]) => of !== 'stock'), {
      what: 'no Service of the namespace',
    });
    const clusters = await mesh.proxy('client').envoy.admin('/clusters');
    assert.ok(!clusters.includes('catalog.stock'), 'expected no cluster of the namespace at the proxy');
    await assertNoneFailed(calls);
  });

  test('serves on while the API server is away, and catches up', async () => {
    const calls = load();
    await cluster.stopApiserver('SIGKILL');
    const { sources } = mesh.server.controlPlane;
    await until(() => sources.some(({ freshness }) => freshness.state === 'stale'), { what: 'the loss to be noticed' });
    await untilReaches('reviews-v1', 'reviews-v2');
    await cluster.startApiserver();
    await kubectl('scale', '-n', 'shop', 'deployment/reviews-v2', '--replicas=2');
    await untilRunning('reviews-v2', 2);
    await untilReaches('reviews-v1', 'reviews-v2');
    await until(() => sources.every(({ freshness }) => freshness.state !== 'stale'), {
      what: 'everything to be seen again',
      mostMs: 15_000,
    });
    await assertNoneFailed(calls);
  });
});
