import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { usualSettings } from '../../test/support/injection.ts';
import { inject } from './inject.ts';
import { jsonPatch, type Operation } from './json-patch.ts';
import type { Pod } from './pod.ts';
import { workloadOf } from './workload.ts';

const web = { name: 'web', image: 'web:1' };
const injectedPod = (pod: Pod, settings = usualSettings) =>
  inject({ pod, namespace: { name: 'shop' }, workload: workloadOf(pod), settings });

it('groups of processes are intercepted as the ProxyConfig says', () => {
  const argumentsBy = (proxyMetadata: string) => {
    const metadata = { annotations: { 'proxy.istio.io/config': `proxyMetadata: ${proxyMetadata}` } };
    return injectedPod({ metadata, spec: { containers: [web] } }).pod?.spec.initContainers?.[0]?.args;
  };
  assert.deepEqual(
    [
      '{ ISTIO_OUTBOUND_OWNER_GROUPS: "101,java" }',
      '{ ISTIO_OUTBOUND_OWNER_GROUPS: "*", ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE: "202" }',
    ].map(argumentsBy),
    [
      ['iptables', '--include-outbound-groups', '101,java'],
      ['iptables', '--exclude-outbound-groups', '202'],
    ],
  );
});

it('questions to DNS are captured by any word for yes that the agent takes for it', () => {
  const argumentsBy = (word: string) => {
    const metadata = {
      annotations: { 'proxy.istio.io/config': `proxyMetadata: { ISTIO_META_DNS_CAPTURE: "${word}" }` },
    };
    const { pod } = injectedPod({ metadata, spec: { containers: [web] } });
    return pod?.spec.initContainers?.[0]?.args;
  };
  const captured = ['iptables', '--dns-port', '15053'];
  assert.deepEqual(['true', 'True', '1', 'false'].map(argumentsBy), [captured, captured, captured, ['iptables']]);
});

describe('an annotation that cannot be used', () => {
  function check(annotations: { readonly [name: string]: string }, ...expected: readonly string[]): void {
    it(JSON.stringify(annotations), () => {
      const { pod, findings } = injectedPod({ metadata: { annotations }, spec: { containers: [web] } });
      assert.deepEqual(
        { pod, findings: findings.map(({ path, message, code }) => `${path}: ${message} [${code}]`) },
        { pod: undefined, findings: expected.map((line) => `metadata.annotations["${line} [FW3202]`) },
      );
    });
  }
  const traffic = 'traffic.sidecar.istio.io';
  check(
    { [`${traffic}/excludeInboundPorts`]: '80,x' },
    `${traffic}/excludeInboundPorts"]: expected ports with commas between them, found "x"`,
  );
  check(
    { [`${traffic}/includeInboundPorts`]: '70000' },
    `${traffic}/includeInboundPorts"]: expected ports with commas between them, or *, found "70000"`,
  );
  check(
    { [`${traffic}/includeOutboundIPRanges`]: '10.0.0.0/33' },
    `${traffic}/includeOutboundIPRanges"]: expected CIDR blocks with commas between them, such as 10.0.0.0/8, or *, found "10.0.0.0/33"`,
  );
  check(
    { [`${traffic}/excludeInterfaces`]: '-i eth0' },
    `${traffic}/excludeInterfaces"]: expected names of network interfaces with commas between them, found "-i eth0"`,
  );
  check(
    { 'sidecar.istio.io/interceptionMode': 'tproxy' },
    'sidecar.istio.io/interceptionMode"]: expected REDIRECT, TPROXY, NONE, found "tproxy"',
  );
  check(
    { 'sidecar.istio.io/rewriteAppHTTPProbers': 'maybe' },
    'sidecar.istio.io/rewriteAppHTTPProbers"]: expected "true" or "false", found "maybe"',
  );
  check(
    { 'sidecar.istio.io/proxyCPU': 'much', 'sidecar.istio.io/proxyMemory': '1 GB' },
    'sidecar.istio.io/proxyCPU"]: expected a quantity such as 100m or 128Mi, found "much"',
    'sidecar.istio.io/proxyMemory"]: expected a quantity such as 100m or 128Mi, found "1 GB"',
  );
  check(
    { 'sidecar.istio.io/proxyCPU': '1500m', 'sidecar.istio.io/proxyCPULimit': '1' },
    'sidecar.istio.io/proxyCPU"]: expected at most the limit of 1, found 1500m',
  );
  check(
    { 'sidecar.istio.io/proxyMemory': '1Gi', 'sidecar.istio.io/proxyMemoryLimit': '1G' },
    'sidecar.istio.io/proxyMemory"]: expected at most the limit of 1G, found 1Gi',
  );
  check(
    { 'sidecar.istio.io/logLevel': 'verbose' },
    'sidecar.istio.io/logLevel"]: expected trace, debug, info, warning, warn, error, critical, off, found "verbose"',
  );
  check(
    { 'sidecar.istio.io/componentLogLevel': 'http:debug, upstream:loud' },
    'sidecar.istio.io/componentLogLevel"]: expected a list such as http:debug,upstream:info, with levels among trace, debug, info, warning, warn, error, critical, off, found "upstream:loud"',
  );
  check(
    { 'sidecar.istio.io/componentLogLevel': 'debug' },
    'sidecar.istio.io/componentLogLevel"]: expected a list such as http:debug,upstream:info, with levels among trace, debug, info, warning, warn, error, critical, off, found "debug"',
  );
  check(
    { 'sidecar.istio.io/agentLogLevel': 'default:info,dns:trace' },
    'sidecar.istio.io/agentLogLevel"]: expected a level among debug, info, warn, error, fatal, none, found "dns:trace"',
  );
  check(
    { 'proxy.istio.io/config': 'concurrency: many' },
    'proxy.istio.io/config"]: concurrency: expected a whole number from 0 to 1024, found "many"',
  );
  check(
    { 'proxy.istio.io/config': 'x'.repeat(70_000) },
    'proxy.istio.io/config"]: expected at most 65536 characters, found 70000',
  );
});

