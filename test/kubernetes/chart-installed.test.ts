/** The Helm chart in a real cluster: what it makes is taken, the rights that it gives are enough and no more, and it goes without a trace. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { follow } from '../up/support/fairway.ts';
import { connectApi } from './support/api.ts';
import {
  type ChartValues,
  chartFolder,
  type Deployment,
  release,
  renderText,
  runHelm,
  valueArguments,
} from './support/chart.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { describeWithKubernetes } from './support/suite.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A kind that was defined before, as Istio's installation does it. */
const foreign = 'sidecars.networking.istio.io';

interface Source {
  readonly name: string;
  readonly isSynced: boolean;
  readonly state: string;
  readonly reason?: string;
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface RulesReview {
  readonly status: {
    readonly incomplete: boolean;
    readonly resourceRules: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
  };
}

describeWithKubernetes('the chart in a cluster', ({ helm }) => {
  let cluster: Cluster;
  let folder: TempFolder;
  let clean = () => {};
  let notes = '';
  before(async () => {
    folder = tempFolder({ after: (cleanup) => (clean = cleanup) });
    cluster = await startCluster();
    await cluster.kubectl(['create', 'namespace', release.namespace]);
    const definition = readFileSync(`${chartFolder}/crds/${foreign}.yaml`, 'utf8');
    await cluster.kubectl(['create', '-f', '-'], definition.replace('name: fairway', 'name: istio'));
    notes = install('install');
  });
  after(async () => {
    await cluster.stop();
    clean();
  });

  const { name, namespace } = release;

  /** Runs Helm against the cluster; what it remembers stays in the folder. */
  function inCluster(args: readonly string[]): string {
    const home = { HELM_CACHE_HOME: folder.path, HELM_CONFIG_HOME: folder.path, HELM_DATA_HOME: folder.path };
    return runHelm(helm, [...args, '--namespace', namespace, '--kubeconfig', cluster.kubeconfigPath], home);
  }

  function install(command: 'install' | 'upgrade', values: ChartValues = {}): string {
    return inCluster([command, name, chartFolder, ...valueArguments(values)]);
  }

  /** Whatever the release's label is on, as `Kind name`. */
  async function objects(): Promise<readonly string[]> {
    const kinds = 'sa,deploy,svc,pdb,secret,cm,netpol,clusterrole,clusterrolebinding,role,rolebinding';
    const selector = `app.kubernetes.io/instance=${name}`;
    const list = await cluster.kubectl(['get', kinds, '--all-namespaces', '-l', selector, '-o', 'json']);
    const { items } = JSON.parse(list) as { readonly items: readonly Named[] };
    return items.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
  }

  const token = async () => (await cluster.kubectl(['create', 'token', name, '-n', namespace])).trim();

  /** Which product a definition says that it is of. */
  const productOf = (plural: string) =>
    cluster.kubectl(['get', 'crd', plural, '-o', 'jsonpath={.metadata.labels.app\\.kubernetes\\.io/name}']);

  /** How many requests the API server has not found to be anybody's right. */
  async function denied(): Promise<number> {
    const metrics = await cluster.api<string>('GET', '/metrics');
    const counts = metrics.matchAll(/^authorization_attempts_total\{result="(?!allowed").*\} (\S+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  test('is installed whole', async () => {
    assert.deepEqual(await objects(), [
      'ClusterRole fairway-istio-system',
      'ClusterRoleBinding fairway-istio-system',
      'Deployment fairway',
      'PodDisruptionBudget fairway',
      'Service fairway',
      'ServiceAccount fairway',
    ]);
  });

  test('brings the definitions of Istio’s kinds, and leaves those alone that are there', async () => {
    const kinds = await cluster.kubectl(['get', 'crd', '-o', 'name']);
    assert.deepEqual(
      kinds.trim().split('\n').sort(),
      globSync(`${chartFolder}/crds/*.yaml`)
        .map((file) => `customresourcedefinition.apiextensions.k8s.io/${basename(file, '.yaml')}`)
        .sort(),
    );
    assert.deepEqual([await productOf(foreign), await productOf('gateways.networking.istio.io')], ['istio', 'fairway']);
  });

  test('says what to do next, of this release', () => {
    assert.match(notes, /rollout status deployment\/fairway\n/);
    assert.match(notes, /^ {2}fairway\.istio-system\.svc\.cluster\.local:15010$/m);
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
        const said = await cluster.kubectl(args, text);
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
    });
  });

  test('gives rights with which Fairway reads all that it wants', async (context) => {
    folder.write('kubeconfig', cluster.kubeconfigOf(await token()));
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const { args } = (await cluster.api<Deployment>('GET', path)).spec.template.spec.containers[0];
    const own = { 'xds-address': '127.0.0.1:0', 'http-address': '127.0.0.1:0' };
    const elsewhere = [...args.filter((arg) => arg !== '--in-cluster'), '--kubeconfig', folder.at('kubeconfig')];
    const rest = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
    // One kind is not there: whether it will come is looked up too.
    await cluster.kubectl(['delete', 'crd', 'wasmplugins.extensions.istio.io']);
    const before = await denied();
    const command = ['--disable-warning=ExperimentalWarning', main, ...elsewhere, ...rest];
    const fairway = follow(context, spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] }));
    const [, http = ''] = await fairway.untilSays(/HTTP on (http:[^"\s]+)/);
    const sources = async () => (await (await fetch(`${http}/debug/sources`)).json()) as readonly Source[];
    await until(async () => (await sources()).every(({ isSynced }) => isSynced), {
      what: 'every source to be there',
      mostMs: 20_000,
    });
    const unseen = (await sources())
      .filter(({ state }) => state !== 'live')
      .map(({ state, reason }) => ({ state, reason }));
    assert.deepEqual(unseen, [{ state: 'absent', reason: 'the server has no wasmplugins.extensions.istio.io' }]);
    assert.ok((await sources()).length > 20);
    assert.equal(await denied(), before);
    fairway.signal('SIGTERM');
    assert.equal(await fairway.exit, 0);
  });

  test('gives no right to change anything', async () => {
    const { url, ca } = cluster;
    const api = connectApi({ url, ca, token: await token() });
    const before = await denied();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    await assert.rejects(api.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, body), { status: 403 });
    // The counter by which the test above knows that nothing was refused.
    assert.equal(await denied(), before + 1);
    const review = await api.request<RulesReview>('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace },
    });
    api.disconnect();
    const { incomplete, resourceRules } = review.status;
    const reading = ['get', 'list', 'watch'];
    const writing = resourceRules
      .filter(({ verbs }) => verbs.some((verb) => !reading.includes(verb)))
      // Who am I, and what may I do: that is everybody's right.
      .filter(({ apiGroups }) => !apiGroups.every((group) => /^(authorization|authentication)\.k8s\.io$/.test(group)));
    assert.deepEqual({ incomplete, writing }, { incomplete: false, writing: [] });
  });

  test('is uninstalled whole', async () => {
    inCluster(['uninstall', name]);
    assert.deepEqual(await objects(), []);
  });
});
