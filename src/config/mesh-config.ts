/** MeshConfig: its schema, and the settings that follow from it with all defaults in place. */
import {
  any,
  boolean,
  duration,
  enumOf,
  type Infer,
  isRecord,
  list,
  map,
  notExecuted,
  number,
  object,
  port,
  type Schema,
  string,
  uint32,
} from '../lib/schema.ts';
import { forwardModes } from '../model/gateway-topology.ts';
import { connectionPool, localityLoadBalancing, outlierDetection, tcpKeepalive } from './destination-rule.ts';
import { httpRetry } from './virtual-service.ts';

/** What a proxy's defaults and its PROXY_CONFIG metadata may say; parts that only the agent reads are left alone. */
export const meshProxyConfig = object(
  {
    discoveryAddress: string,
    concurrency: any,
    interceptionMode: enumOf('REDIRECT', 'TPROXY', 'NONE'),
    statusPort: port,
    tracing: object(
      { sampling: notExecuted(number), maxPathTagLength: notExecuted(uint32), customTags: notExecuted(any) },
      { isOpen: true },
    ),
    gatewayTopology: object({
      numTrustedProxies: uint32,
      forwardClientCertDetails: enumOf('UNDEFINED', ...forwardModes),
      proxyProtocol: any,
    }),
    proxyHeaders: notExecuted(any),
  },
  { isOpen: true },
);

interface Stated {
  /** As it was written. */
  readonly stated?: { readonly [field: string]: unknown };
}

/** Keeps the value beside what it is decoded to: proxies get parts of it that nobody reads here. */
function asStated<T>({ json, decode }: Schema<T>): Schema<T & Stated> {
  return {
    json,
    decode(value, path, report) {
      const decoded = decode(value, path, report);
      return decoded === undefined || !isRecord(value) ? undefined : { ...decoded, stated: value };
    },
  };
}

const labelSelector = object({
  matchLabels: map(string),
  matchExpressions: list(
    object(
      { key: string, operator: enumOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(string) },
      { required: ['key', 'operator'] },
    ),
  ),
});

export const meshConfig = object({
  proxyListenPort: port,
  proxyInboundListenPort: port,
  proxyHttpPort: port,
  connectTimeout: duration,
  protocolDetectionTimeout: duration,
  tcpKeepalive,
  accessLogFile: string,
  accessLogFormat: string,
  accessLogEncoding: enumOf('TEXT', 'JSON'),
  enableTracing: notExecuted(boolean),
  enableAutoMtls: notExecuted(boolean),
  enablePrometheusMerge: boolean,
  enableEnvoyAccessLogService: notExecuted(boolean),
  disableEnvoyListenerLog: notExecuted(boolean),
  defaultConfig: asStated(meshProxyConfig),
  outboundTrafficPolicy: object({ mode: enumOf('REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS') }),
  inboundTrafficPolicy: object({ mode: enumOf('PASSTHROUGH', 'LOCALHOST') }),
  configSources: notExecuted(any),
  trustDomain: notExecuted(string),
  trustDomainAliases: notExecuted(list(string)),
  caCertificates: notExecuted(any),
  defaultServiceExportTo: list(string),
  defaultVirtualServiceExportTo: list(string),
  defaultDestinationRuleExportTo: list(string),
  rootNamespace: string,
  localityLbSetting: localityLoadBalancing,
  dnsRefreshRate: duration,
  h2UpgradePolicy: enumOf('DO_NOT_UPGRADE', 'UPGRADE'),
  inboundClusterStatName: string,
  outboundClusterStatName: string,
  certificates: notExecuted(any),
  thriftConfig: notExecuted(any),
  serviceSettings: list(object({ settings: object({ clusterLocal: boolean }), hosts: list(string) })),
  verifyCertificateAtClient: notExecuted(boolean),
  ca: notExecuted(any),
  extensionProviders: notExecuted(any),
  defaultProviders: notExecuted(any),
  discoverySelectors: list(labelSelector),
  pathNormalization: object({
    normalization: enumOf('DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'),
  }),
  defaultHttpRetryPolicy: httpRetry,
  defaultInboundHttpRetryPolicy: httpRetry,
  defaultTrafficPolicy: object({ connectionPool, outlierDetection }),
  meshMTLS: notExecuted(any),
  tlsDefaults: object({
    minProtocolVersion: enumOf('TLS_AUTO', 'TLSV1_2', 'TLSV1_3'),
    ecdhCurves: list(string),
    cipherSuites: list(string),
  }),
  ingressService: notExecuted(string),
  ingressControllerMode: notExecuted(enumOf('UNSPECIFIED', 'OFF', 'DEFAULT', 'STRICT')),
  ingressClass: notExecuted(string),
  ingressSelector: notExecuted(string),
  hboneIdleTimeout: notExecuted(duration),
  serviceScopeConfigs: notExecuted(any),
});

export type MeshConfig = Infer<typeof meshConfig>;