describe('what a pod states and nobody acts upon is told, and keeps nobody', () => {
  function check(name: string, annotations: { readonly [name: string]: string }, ...expected: readonly string[]): void {
    it(name, () => {
      const { pod, findings } = injectedPod({ metadata: { annotations }, spec: { containers: [web] } });
      assert.notEqual(pod, undefined);
      assert.deepEqual(
        findings.map(({ severity, path, message, code }) => `${severity}: ${path}: ${message} [${code}]`),
        expected,
      );
    });
  }
  const none = 'expected an annotation that has an effect here, found one that has none [FW0009]';
  check(
    "annotations of Istio's injection",
    { 'sidecar.istio.io/userVolume': '{}', 'sidecar.istio.io/proxyImageType': 'distroless' },
    `warning: metadata.annotations["sidecar.istio.io/userVolume"]: ${none}`,
    `warning: metadata.annotations["sidecar.istio.io/proxyImageType"]: ${none}`,
  );
  check(
    'mistyped ones',
    { 'traffic.sidecar.istio.io/excludeOutboundPort': '3306', 'sidecar.istio.io/proxyCpu': '1' },
    'warning: metadata.annotations["traffic.sidecar.istio.io/excludeOutboundPort"]: expected a known annotation such as traffic.sidecar.istio.io/excludeOutboundPorts, found one that nobody knows [FW3202]',
    'warning: metadata.annotations["sidecar.istio.io/proxyCpu"]: expected a known annotation such as sidecar.istio.io/proxyCPU, found one that nobody knows [FW3202]',
  );
  check(
    'mistyped fields of a ProxyConfig, and not those that are new or old',
    { 'proxy.istio.io/config': 'concurency: 2\nsomethingNew: 1\nsds: {}\ndrain_duration: 5s\n' },
    'warning: metadata.annotations["proxy.istio.io/config"]: expected a known field such as concurrency, found the unknown field concurency [FW3202]',
  );
  check('annotations of others', { 'sidecar.jaegertracing.io/inject': 'true', 'prometheus.io/scrap': 'true' });
});

describe('the level of the agent', () => {
  function check(stated: string, expected: string | undefined, ...warnings: readonly string[]): void {
    it(`by ${stated}`, () => {
      const pod: Pod = {
        metadata: { annotations: { 'sidecar.istio.io/agentLogLevel': stated } },
        spec: { containers: [] },
      };
      const { pod: after, findings } = injectedPod(pod, { ...usualSettings, logLevels: { agent: 'warn' } });
      const args = after?.spec.initContainers?.find((one) => one.name === 'istio-proxy')?.args as readonly string[];
      const at = args.indexOf('--log-level');
      assert.deepEqual(
        { level: at < 0 ? undefined : args[at + 1], said: findings.map(({ message }) => message) },
        { level: expected, said: warnings },
      );
    });
  }
  check('debug', 'debug');
  check('default:debug', 'debug');
  check('default:info, all:error', 'error');
  check('all:none', 'error');
  check('', 'warn');
  check('dns:debug', 'warn', 'expected the scope default or all, since the agent has no others, found "dns:debug"');
});

