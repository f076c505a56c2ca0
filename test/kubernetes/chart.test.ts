/** The Helm chart as it is rendered: it asks for what the code has, no less and no more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { version } from '../../src/cli/version.ts';
import { customResources } from '../../src/config/custom-resources.ts';
import { configCluster } from '../../src/config-cluster.ts';
import { definitionResource } from '../../src/kubernetes/resources.ts';
import { silent } from '../../src/lib/log.ts';
import { fixedCredentials } from '../../src/lib/server-access.ts';
import { kubernetesRegistry } from '../../src/model/cluster.ts';
import { webhookConfiguration } from '../../src/webhook/configuration.ts';
import { injectionConfiguration } from '../../src/webhook/injection-configuration.ts';
import {
  type ChartValues,
  type Deployment,
  type Rendered,
  release,
  renderChart,
  renderText,
  theOne,
} from './support/chart.ts';
import { describeWithKubernetes } from './support/suite.ts';

/** Values that between them turn on all that there is. */
const variants: Readonly<Record<string, ChartValues>> = {
  'the values of its own': {},
  'everything that can be turned on': {
    'networkPolicy.enabled': true,
    'networkPolicy.httpFrom': [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
    'serviceMonitor.enabled': true,
    'serviceMonitor.labels': { release: 'prometheus' },
    meshConfig: { accessLogFile: '/dev/stdout' },
    systemNamespace: 'mesh',
    podLabels: { team: 'platform' },
    podAnnotations: { note: 'x' },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'infra', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'system-cluster-critical',
    'image.pullSecrets': [{ name: 'registry' }],
    'service.annotations': { note: 'x' },
    'injection.network': 'north',
    'injection.template': { spec: { imagePullSecrets: [{ name: 'registry' }] } },
  },
  'as little as can be': {
    'networkPolicy.enabled': true,
    'networkPolicy.xdsFrom': [],
    'webhook.enabled': false,
    'injection.enabled': false,
    'state.volume': { emptyDir: null, persistentVolumeClaim: { claimName: 'state' } },
    'status.enabled': false,
    replicas: 1,
  },
};

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Role extends Rendered {
  readonly rules: readonly Rule[];
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly service: unknown; readonly caBundle?: string };
}

interface Webhooks extends Rendered {
  readonly webhooks: readonly Webhook[];
}

/** One line for each right: `list virtualservices.networking.istio.io`. Sorted. */
function rightsIn(rules: readonly Rule[]): readonly string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => [verb, group === '' ? resource : `${resource}.${group}`, ...resourceNames].join(' ')),
        ),
      ),
    )
    .sort();
}

/** What the sources of a cluster are called, which is what they list and watch. */
function watched(): readonly string[] {
  const id = 'c';
  const { sources } = configCluster({
    access: {
      server: new URL('https://127.0.0.1'),
      trust: { authorities: async () => undefined, isUnverified: false },
      credentials: fixedCredentials({}),
    },
    id,
    version: '0',
    systemNamespace: 's',
    meshConfigMap: 'istio',
    log: silent,
  });
  return sources.map(({ name }) => name.slice(`${kubernetesRegistry(id)}/`.length));
}

