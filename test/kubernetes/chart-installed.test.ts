/** The Helm chart in a real cluster: all of it is taken, and it goes without a trace. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/until.ts';
import { type ChartValues, chartFolder, type Deployment, release, renderText } from './support/chart.ts';
import { foreignDefinition, type InstalledChart, installChart } from './support/installed-chart.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Secret {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
}

interface Webhooks {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle: string } }[];
}

const { name, namespace } = release;

/** Kinds that the chart has templates for, and any other that it might make objects of. */
const kinds = [
  'serviceaccounts',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'secrets',
  'configmaps',
  'deployments',
  'services',
  'poddisruptionbudgets',
  'networkpolicies',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
];

describeWithKubernetes('the chart in a cluster', ({ helm }) => {
  let chart: InstalledChart;
  before(async () => {
    chart = await installChart(helm);
  });
  after(() => chart.stop());

  /** All that belongs to the release, as `Kind name`. */
  async function objects(): Promise<readonly string[]> {
    const selector = `app.kubernetes.io/instance=${name}`;
    const args = ['get', kinds.join(','), '--all-namespaces', '-l', selector, '-o', 'json'];
    const { items } = JSON.parse(await chart.cluster.kubectl(args)) as { readonly items: readonly Named[] };
    return items.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
  }

  test('is installed whole', async () => {
    assert.deepEqual(await objects(), [
      'ClusterRole fairway-istio-system',
      'ClusterRoleBinding fairway-istio-system',
      'Deployment fairway',
      'MutatingWebhookConfiguration fairway-istio-system',
      'PodDisruptionBudget fairway',
      'Role fairway-istio-system',
      'RoleBinding fairway-istio-system',
      'Secret fairway-webhook',
      'Service fairway',
      'ServiceAccount fairway',
      'ValidatingWebhookConfiguration fairway-istio-system',
    ]);
  });

  test('says what to do next, of this release', () => {
    assert.match(chart.notes, /rollout status deployment\/fairway\n/);
    assert.match(chart.notes, /^ {2}fairway\.istio-system\.svc\.cluster\.local:15010$/m);
  });

  test('brings the definitions of Istio’s kinds, and leaves those alone that are there', async () => {
    const product = '{.metadata.labels.app\\.kubernetes\\.io/name}';
    const lines = `jsonpath={range .items[*]}{.metadata.name} ${product}{"\\n"}{end}`;
    const found = await chart.cluster.kubectl(['get', 'crd', '-o', lines]);
    const names = globSync(`${chartFolder}/crds/*.yaml`).map((file) => basename(file, '.yaml'));
    assert.deepEqual(
      found.trim().split('\n').sort(),
      names.map((one) => `${one} ${one === foreignDefinition ? 'istio' : 'fairway'}`).sort(),
    );
  });

  describe('is taken by the API server to the last field', () => {
    function check(what: string, values: ChartValues): void {
      test(what, async () => {
        const text = renderText(helm, values);
        const args = [
          'apply',
          '--server-side',
          '--force-conflicts',
          '--dry-run=server',
          '--validate=strict',
          '-f',
          '-',
        ];
        const said = await chart.cluster.kubectl(args, text);
        const count = text.split(/^kind: /m).length - 1;
        assert.equal(said.trim().split('\n').length, count);
      });
    }
    check('with its own values', {});
    check('with everything that Kubernetes itself has kinds for', {
      'networkPolicy.enabled': true,
      'networkPolicy.httpFrom': [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
      meshConfig: { accessLogFile: '/dev/stdout' },
      podLabels: { team: 'platform' },
      podAnnotations: { note: 'x' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'infra', operator: 'Exists' }],
      affinity: { podAntiAffinity: {} },
      priorityClassName: 'system-cluster-critical',
      'image.pullSecrets': [{ name: 'registry' }],
      'service.annotations': { note: 'x' },
      'service.type': 'LoadBalancer',
      'podDisruptionBudget.maxUnavailable': '50%',
      'webhook.namespaceSelector': { matchLabels: { mesh: 'yes' } },
      'webhook.annotations': { note: 'x' },
      'injection.template': { spec: { imagePullSecrets: [{ name: 'registry' }] } },
    });
  });

  describe('has a certificate of its own for the webhook', () => {
    const path = `/api/v1/namespaces/${namespace}/secrets/${name}-webhook`;
    const renewAfter = 'fairway.dev/renew-after';
    const secret = () => chart.cluster.api<Secret>('GET', path);

    /** What the API server trusts. */
    async function authorities(): Promise<readonly string[]> {
      const all = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
      const { webhooks } = await chart.cluster.api<Webhooks>('GET', `${all}/${name}-${namespace}`);
      return [...new Set(webhooks.map(({ clientConfig }) => clientConfig.caBundle))];
    }

    test('that the API server trusts', async () => {
      const { data } = await secret();
      assert.deepEqual(await authorities(), [data['ca.crt']]);
      const pem = (key: string) => Buffer.from(data[key] ?? '', 'base64');
      const own = new X509Certificate(pem('tls.crt'));
      const host = `${name}.${namespace}.svc`;
      assert.deepEqual(
        [
          own.verify(new X509Certificate(pem('ca.crt')).publicKey),
          own.checkHost(host),
          own.checkPrivateKey(createPrivateKey(pem('tls.key'))),
        ],
        [true, host, true],
      );
    });

    test('that stays over upgrades', async () => {
      const { data } = await secret();
      chart.upgrade({ replicas: 3 });
      assert.deepEqual((await secret()).data, data);
      assert.deepEqual(await authorities(), [data['ca.crt']]);
    });

    test('that an upgrade makes anew when it is about to expire', async () => {
      const { data } = await secret();
      await chart.cluster.api('PATCH', path, { metadata: { annotations: { [renewAfter]: '1700000000' } } });
      chart.upgrade({});
      const renewed = await secret();
      assert.notEqual(renewed.data['tls.crt'], data['tls.crt']);
      assert.deepEqual(await authorities(), [renewed.data['ca.crt']]);
      const { validToDate } = new X509Certificate(Buffer.from(renewed.data['tls.crt'] ?? '', 'base64'));
      const days = (validToDate.getTime() / 1000 - Number(renewed.metadata.annotations[renewAfter])) / 86_400;
      assert.equal(Math.round(days), 30);
    });
  });

  test('does not inject where Istio does, unless for a revision of its own', async () => {
    const injector = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'istio-sidecar-injector' },
    };
    await chart.cluster.kubectl(['create', '-f', '-'], JSON.stringify(injector));
    assert.throws(
      () => chart.upgrade({}),
      /expected no other injector .* istio-sidecar-injector: set injection\.enabled=false/,
    );
    chart.upgrade({ 'injection.enabled': false });
    chart.upgrade({ 'injection.revision': 'fairway' });
    await chart.cluster.kubectl(['delete', 'mutatingwebhookconfiguration', injector.metadata.name]);
    // With no values Helm takes those of the last time.
    chart.upgrade({ 'injection.revision': 'default' });
  });

  test('asks nobody about its own pods, whatever label their namespace has', async () => {
    await chart.cluster.kubectl(['label', 'namespace', namespace, 'istio-injection=enabled']);
    const of = (injected: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'own-', namespace, labels: { 'sidecar.istio.io/inject': injected } },
      spec: { containers: [{ name: 'a', image: 'a' }], automountServiceAccountToken: false },
    });
    const make = async (injected: string) => {
      const args = ['create', '--dry-run=server', '-f', '-'];
      return chart.cluster.kubectl(args, JSON.stringify(of(injected))).catch((error: Error) => error.message);
    };
    // Nobody serves this webhook here, so that what it is asked about is refused, as soon as the API server knows the label.
    await until(async () => /failed calling webhook "namespace\.injection\.fairway\.dev"/.test(await make('true')), {
      what: 'a question to the webhook',
      mostMs: 20_000,
    });
    const deployment = await chart.cluster.api<Deployment>(
      'GET',
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    );
    const own = deployment.spec.template.metadata.labels['sidecar.istio.io/inject'] ?? '';
    assert.match(await make(own), /created/);
    await chart.cluster.kubectl(['label', 'namespace', namespace, 'istio-injection-']);
  });

  test('is uninstalled whole', async () => {
    chart.uninstall();
    assert.deepEqual(await objects(), []);
  });
});