describe('the workload of a pod', () => {
  const owned = (kind: string, name: string, apiVersion = 'apps/v1', labels = {}): Pod => ({
    metadata: { generateName: 'x-', labels, ownerReferences: [{ apiVersion, kind, name, controller: true }] },
    spec: { containers: [] },
  });

  function check(name: string, pod: Pod, kind: string, workload: string): void {
    it(name, () => {
      const found = workloadOf(pod);
      assert.deepEqual([found.kind, found.name], [kind, workload]);
    });
  }
  const hash = { 'pod-template-hash': '6c5d' };
  check('is the Deployment of its ReplicaSet', owned('ReplicaSet', 'web-6c5d', 'apps/v1', hash), 'Deployment', 'web');
  check('is a ReplicaSet that nobody owns', owned('ReplicaSet', 'web-6c5d'), 'ReplicaSet', 'web-6c5d');
  check('is the CronJob of its Job', owned('Job', 'nightly-29123456', 'batch/v1'), 'CronJob', 'nightly');
  check('is its StatefulSet', owned('StatefulSet', 'db'), 'StatefulSet', 'db');
  check(
    'is what its name is generated from',
    { metadata: { generateName: 'web-' }, spec: { containers: [] } },
    'Pod',
    'web',
  );
  check('is the pod itself', { metadata: { name: 'web' }, spec: { containers: [] } }, 'Pod', 'web');
});

/** What an API server does. */
function applied(object: unknown, operations: readonly Operation[]): unknown {
  const root = { value: structuredClone(object) };
  for (const operation of operations) {
    const parts = `/value${operation.path}`
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = parts.pop() ?? '';
    const place = parts.reduce<unknown>((at, part) => (at as { [key: string]: unknown })[part], root) as {
      [key: string]: unknown;
    };
    assert.equal(operation.op === 'add', place[last] === undefined, operation.path);
    if (operation.op === 'remove') delete place[last];
    else place[last] = operation.value;
  }
  return root.value;
}

const name = fc.constantFrom('a', 'b', 'istio-proxy', 'istio-init');
const probe = fc.oneof(
  fc.record({
    httpGet: fc.record({ path: fc.constantFrom('/', '/x'), port: fc.constantFrom(80, 'http', '81', 'none') }),
  }),
  fc.record({ tcpSocket: fc.record({ port: fc.constantFrom(80, 'http') }) }),
  fc.record({ grpc: fc.record({ port: fc.constant(9000) }) }),
  fc.record({ exec: fc.record({ command: fc.constant(['true']) }) }),
);
const container = fc.record(
  {
    name,
    image: fc.constantFrom('auto', 'x'),
    ports: fc.constant([{ name: 'http', containerPort: 8080 }]),
    livenessProbe: probe,
    readinessProbe: probe,
    env: fc.array(fc.record({ name: fc.constantFrom('A', 'POD_NAME'), value: fc.constant('v') }), { maxLength: 1 }),
    lifecycle: fc.constantFrom(null, { preStop: { sleep: { seconds: 1 } } }),
  },
  { requiredKeys: ['name'] },
);
const containers = (minLength: number) =>
  fc.uniqueArray(container, { minLength, maxLength: 3, selector: (one) => one.name });
const annotations = fc.record(
  {
    'sidecar.istio.io/nativeSidecar': fc.constantFrom('true', 'false'),
    'sidecar.istio.io/interceptionMode': fc.constantFrom('REDIRECT', 'TPROXY', 'NONE'),
    'proxy.istio.io/config': fc.constantFrom('holdApplicationUntilProxyStarts: true', '{}'),
    'prometheus.io/scrape': fc.constantFrom('true', 'false'),
    'a/b~c': fc.constant('odd'),
  },
  { requiredKeys: [] },
);
const pods = fc
  .record(
    {
      metadata: fc.record(
        { name: fc.constant('web'), labels: fc.constantFrom({}, { app: 'web' }), annotations },
        { requiredKeys: [] },
      ),
      spec: fc.record(
        {
          containers: containers(1),
          initContainers: containers(0),
          volumes: fc.constant([{ name: 'v', emptyDir: {} }]),
        },
        { requiredKeys: ['containers'] },
      ),
    },
    { requiredKeys: ['spec'] },
  )
  // Plain objects, as JSON gives them.
  .map((pod) => structuredClone(pod) as Pod);

describe('whatever the pod', () => {
  it('a second time changes nothing', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const once = injectedPod(pod).pod;
        assert.ok(once !== undefined);
        assert.equal(injectedPod(once).refusal?.isDone, true);
      }),
    );
  });

  it('its patch makes of it what is meant, and it stays itself', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const before = structuredClone(pod);
        const { pod: after } = injectedPod(pod);
        assert.deepEqual(applied(pod, jsonPatch(pod, after)), JSON.parse(JSON.stringify(after)));
        assert.deepEqual(pod, before);
      }),
    );
  });

  it('it has one proxy, and no name twice', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const { spec } = injectedPod(pod).pod ?? { spec: { containers: [] } };
        const names = [...(spec.initContainers ?? []), ...spec.containers].map((one) => one.name);
        assert.equal(names.filter((one) => one === 'istio-proxy').length, 1);
        assert.equal(new Set((spec.containers ?? []).map((one) => one.name)).size, spec.containers.length);
      }),
    );
  });
});
