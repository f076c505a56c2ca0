/** The rights that the Helm chart gives, in a real cluster: enough for all that Fairway does, and no more. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { customResources } from '../../src/config/custom-resources.ts';
import { until } from '../support/until.ts';
import { follow } from '../up/support/fairway.ts';
import { connectApi } from './support/api.ts';
import { type Deployment, release } from './support/chart.ts';
import { type InstalledChart, installChart } from './support/installed-chart.ts';
import { describeWithKubernetes } from './support/suite.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const { name, namespace } = release;

/** Where the container finds the webhook's certificate. */
const mountPath = '/etc/fairway/webhook';

const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();

/** Connects as the API server does, which knows the webhook by its Service's name; rejects when it is not believed. */
async function handshake(port: number, ca: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: `${name}.${namespace}.svc` });
  await once(socket, 'secureConnect');
  socket.destroy();
}

const rule = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec: { hosts: [reviews], http: [{ route: [{ destination: { host: reviews } }] }] }
`;

interface Source {
  readonly name: string;
  readonly isSynced: boolean;
  readonly state: string;
  readonly reason?: string;
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

describeWithKubernetes('an account of the chart', ({ helm }) => {
  let chart: InstalledChart;
  let token = '';
  before(async () => {
    chart = await installChart(helm);
    token = (await chart.cluster.kubectl(['create', 'token', name, '--namespace', namespace])).trim();
  });
  after(() => chart.stop());

  /** How many requests the API server has not found to be anybody's right. */
  async function denied(): Promise<number> {
    const metrics = await chart.cluster.api<string>('GET', '/metrics');
    const counts = metrics.matchAll(/^authorization_attempts_total\{result="(?!allowed").*\} (\S+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** The webhook's certificate. */
  const secret = () =>
    chart.cluster.api<{ readonly data: Readonly<Record<string, string>> }>(
      'GET',
      `/api/v1/namespaces/${namespace}/secrets/${name}-webhook`,
    );

  /** Arguments of the Deployment's container, for a process beside the cluster instead of a pod. */
  async function argumentsHere(): Promise<readonly string[]> {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const { args } = (await chart.cluster.api<Deployment>('GET', path)).spec.template.spec.containers[0];
    chart.folder.write('kubeconfig', chart.cluster.kubeconfigOf(token));
    const { data } = await secret();
    for (const [file, text] of Object.entries(data)) chart.folder.write(file, decoded(text));
    const anyPorts = ['xds', 'http', 'webhook'].map((what) => `--${what}-address=127.0.0.1:0`);
    return [
      ...args
        .filter((arg) => arg !== '--in-cluster')
        .map((arg) => arg.replace(mountPath, chart.folder.path).replace('/var/lib/fairway', chart.folder.at('kept'))),
      ...anyPorts,
      `--kubeconfig=${chart.folder.at('kubeconfig')}`,
    ];
  }

  test('may do all that Fairway does, and the webhook’s certificate is believed', async (context) => {
    // One kind is not there: whether it will come is looked up too.
    await chart.cluster.kubectl(['delete', 'crd', 'wasmplugins.extensions.istio.io']);
    const before = await denied();
    const command = ['--disable-warning=ExperimentalWarning', main, ...(await argumentsHere())];
    const fairway = follow(context, spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] }));
    const [, http = ''] = await fairway.untilSays(/HTTP on (http:[^"\s]+)/);
    const sources = async () => (await (await fetch(`${http}/debug/sources`)).json()) as readonly Source[];
    const isSeen = ({ isSynced, state }: Source) => isSynced && state !== 'stale';
    // A kind that has just been defined is not served yet. What stays away is told below.
    await until(async () => (await sources()).every(isSeen), { what: 'all sources', mostMs: 20_000 }).catch(() => {});
    const found = await sources();
    assert.ok(found.length > 20);
    assert.deepEqual(
      found.filter(({ state }) => state !== 'live').map(({ state, reason }) => ({ state, reason })),
      [{ state: 'absent', reason: 'the server has no wasmplugins.extensions.istio.io' }],
    );
    const status = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}';
    await chart.cluster.kubectl(['create', '-f', '-'], rule);
    await until(async () => (await chart.cluster.kubectl(['get', 'vs', 'reviews', '-o', status])) === 'True', {
      what: 'a status of the rule',
      mostMs: 20_000,
    });
    assert.equal(await denied(), before);
    const [, webhook = ''] = await fairway.untilSays(/webhook on https:\/\/127\.0\.0\.1:(\d+)/);
    const { data } = await secret();
    await handshake(Number(webhook), decoded(data['ca.crt'] ?? ''));
    fairway.signal('SIGTERM');
    assert.equal(await fairway.exit, 0);
  });

  test('may change nothing else', async () => {
    const { url, ca } = chart.cluster;
    const api = connectApi({ url, ca, token });
    const before = await denied();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    await assert.rejects(api.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, body), { status: 403 });
    // The counter by which the test above knows that nothing was refused.
    assert.equal(await denied(), before + 1);
    /** What it may do in a namespace, as `verb resource` or `verb resource/name`; what is everybody's right is left out. */
    async function writing(where: string): Promise<readonly string[]> {
      const reviews = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
      const { status } = await api.request<RulesReview>('POST', reviews, { spec: { namespace: where } });
      assert.equal(status.incomplete, false);
      return status.resourceRules
        .filter(({ apiGroups }) => !apiGroups.some((group) => /^(authorization|authentication)\.k8s\.io$/.test(group)))
        .flatMap(({ verbs, resources, resourceNames = [''] }) =>
          verbs.flatMap((verb) =>
            resources.flatMap((resource) => resourceNames.map((one) => `${verb} ${resource} ${one}`.trim())),
          ),
        )
        .filter((right) => !/^(get|list|watch) /.test(right))
        .sort();
    }
    const statuses = customResources.map(({ plural }) => `patch ${plural}/status`).sort();
    const registering = ['create', 'delete', 'update'].map((verb) => `${verb} workloadentries`);
    assert.deepEqual(await writing('default'), [...statuses, ...registering].sort());
    const leading = ['create leases', 'update leases fairway-leader'];
    assert.deepEqual(await writing(namespace), [...statuses, ...registering, ...leading].sort());
    api.disconnect();
  });
});
