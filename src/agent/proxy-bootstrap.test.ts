import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrap } from './bootstrap.ts';
import type { Pod } from './pod.ts';
import { envoyArguments, proxyBootstrap } from './proxy-bootstrap.ts';
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
    assert.deepEqual(part(config, patterns), [...always, { prefix: 'http' }]);
    assert.deepEqual(
      part(config, patterns, { annotations: { 'sidecar.istio.io/statsInclusionPrefixes': 'tcp, cluster' } }),
      [...always, { prefix: 'tcp' }, { prefix: 'cluster' }],
    );
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
const quiet = '--drain-strategy immediate --log-level warning --component-log-level misc:error';

describe("Envoy's arguments", () => {
  const check = (name: string, config: ProxyConfig, expected: string) =>
    it(name, () => assert.equal(envoyArguments('b.json', { config }).join(' '), expected));
  check('drain for 45 s unless somebody says otherwise', {}, `${always} 45 ${quiet}`);
  check(
    'state threads and the time to drain',
    { concurrency: 2, drainDuration: 1500 },
    `${always} 2 ${quiet} --concurrency 2`,
  );
});