describeWithKubernetes('the chart', ({ helm }) => {
  for (const [name, values] of Object.entries(variants))
    describe(`with ${name}`, () => {
      const objects = renderChart(helm, values);
      const { spec } = theOne<Deployment>(objects, 'Deployment');
      const [container] = spec.template.spec.containers;

      test('starts Fairway with options that it knows', async () => {
        const [command, ...args] = container.args;
        const serve = (await createProgram(command)).commands.find((one) => one.name() === command);
        const { operands, unknown } = serve?.exitOverride().parseOptions([...args]) ?? {};
        assert.deepEqual({ operands, unknown }, { operands: [], unknown: [] });
      });

      test('gives objects that have a namespace one of the two, and the others names of their own', () => {
        const known: readonly unknown[] = [release.namespace, values.systemNamespace];
        const isCluster = ({ kind }: Rendered) => /^Cluster|^Validating|^Mutating/.test(kind);
        const strays = objects
          .filter(({ metadata }) => !known.includes(metadata.namespace))
          .filter((o) => !isCluster(o));
        assert.deepEqual(strays, []);
        const names = objects.filter(isCluster).map(({ metadata }) => metadata.name);
        assert.deepEqual(new Set(names), new Set(['fairway-istio-system']));
      });

      test('serves the Service’s ports', () => {
        const service = theOne<Rendered & { spec: { ports: readonly { targetPort: string }[] } }>(objects, 'Service');
        assert.deepEqual(
          service.spec.ports.map(({ targetPort }) => targetPort),
          container.ports.map(({ name }) => name),
        );
      });
    });

  describe('gives rights', () => {
    function check(name: string, values: ChartValues, expected: readonly string[]): void {
      test(name, () => {
        const roles = renderChart(helm, values).filter((object): object is Role => object.kind.endsWith('Role'));
        assert.deepEqual(rightsIn(roles.flatMap(({ rules }) => rules)), [...expected].sort());
      });
    }
    const reading = watched().flatMap((resource) => [`list ${resource}`, `watch ${resource}`]);
    // Whether a kind is gone is asked by its name.
    const looking = [...reading, `get ${definitionResource.name}`];
    const statuses = customResources.map(({ plural, group }) => `patch ${plural}/status.${group}`);
    const entries = 'workloadentries.networking.istio.io';
    const registering = ['get', 'create', 'update', 'delete'].map((verb) => `${verb} ${entries}`);
    const lease = 'leases.coordination.k8s.io';
    const leading = [`create ${lease}`, `get ${lease} fairway-leader`, `update ${lease} fairway-leader`];
    check('to list and watch what the control plane does, to write statuses, and to register workloads', {}, [
      ...looking,
      ...statuses,
      ...registering,
      ...leading,
    ]);
    check('to write nothing where no statuses are wanted', { 'status.enabled': false }, looking);
  });

  test('runs the control plane with no rights on its node', () => {
    const { template } = theOne<Deployment>(renderChart(helm), 'Deployment').spec;
    const { securityContext } = template.spec.containers[0];
    assert.deepEqual(
      [template.spec.securityContext, securityContext],
      [
        {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          fsGroup: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ],
    );
  });

  describe('runs sidecars of', () => {
    function check(name: string, values: ChartValues, expected: string): void {
      test(name, () => {
        const { args } = theOne<Deployment>(renderChart(helm, values), 'Deployment').spec.template.spec.containers[0];
        assert.deepEqual(
          args.filter((arg) => arg.startsWith('--proxy-image=')),
          [`--proxy-image=${expected}`],
        );
      });
    }
    check('the image beside that of the control plane', {}, `fairway-proxy:${version}`);
    const image = { 'image.repository': 'registry.example:5000/mesh/fairway', 'image.tag': 'x' };
    check('the same registry and tag', image, 'registry.example:5000/mesh/fairway-proxy:x');
    check('another image', { ...image, 'injection.proxyImage': 'own:1' }, 'own:1');
  });

  describe('keeps what it was told', () => {
    function check(name: string, values: ChartValues, volume: object, strategy: string): void {
      test(name, () => {
        const { template, strategy: found } = theOne<Deployment>(renderChart(helm, values), 'Deployment').spec;
        const [{ args, volumeMounts }] = template.spec.containers;
        const state = template.spec.volumes.find((one) => one.name === 'state');
        const mount = volumeMounts.find((one) => one.name === 'state');
        assert.deepEqual(
          [state, mount, found.type],
          [{ name: 'state', ...volume }, { name: 'state', mountPath: '/var/lib/fairway' }, strategy],
        );
        assert.ok(args.includes('--state-dir=/var/lib/fairway/state'));
      });
    }
    check('for each pod', {}, { emptyDir: {} }, 'RollingUpdate');
    const persistentVolumeClaim = { claimName: 'state' };
    const kept = { replicas: 1, 'state.volume': { emptyDir: null, persistentVolumeClaim } };
    check('over the end of the only pod', kept, { persistentVolumeClaim }, 'Recreate');
  });

  test('gives a pod more time to end than proxies have to leave', () => {
    const { template } = theOne<Deployment>(renderChart(helm, { drainSeconds: 45 }), 'Deployment').spec;
    assert.ok(template.spec.containers[0].args.includes('--drain=45s'));
    assert.equal(template.spec.terminationGracePeriodSeconds, 55);
  });

  test('makes a ConfigMap for a MeshConfig, in the namespace and of the name that the control plane reads', () => {
    const meshConfig = { accessLogFile: '/dev/stdout' };
    const objects = renderChart(helm, { meshConfig, meshConfigMap: 'istio-canary', systemNamespace: 'mesh' });
    const { metadata, ...rest } = theOne<Rendered & { data: unknown }>(objects, 'ConfigMap');
    assert.deepEqual([metadata.namespace, metadata.name], ['mesh', 'istio-canary']);
    assert.deepEqual(rest.data, { mesh: 'accessLogFile: /dev/stdout\n' });
    const { args } = theOne<Deployment>(objects, 'Deployment').spec.template.spec.containers[0];
    assert.deepEqual(
      args.filter((arg) => /system-namespace|mesh-config/.test(arg)),
      ['--system-namespace=mesh', '--mesh-config-map=istio-canary'],
    );
  });

  describe('asks the webhook about what it judges', () => {
    const meshConfig = { namespace: 'mesh', name: 'istio-canary' };
    const own = { meshConfigMap: meshConfig.name, systemNamespace: meshConfig.namespace };

    function check(name: string, values: ChartValues, change: (webhook: Webhook) => object): void {
      test(name, () => {
        const objects = renderChart(helm, { ...own, ...values });
        const { webhooks } = theOne<Webhooks>(objects, 'ValidatingWebhookConfiguration');
        const [authorities = ''] = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '');
        const right = webhookConfiguration({
          name: 'any',
          server: { namespace: release.namespace, service: release.name, port: 443 },
          authorities: Buffer.from(authorities, 'base64').toString(),
          meshConfig,
        }) as Webhooks;
        assert.deepEqual(
          webhooks,
          right.webhooks.map((webhook) => ({ ...webhook, ...change(webhook) })),
        );
      });
    }

    check('as the code has it', {}, () => ({}));
    check('as values change it', { 'webhook.failurePolicy': 'Fail', 'webhook.timeoutSeconds': 3 }, () => ({
      failurePolicy: 'Fail',
      timeoutSeconds: 3,
    }));
    const namespaceSelector = { matchLabels: { mesh: 'yes' } };
    check(
      'of some namespaces, and the MeshConfig all the same',
      { 'webhook.namespaceSelector': namespaceSelector },
      (webhook) => (webhook.name.startsWith('rules.') ? { namespaceSelector } : {}),
    );
    const authority = '-----BEGIN CERTIFICATE-----\n';
    const certificate = { existingSecret: 'own', caBundle: authority, days: 1 };
    check('with a certificate of somebody else', { 'webhook.certificate': certificate }, ({ clientConfig }) => ({
      clientConfig: { ...clientConfig, caBundle: Buffer.from(authority).toString('base64') },
    }));
    const existing = { 'webhook.certificate.existingSecret': 'own', 'webhook.annotations': { inject: 'x' } };
    check('with an authority that somebody else writes', existing, ({ clientConfig: { service } }) => ({
      clientConfig: { service },
    }));

    test('and makes no Secret where there is one already', () => {
      const secrets = renderChart(helm, existing).filter(({ kind }) => kind === 'Secret');
      assert.deepEqual(secrets, []);
    });

    test('or not at all', () => {
      const text = renderText(helm, { 'webhook.enabled': false, 'injection.enabled': false });
      assert.doesNotMatch(text, /webhook/i);
    });
  });

  describe('asks the webhook for sidecars', () => {
    function check(name: string, values: ChartValues, revision: string, change: object = {}): void {
      test(name, () => {
        const objects = renderChart(helm, values);
        const { webhooks } = theOne<Webhooks>(objects, 'MutatingWebhookConfiguration');
        const [authorities = ''] = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '');
        const right = injectionConfiguration({
          name: 'any',
          server: { namespace: release.namespace, service: release.name, port: 443 },
          authorities: Buffer.from(authorities, 'base64').toString(),
          revision,
        }) as Webhooks;
        assert.deepEqual(
          webhooks,
          right.webhooks.map((webhook) => ({ ...webhook, ...change })),
        );
      });
    }
    check('as the code has it', {}, 'default');
    check('of another revision', { 'injection.revision': 'canary' }, 'canary');
    check('and goes on without', { 'injection.failurePolicy': 'Ignore' }, 'default', { failurePolicy: 'Ignore' });

    function checkOptions(name: string, values: ChartValues, expected: readonly string[]): void {
      test(name, () => {
        const { args } = theOne<Deployment>(renderChart(helm, values), 'Deployment').spec.template.spec.containers[0];
        const isOfSidecars = /^--(proxy-(pull-policy|requests|limits|log-level|component-log-level)|agent-log-level)=/;
        assert.deepEqual(
          args.filter((one) => isOfSidecars.test(one)),
          expected,
        );
      });
    }
    const levels = ['--proxy-log-level=warning', '--proxy-component-log-level=misc:error', '--agent-log-level=info'];
    checkOptions('of what Istio gives sidecars', {}, [
      ...[
        '--proxy-pull-policy=IfNotPresent',
        '--proxy-requests=cpu=100m,memory=128Mi',
        '--proxy-limits=cpu=2,memory=1Gi',
      ],
      ...levels,
    ]);
    checkOptions(
      'of what the values give them',
      {
        'injection.proxyPullPolicy': 'Always',
        'injection.proxyResources': { requests: { cpu: 0.5, 'ephemeral-storage': '1Gi' }, limits: { cpu: null } },
        'injection.proxyLogLevel': 'debug',
        'injection.proxyComponentLogLevel': 'http:trace,upstream:info',
        'injection.agentLogLevel': 'error',
      },
      [
        '--proxy-pull-policy=Always',
        '--proxy-requests=cpu=0.5,ephemeral-storage=1Gi,memory=128Mi',
        '--proxy-limits=memory=1Gi',
        ...['--proxy-log-level=debug', '--proxy-component-log-level=http:trace,upstream:info'],
        '--agent-log-level=error',
      ],
    );
    checkOptions(
      'without limits, and fetched as the control plane is',
      {
        'image.pullPolicy': 'Never',
        'injection.proxyResources': { limits: null },
        'injection.proxyComponentLogLevel': '',
      },
      [
        ...['--proxy-pull-policy=Never', '--proxy-requests=cpu=100m,memory=128Mi', '--proxy-limits='],
        ...['--proxy-log-level=warning', '--proxy-component-log-level=', '--agent-log-level=info'],
      ],
    );

    checkOptions('without any', { 'injection.proxyResources': null }, [
      ...['--proxy-pull-policy=IfNotPresent', '--proxy-requests=', '--proxy-limits='],
      ...levels,
    ]);

    test('with the template in its place, and new pods for another one', () => {
      const of = (template: object) => renderChart(helm, { 'injection.template': template });
      const template = { metadata: { labels: { team: 'mesh' } } };
      const { data } = theOne<Rendered & { data: unknown }>(of(template), 'ConfigMap');
      assert.deepEqual(data, { 'template.yaml': 'metadata:\n  labels:\n    team: mesh\n' });
      const pods = [template, { spec: {} }].map((one) => theOne<Deployment>(of(one), 'Deployment').spec.template);
      assert.ok(pods[0]?.spec.containers[0].args.includes('--template=/etc/fairway/injection/template.yaml'));
      assert.notDeepEqual(pods[0]?.metadata, pods[1]?.metadata);
    });
  });

  describe('refuses', () => {
    function check(name: string, values: ChartValues, expected: RegExp): void {
      test(name, () => assert.throws(() => renderText(helm, values), expected));
    }
    check('a value that nobody knows', { replica: 3 }, /additional properties 'replica' not allowed/);
    check('a value within others that nobody knows', { 'image.name': 'x' }, /additional properties 'name' not allowed/);
    check('a number as a text', { drainSeconds: '20s' }, /drainSeconds.*got string, want integer/s);
    check(
      'a certificate that nobody vouches for',
      { 'webhook.certificate.existingSecret': 'own' },
      /expected webhook\.certificate\.caBundle beside existingSecret/,
    );
    check(
      'sidecars without the webhook',
      { 'webhook.enabled': false },
      /expected webhook\.enabled beside injection\.enabled/,
    );
    check(
      'one folder for two',
      { 'state.volume': { emptyDir: null, persistentVolumeClaim: { claimName: 'state' } } },
      /expected one replica with state\.volume\.persistentVolumeClaim/,
    );
    check('a quantity that is none', { 'injection.proxyResources': { limits: { cpu: 'much' } } }, /much|limits/);
    check('a level that Envoy has not', { 'injection.proxyLogLevel': 'verbose' }, /value must be one of 'trace'/);
    check(
      'such a level of a component',
      { 'injection.proxyComponentLogLevel': 'http:verbose' },
      /'http:verbose' does not match pattern/,
    );
    check('a choice that there is not', { 'webhook.failurePolicy': 'ignore' }, /value must be one of 'Ignore', 'Fail'/);
  });
});
