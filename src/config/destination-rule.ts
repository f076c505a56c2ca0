/** The DestinationRule: its schema. */
import {
  boolean,
  duration,
  enumOf,
  type Infer,
  int32,
  list,
  map,
  notExecuted,
  number,
  object,
  port,
  string,
  struct,
  uint32,
} from '../lib/schema.ts';
import * as about from './about/destination-rule.ts';

export const localityLoadBalancing = object(
  {
    distribute: list(object({ from: string, to: map(uint32) })),
    failover: list(object({ from: string, to: string })),
    failoverPriority: list(string),
    enabled: boolean,
  },
  { about: about.localityLoadBalancing },
);

const consistentHash = object(
  {
    httpHeaderName: string,
    httpCookie: object(
      { name: string, path: string, ttl: duration, attributes: list(object({ name: string, value: string })) },
      { required: ['name'] },
    ),
    useSourceIp: boolean,
    httpQueryParameterName: string,
    ringHash: object({ minimumRingSize: uint32 }),
    maglev: object({ tableSize: uint32 }),
    minimumRingSize: uint32,
  },
  {
    about: about.consistentHash,
    exclusive: [
      ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'],
      ['ringHash', 'maglev'],
    ],
  },
);

const loadBalancer = object(
  {
    simple: enumOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
    consistentHash,
    localityLbSetting: localityLoadBalancing,
    zoneAwareLbSetting: object({
      enabled: boolean,
      minClusterSize: uint32,
      routingEnabled: number,
      failTrafficOnPanic: boolean,
      forceLocalZone: notExecuted(struct),
    }),
    warmupDurationSecs: duration,
    warmup: object({ duration, minimumPercent: number, aggression: number }, { required: ['duration'] }),
  },
  { about: about.loadBalancer, exclusive: [['simple', 'consistentHash']] },
);

export const tcpKeepalive = object(
  { probes: uint32, time: duration, interval: duration },
  { about: about.tcpKeepalive },
);

export const connectionPool = object(
  {
    tcp: object({
      maxConnections: int32,
      connectTimeout: duration,
      tcpKeepalive,
      maxConnectionDuration: duration,
      idleTimeout: duration,
    }),
    http: object({
      http1MaxPendingRequests: int32,
      http2MaxRequests: int32,
      maxRequestsPerConnection: int32,
      maxRetries: int32,
      idleTimeout: duration,
      h2UpgradePolicy: enumOf('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
      useClientProtocol: boolean,
      maxConcurrentStreams: int32,
      http2KeepAlive: object({ interval: duration, timeout: duration }),
    }),
  },
  { about: about.connectionPool },
);

export const outlierDetection = object(
  {
    consecutiveErrors: int32,
    splitExternalLocalOriginErrors: boolean,
    consecutiveLocalOriginFailures: uint32,
    consecutiveGatewayErrors: uint32,
    consecutive5xxErrors: uint32,
    outlierDetectionHttpErrorCodes: list(uint32),
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: int32,
    minHealthPercent: int32,
  },
  { about: about.outlierDetection },
);

export const clientTls = object(
  {
    mode: enumOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
    clientCertificate: string,
    privateKey: string,
    caCertificates: string,
    credentialName: string,
    subjectAltNames: list(string),
    sni: string,
    insecureSkipVerify: boolean,
    caCrl: string,
  },
  { about: about.clientTls },
);

const portLevel = object(
  {
    port: object({ number: port, name: string }),
    loadBalancer,
    connectionPool,
    outlierDetection,
    tls: clientTls,
  },
  { about: about.portLevel },
);

const trafficPolicy = object(
  {
    loadBalancer,
    connectionPool,
    outlierDetection,
    tls: clientTls,
    portLevelSettings: list(portLevel),
    tunnel: object(
      { protocol: string, targetHost: string, targetPort: uint32 },
      { required: ['targetHost', 'targetPort'] },
    ),
    proxyProtocol: object({ version: enumOf('V1', 'V2') }),
    retryBudget: object({ percent: number, minRetryConcurrency: uint32 }),
  },
  { about: about.trafficPolicy },
);

export const destinationRule = object(
  {
    host: string,
    trafficPolicy,
    subsets: list(object({ name: string, labels: map(string), trafficPolicy }, { required: ['name'] })),
    exportTo: list(string),
    workloadSelector: object({ matchLabels: map(string) }),
  },
  { about: about.destinationRule, required: ['host'] },
);

export type DestinationRule = Infer<typeof destinationRule>;
export type TrafficPolicy = Infer<typeof trafficPolicy>;
export type LoadBalancer = Infer<typeof loadBalancer>;
export type ConsistentHash = Infer<typeof consistentHash>;
export type ConnectionPool = Infer<typeof connectionPool>;
export type TcpKeepalive = Infer<typeof tcpKeepalive>;
export type OutlierDetection = Infer<typeof outlierDetection>;
export type ClientTls = Infer<typeof clientTls>;
export type LocalityLoadBalancing = Infer<typeof localityLoadBalancing>;
export type Subset = NonNullable<DestinationRule['subsets']>[number];
