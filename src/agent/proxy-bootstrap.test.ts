import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrap } from './bootstrap.ts';
import type { Pod } from './pod.ts';
import { concurrencyOf, dialectOf, type EnvoySettings, envoyArguments, proxyBootstrap } from './proxy-bootstrap.ts';
import type { ProxyConfig } from './proxy-config.ts';

const pod: Pod = {
  ips: ['10.0.0.7'],
  name: 'web-1',
  namespace: 'shop',
  serviceAccount: 'web',
  labels: { app: 'web' },
  annotations: {},
  workload: 'web',
  cluster: 'Kubernetes',
  metadata: {},
};

function made(config: ProxyConfig, changed: Partial<Pod> = {}) {
  const xds = { host: 'fairway.istio-system', port: 15010 };
  return proxyBootstrap({
    type: 'sidecar',
    pod: { ...pod, ...changed },
    config,
    xds,
    dialect: 'delta',
    domainSuffix: 'cluster.local',
  });
}

/** The bootstrap as JSON, of which tests look at a part. */
function part(config: ProxyConfig, path: readonly (string | number)[], changed: Partial<Pod> = {}): unknown {
  const whole: unknown = JSON.parse(JSON.stringify(bootstrap(made(config, changed))));
  return path.reduce<unknown>((value, key) => (value as { readonly [key: string]: unknown })?.[key], whole);
}

describe("a proxy's bootstrap", () => {
  it('says who it is in the form of Istio', () => {
    assert.deepEqual(
      part({ interceptionMode: 'TPROXY', stated: { interceptionMode: 'TPROXY' } }, ['node'], {
        ips: ['10.0.0.7', '2001:db8::7'],
      }),
      {
        id: 'sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local',
        cluster: 'web.shop',
        metadata: {
          NAME: 'web-1',
          NAMESPACE: 'shop',
          CLUSTER_ID: 'Kubernetes',
          SERVICE_ACCOUNT: 'web',
          LABELS: { app: 'web' },
          INSTANCE_IPS: '10.0.0.7,2001:db8::7',
          WORKLOAD_NAME: 'web',
          ISTIO_VERSION: '1.30.0',
          INTERCEPTION_MODE: 'TPROXY',
          ENVOY_STATUS_PORT: 15021,
          ENVOY_PROMETHEUS_PORT: 15090,
          PROXY_CONFIG: { interceptionMode: 'TPROXY' },
        },
      },
    );
  });

  it('asks DNS for a control plane that has a name', () => {
    assert.equal(part({}, ['static_resources', 'clusters', 0, 'type']), 'STRICT_DNS');
  });

  it('listens on IPv6 where its pod has an address of it', () => {
    const address = ['static_resources', 'listeners', 0, 'address', 'socket_address', 'address'];
    assert.equal(part({}, address), '0.0.0.0');
    assert.equal(part({}, address, { ips: ['10.0.0.7', '2001:db8::7'] }), '::');
  });

  it('keeps the statistics that an annotation names, before those of the ProxyConfig', () => {
    const patterns = ['stats_config', 'stats_matcher', 'inclusion_list', 'patterns'];
    const config = { proxyStatsMatcher: { inclusionPrefixes: ['http'] } };
    const always = ['cluster_manager', 'listener_manager', 'server', 'cluster.xds-grpc'].map((prefix) => ({ prefix }));
    assert.equal(part({}, patterns), undefined);
    const needed = ['downstream_cx_active', 'downstream_rq_active'].map((suffix) => ({ suffix }));
    assert.deepEqual(part(config, patterns), [...always, { prefix: 'http' }, ...needed]);
    assert.deepEqual(
      part(config, patterns, { annotations: { 'sidecar.istio.io/statsInclusionPrefixes': 'tcp, cluster' } }),
      [...always, { prefix: 'tcp' }, { prefix: 'cluster' }, ...needed],
    );
  });

  it('limits connections where a runtime value of that name says so', () => {
    const limit = ['overload_manager', 'resource_monitors', 0, 'typed_config', 'max_active_downstream_connections'];
    const runtimeValues = { 'overload.global_downstream_max_connections': '50000' };
    assert.deepEqual([part({}, limit), part({ runtimeValues }, limit)], [2147483647, 50000]);
  });

  it('says the cluster that its ProxyConfig states, but for the one of charts', () => {
    const clusters = ['checkout', 'istio-proxy'].map((serviceCluster) => part({ serviceCluster }, ['node', 'cluster']));
    assert.deepEqual(clusters, ['checkout', 'web.shop']);
  });

  it('sends spans to the collector that its ProxyConfig names', () => {
    const config = { tracing: { zipkin: { address: 'zipkin.tracing:9411' } } };
    const names = (part(config, ['static_resources', 'clusters']) as readonly { readonly name: string }[]).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['xds-grpc', 'sds-grpc', 'prometheus_stats', 'agent', 'zipkin']);
    assert.equal(part(config, ['tracing', 'http', 'name']), 'envoy.tracers.zipkin');
  });
});

/** What every Envoy is told. */
const always = '--config-path b.json --disable-hot-restart --drain-time-s';

describe("Envoy's arguments", () => {
  const check = (
    name: string,
    settings: Omit<EnvoySettings, 'concurrency'> & { concurrency?: number },
    expected: string,
  ) => it(name, () => assert.equal(envoyArguments('b.json', { concurrency: 2, ...settings }).join(' '), expected));
  const quiet = '--drain-strategy immediate --log-level warning --component-log-level misc:error';
  check('drain for 45 s unless somebody says otherwise', { config: {} }, `${always} 45 ${quiet} --concurrency 2`);
  check(
    'state the time to drain in whole seconds',
    { config: { drainDuration: 1500 } },
    `${always} 2 ${quiet} --concurrency 2`,
  );
  check('leave threads to Envoy for 0', { config: {}, concurrency: 0 }, `${always} 45 ${quiet}`);
  check(
    'state what is logged',
    { config: {}, logLevel: 'info', componentLogLevel: 'upstream:debug' },
    `${always} 45 --drain-strategy immediate --log-level info --component-log-level upstream:debug --concurrency 2`,
  );
});

describe('the dialect of xDS', () => {
  for (const [stated, expected] of [
    [undefined, 'delta'],
    ['true', 'delta'],
    ['false', 'sotw'],
    ['0', 'sotw'],
  ] as const)
    it(`is ${expected} for ${stated}`, () =>
      assert.equal(dialectOf(stated === undefined ? {} : { ISTIO_DELTA_XDS: stated }), expected));

  it('is not guessed', () =>
    assert.throws(() => dialectOf({ ISTIO_DELTA_XDS: 'no' }), {
      message: 'expected ISTIO_DELTA_XDS to be true or false, found "no"',
    }));
});

describe('threads of Envoy', () => {
  const check = (name: string, config: ProxyConfig, limit: string | undefined, expected: number) =>
    it(name, () => assert.equal(concurrencyOf(config, { ISTIO_CPU_LIMIT: limit }), expected));
  check('are two when nothing says how many', {}, undefined, 2);
  check('are as many as CPUs may be used', {}, '3', 3);
  check('are rounded up', {}, '1500m', 2);
  check('are what the ProxyConfig says, whatever the limit', { concurrency: 1 }, '3', 1);
  check('are one by core for 0', { concurrency: 0 }, '3', 0);

  it('are not guessed from a limit that is none', () =>
    assert.throws(() => concurrencyOf({}, { ISTIO_CPU_LIMIT: 'two' }), {
      message: 'expected ISTIO_CPU_LIMIT to be CPUs such as 2 or 1500m, found "two"',
    }));
});
