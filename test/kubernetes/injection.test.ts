/** A real apiserver asks for sidecars as pods are created, and takes what injection makes of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { injectionConfiguration } from '../../src/webhook/injection-configuration.ts';
import { injectedText, injectionGoldens, usualSettings } from '../support/injection.ts';
import { until } from '../support/until.ts';
import { authority, certificateOf, type RunningWebhook, runWebhook } from '../webhook/support/webhook.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface PodObject {
  readonly metadata: { readonly name: string; readonly annotations?: { readonly [name: string]: string } };
  readonly spec: {
    readonly containers: readonly ContainerObject[];
    readonly initContainers?: readonly ContainerObject[];
  };
}

interface ContainerObject {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

const namespaces = {
  mesh: { 'istio-injection': 'enabled' },
  plain: {},
  off: { 'istio-injection': 'disabled' },
  ours: { 'istio.io/rev': 'default' },
  others: { 'istio.io/rev': 'canary' },
  // Of manifests that name them.
  shop: {},
  legacy: {},
  canary: {},
};

const podOf = (namespace: string, name: string, metadata: object = {}, spec: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
  });
const wish = (text: string) => ({ labels: { 'sidecar.istio.io/inject': text } });

const sidecar = ['istio-init', 'istio-proxy', 'web'];
const none = ['web'];

const namesIn = ({ spec }: PodObject) => [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);

describeWithKubernetes('injection that an apiserver asks for', () => {
  let cluster: Cluster;
  let webhook: RunningWebhook;
  const cleanups: (() => void | Promise<void>)[] = [];
  const atEnd = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };
  const pair = certificateOf('webhook');
  const apply = (text: string, ...args: readonly string[]) => cluster.kubectl(['apply', '-f', '-', ...args], text);
  const podsIn = async (namespace: string) =>
    (await cluster.api<{ readonly items: readonly PodObject[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)).items;
  const created = async (text: string): Promise<PodObject> =>
    JSON.parse(await apply(text, '--dry-run=server', '-o', 'json')) as PodObject;

  before(async () => {
    cluster = await startCluster({ controllers: true });
    webhook = await runWebhook(atEnd, { pair, injection: () => usualSettings });
    for (const [name, labels] of Object.entries(namespaces)) {
      await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
      await until(
        () =>
          cluster.api('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`).then(
            () => true,
            () => false,
          ),
        {
          what: `the account of ${name}`,
          mostMs: 60_000,
        },
      );
    }
    const configuration = injectionConfiguration({
      name: 'fairway',
      server: { url: `https://localhost:${webhook.port}` },
      authorities: authority.certificate,
      revision: 'default',
    });
    await apply(JSON.stringify(configuration));
    await until(async () => namesIn(await created(podOf('mesh', 'tried'))).length === 3, {
      what: 'the configuration in force',
      mostMs: 20_000,
    });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await cluster.stop();
  });

  describe('asks about a pod', () => {
    function check(name: string, text: string, expected: readonly string[]): void {
      test(name, async () => assert.deepEqual(namesIn(await created(text)), expected));
    }
    check('of a namespace with injection', podOf('mesh', 'a'), sidecar);
    check('but not of another', podOf('plain', 'a'), none);
    check('of another that asks itself', podOf('plain', 'a', wish('true')), sidecar);
    check('but not one that wants none', podOf('mesh', 'a', wish('false')), none);
    check('but not one that wants none, in other words', podOf('mesh', 'a', wish('no')), none);
    check('but not of a namespace without injection, even if it asks', podOf('off', 'a', wish('true')), none);
    check('of a namespace of this revision', podOf('ours', 'a'), sidecar);
    check('but not of one of another revision', podOf('others', 'a'), none);
    check('that names this revision', podOf('plain', 'a', { labels: { 'istio.io/rev': 'default' } }), sidecar);
    check('but not one of the system', podOf('kube-system', 'a', wish('true')), none);
    check('and leaves one on the network of its node', podOf('mesh', 'a', {}, { hostNetwork: true }), none);
  });

  test('says why a pod that asks has no sidecar', async () => {
    const asked = podOf('plain', 'a', wish('true'), { hostNetwork: true });
    const seen = await cluster.api<PodObject>('POST', '/api/v1/namespaces/plain/pods?dryRun=All', asked);
    assert.deepEqual(namesIn(seen), none);
    const { body } = await webhook.ask(reviewOf(asked), { path: '/inject' });
    const { response } = JSON.parse(body) as { readonly response: { readonly warnings: readonly string[] } };
    assert.equal(
      response.warnings.join(' '),
      'Pod plain/a: spec.hostNetwork: expected a network of its own, found that of the node, which cannot be intercepted [FW3201]',
    );
  });

  test('refuses a pod whose annotations cannot be', async () => {
    const text = podOf('mesh', 'a', { annotations: { 'sidecar.istio.io/proxyCPU': 'much' } });
    await assert.rejects(
      apply(text),
      /denied the request: Pod mesh\/a: metadata\.annotations\["sidecar\.istio\.io\/proxyCPU"\]: expected a quantity .*\[FW3202\]/,
    );
  });

  test('injects the pods of a Deployment, which know whose they are', async () => {
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    await apply(
      JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'mesh' }, spec }),
    );
    await until(async () => (await podsIn('mesh')).length === 1, { what: 'a pod', mostMs: 60_000 });
    const [pod] = await podsIn('mesh');
    assert.ok(pod !== undefined);
    assert.deepEqual(namesIn(pod), sidecar);
    const proxy = pod.spec.initContainers?.find(({ name }) => name === 'istio-proxy');
    const said = Object.fromEntries((proxy?.env ?? []).map(({ name, value }) => [name, value]));
    assert.deepEqual(
      [said.ISTIO_META_WORKLOAD_NAME, said.ISTIO_META_OWNER],
      ['web', 'kubernetes://apis/apps/v1/namespaces/mesh/deployments/web'],
    );
  });

  describe('takes what is injected beforehand', () => {
    for (const { name, text, settings } of injectionGoldens())
      test(name, async () => {
        const [injected = ''] = injectedText(text, settings).texts;
        const found = await apply(injected, '--dry-run=server', '--warnings-as-errors');
        assert.match(found, /created|configured|unchanged/);
      });
  });

  test('makes no pod while nobody answers, and those that are to have no sidecar all the same', async () => {
    await webhook.close();
    await assert.rejects(apply(podOf('mesh', 'late')), /failed calling webhook "namespace\.injection\.fairway\.dev"/);
    assert.deepEqual(namesIn(await created(podOf('mesh', 'late', wish('false')))), none);
    assert.deepEqual(namesIn(await created(podOf('plain', 'late'))), none);
  });
});

function reviewOf(pod: string): string {
  const object = JSON.parse(pod) as { readonly metadata: { readonly namespace: string; readonly name: string } };
  const { namespace, name } = object.metadata;
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u1', kind, operation: 'CREATE', namespace, name, object },
  });
}
