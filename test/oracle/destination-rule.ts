/** DestinationRules: policies of every kind, subsets, selectors, exportTo, wildcard hosts. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import {
  createdAt,
  exportTo,
  line,
  namespace,
  partly,
  port,
  rarely,
  ruleHost,
  selector,
  version,
  written,
} from './universe.ts';

const hash = fc.constantFrom(
  { httpHeaderName: 'user' },
  { httpCookie: { name: 'c', ttl: '1s' } },
  { useSourceIp: true },
  { httpQueryParameterName: 'q', ringHash: { minimumRingSize: 8 } },
  { useSourceIp: true, maglev: { tableSize: 11 } },
);

export const localityLbSetting = fc.constantFrom(
  { enabled: false },
  { failover: [{ from: 'r1', to: 'r2' }] },
  { failoverPriority: ['topology.kubernetes.io/region', 'version'] },
  { failoverPriority: ['version=v2', 'tier'] },
  { failoverPriority: ['topology.istio.io/network', 'kubernetes.io/hostname'] },
  { distribute: [{ from: 'r1/*', to: { 'r1/z1/*': 80, 'r2/*': 20 } }] },
);

const loadBalancer = fc.oneof(
  fc.constantFrom(
    { simple: 'ROUND_ROBIN' },
    { simple: 'PASSTHROUGH' },
    { simple: 'RANDOM', warmup: { duration: '1s' } },
  ),
  hash.map((consistentHash) => ({ consistentHash })),
  localityLbSetting.map((setting) => ({ localityLbSetting: setting })),
  fc
    .tuple(hash, localityLbSetting)
    .map(([consistentHash, setting]) => ({ consistentHash, localityLbSetting: setting })),
);

export const connectionPool = fc.constantFrom(
  { tcp: { maxConnections: 7 } },
  { tcp: { idleTimeout: '9s', maxConnectionDuration: '8s' } },
  { http: { http1MaxPendingRequests: 3, h2UpgradePolicy: 'UPGRADE' } },
  { http: { useClientProtocol: true, idleTimeout: '3s' } },
  { tcp: { tcpKeepalive: { probes: 3 } }, http: { maxConcurrentStreams: 5 } },
);

export const outlierDetection = fc.constantFrom(
  { consecutive5xxErrors: 3 },
  { consecutiveGatewayErrors: 2, minHealthPercent: 30 },
  { interval: '1s', splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2 },
);

const tls = fc.constantFrom(
  { mode: 'DISABLE' },
  { mode: 'SIMPLE', sni: 'sni.test' },
  { mode: 'SIMPLE', credentialName: 'secret' },
  { mode: 'MUTUAL', clientCertificate: '/c', privateKey: '/k', caCertificates: '/a' },
);

const settings = { loadBalancer, connectionPool, outlierDetection, tls };

const isNotEmpty = (value: object) => Object.keys(value).length > 0;

const portLevel = fc
  .uniqueArray(fc.record({ port, settings: partly(settings) }), {
    minLength: 1,
    maxLength: 2,
    selector: ({ port }) => port,
  })
  .map((all) => all.map(({ port, settings }) => ({ port: { number: port }, ...settings })));

const trafficPolicy = fc
  .record({
    settings: partly(settings),
    portLevelSettings: rarely(portLevel),
    once: rarely(
      fc.constantFrom(
        { tunnel: { targetHost: 'tunnel.test', targetPort: 444 } },
        { proxyProtocol: { version: 'V2' } },
        { retryBudget: { percent: 30 } },
      ),
    ),
  })
  .map(({ settings, portLevelSettings, once }) => written({ ...settings, portLevelSettings, ...once }))
  .filter(isNotEmpty);

const subsets = fc.uniqueArray(
  fc
    .record({
      name: version,
      labels: rarely(fc.constantFrom({ version: 'v1' }, { app: 'x' })),
      trafficPolicy: rarely(trafficPolicy),
    })
    .map(({ name, labels, trafficPolicy }) => written({ name, labels: labels ?? { version: name }, trafficPolicy })),
  { maxLength: 2, selector: ({ name }) => name },
);

export const destinationRule: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('dr-1', 'dr-2', 'dr-3'),
    createdAt,
    line,
    host: ruleHost,
    trafficPolicy: fc.option(trafficPolicy, { nil: undefined }),
    subsets: fc.option(subsets, { nil: undefined }),
    exportTo,
    workloadSelector: rarely(selector.map((matchLabels) => ({ matchLabels }))),
  })
  .map(({ host, trafficPolicy, subsets, exportTo, workloadSelector, ...head }) => ({
    ...head,
    group: 'networking.istio.io',
    kind: 'DestinationRule',
    body: {
      spec: written({
        host,
        trafficPolicy,
        subsets,
        exportTo: workloadSelector === undefined ? exportTo : undefined,
        workloadSelector,
      }),
    },
  }));
