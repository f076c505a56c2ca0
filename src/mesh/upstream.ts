/** The parts of a cluster that a traffic policy shapes: limits, ejection, load balancing, HTTP, TLS. */
import type { ClientTls, ConnectionPool, LoadBalancer, OutlierDetection } from '../config/destination-rule.ts';
import type { LimitsIr, LoadBalancingIr, OutlierDetectionIr, TransportIr, UpstreamHttpIr } from '../ir/cluster.ts';
import type { AuthoritySourceIr, CertificateSourceIr, TlsParametersIr, UpstreamTlsIr } from '../ir/tls.ts';
import { withoutUndefined } from '../lib/without-undefined.ts';
import { isHttp, isHttp2, type Protocol } from '../model/protocol.ts';
import type { Service } from '../model/service.ts';
import { clientCredentials, isPublic } from './credentials.ts';
import type { PortPolicy } from './destination-policy.ts';
import { isLocalityWeighted, type LocalitySetting } from './locality.ts';
import type { MeshSettings } from './settings.ts';

/** A rule's blocks, and the mesh's defaults for blocks that the rule leaves out. */
export function withMeshDefaults(
  policy: PortPolicy,
  { trafficPolicy }: Pick<MeshSettings, 'trafficPolicy'>,
): PortPolicy {
  const connectionPool = policy.connectionPool ?? trafficPolicy.connectionPool;
  const outlierDetection = policy.outlierDetection ?? trafficPolicy.outlierDetection;
  return {
    ...policy,
    ...(connectionPool === undefined ? {} : { connectionPool }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
  };
}

/** Zero is what the API says for no limit. */
function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

export function limitsOf({ connectionPool, retryBudget }: PortPolicy): LimitsIr {
  const { tcp, http } = connectionPool ?? {};
  const limits = {
    maxConnections: positive(tcp?.maxConnections),
    maxPendingRequests: positive(http?.http1MaxPendingRequests),
    maxRequests: positive(http?.http2MaxRequests),
    maxRetries: positive(http?.maxRetries),
  };
  return {
    ...withoutUndefined(limits),
    ...(retryBudget === undefined
      ? {}
      : { retryBudget: { percent: retryBudget.percent ?? 20, minConcurrency: retryBudget.minRetryConcurrency ?? 3 } }),
  };
}

export function outlierOf(outlier: OutlierDetection): OutlierDetectionIr {
  const { maxEjectionPercent, splitExternalLocalOriginErrors } = outlier;
  return withoutUndefined({
    intervalMs: outlier.interval,
    baseEjectionMs: outlier.baseEjectionTime,
    maxEjectionPercent: positive(maxEjectionPercent),
    consecutive5xx: outlier.consecutive5xxErrors,
    consecutiveGatewayFailure: outlier.consecutiveGatewayErrors,
    splitsLocalOrigin: splitExternalLocalOriginErrors === true ? true : undefined,
    consecutiveLocalOriginFailure:
      splitExternalLocalOriginErrors === true ? positive(outlier.consecutiveLocalOriginFailures) : undefined,
  });
}

export function loadBalancingOf(
  policy: PortPolicy,
  service: Service,
  locality: LocalitySetting | undefined,
): LoadBalancingIr {
  const { loadBalancer = {}, outlierDetection } = policy;
  const zoneAware = loadBalancer.zoneAwareLbSetting;
  return {
    ...policyOf(loadBalancer),
    panicThreshold: outlierDetection?.minHealthPercent ?? 0,
    ...(zoneAware === undefined && locality !== undefined && isLocalityWeighted(locality)
      ? { isLocalityWeighted: true }
      : {}),
    ...(zoneAware?.enabled === false ? { isZoneUnaware: true } : {}),
    ...(zoneAware !== undefined && zoneAware.enabled !== false ? { zoneAware: zoneAwareOf(zoneAware) } : {}),
    ...(service.labels['istio.io/persistent-session'] === undefined ? {} : { keepsDrainingHosts: true }),
  };
}

function zoneAwareOf({
  minClusterSize,
  routingEnabled,
  failTrafficOnPanic,
}: NonNullable<LoadBalancer['zoneAwareLbSetting']>) {
  return withoutUndefined({ minClusterSize, routingEnabled, failTrafficOnPanic });
}

function policyOf(
  loadBalancer: LoadBalancer,
): Pick<LoadBalancingIr, 'policy' | 'minimumRingSize' | 'maglevTableSize' | 'slowStart'> {
  const { simple, consistentHash } = loadBalancer;
  if (consistentHash !== undefined) {
    const { maglev, ringHash, minimumRingSize } = consistentHash;
    if (maglev !== undefined) return { policy: 'MAGLEV', ...withoutUndefined({ maglevTableSize: maglev.tableSize }) };
    if (ringHash !== undefined)
      return { policy: 'RING_HASH', ...withoutUndefined({ minimumRingSize: ringHash.minimumRingSize }) };
    return { policy: 'RING_HASH', minimumRingSize: positive(minimumRingSize) ?? 1024 };
  }
  switch (simple) {
    case 'PASSTHROUGH':
      return { policy: 'CLUSTER_PROVIDED' };
    case 'RANDOM':
      return { policy: 'RANDOM' };
    case 'ROUND_ROBIN':
      return { policy: 'ROUND_ROBIN', ...slowStart(loadBalancer) };
    default:
      return { policy: 'LEAST_REQUEST', ...slowStart(loadBalancer) };
  }
}

function slowStart({ warmup, warmupDurationSecs }: LoadBalancer): Pick<LoadBalancingIr, 'slowStart'> {
  const windowMs = warmup?.duration ?? warmupDurationSecs;
  if (windowMs === undefined) return {};
  return { slowStart: { windowMs, aggression: warmup?.aggression ?? 1, minimumPercent: warmup?.minimumPercent ?? 10 } };
}

/** How requests go upstream on a port; undefined where Envoy's default, HTTP/1.1, is meant and nothing else is said. */
export function upstreamHttpOf(
  protocol: Protocol,
  pool: ConnectionPool | undefined,
  tls: ClientTls | undefined,
  upgradesByDefault: boolean,
): UpstreamHttpIr | undefined {
  const { tcp, http = {} } = pool ?? {};
  const version = httpVersion(protocol, http, upgradesByDefault);
  const sni = tlsNames(protocol, tls);
  const keepalive = http.http2KeepAlive;
  const common = withoutUndefined({
    idleTimeoutMs: positive(http.idleTimeout),
    maxRequestsPerConnection: positive(http.maxRequestsPerConnection),
    maxConnectionDurationMs: positive(tcp?.maxConnectionDuration),
  });
  const streams = positive(http.maxConcurrentStreams);
  const asksHttp2Only = streams !== undefined || keepalive !== undefined;
  if (version === 'http1' && Object.keys(common).length === 0 && sni === undefined && !asksHttp2Only) return undefined;
  const speaksHttp2 = version !== 'http1';
  return {
    version,
    ...common,
    ...(speaksHttp2 && streams !== undefined ? { maxConcurrentStreams: streams } : {}),
    ...(speaksHttp2 && keepalive !== undefined
      ? { keepalive: withoutUndefined({ intervalMs: keepalive.interval, timeoutMs: keepalive.timeout }) }
      : {}),
    ...(sni === undefined ? {} : { sni }),
    ...(asksHttp2Only && Object.keys(common).length === 0 ? { hasCommon: true } : {}),
  };
}

type HttpPool = NonNullable<ConnectionPool['http']>;

function httpVersion(
  protocol: Protocol,
  { useClientProtocol, h2UpgradePolicy }: HttpPool,
  upgradesByDefault: boolean,
): UpstreamHttpIr['version'] {
  if (useClientProtocol === true) return 'as-downstream';
  if (isHttp2(protocol)) return 'http2';
  if (protocol === 'auto') return 'as-downstream';
  if (h2UpgradePolicy === 'UPGRADE') return 'http2';
  return upgradesByDefault && protocol === 'HTTP' && h2UpgradePolicy !== 'DO_NOT_UPGRADE' ? 'http2' : 'http1';
}

/** Without a name of its own, TLS to a server takes the name from the request, and verifies the certificate against it. */
function tlsNames(protocol: Protocol, tls: ClientTls | undefined): UpstreamHttpIr['sni'] | undefined {
  const { mode, sni = '', subjectAltNames = [], insecureSkipVerify } = tls ?? {};
  if ((mode !== 'SIMPLE' && mode !== 'MUTUAL') || sni !== '' || !(isHttp(protocol) || protocol === 'auto'))
    return undefined;
  return subjectAltNames.length === 0 && insecureSkipVerify !== true ? 'from-host-and-verified' : 'from-host';
}

export interface TransportContext {
  readonly service: Service;
  readonly http: UpstreamHttpIr | undefined;
  /** Gateways may, and sidecars that their rule selects. */
  readonly mayUseSecrets: boolean;
  readonly tlsDefaults: TlsParametersIr;
}

/** TLS and PROXY protocol towards a service. */
export function transportOf(policy: PortPolicy, context: TransportContext): TransportIr | undefined {
  const tls = policy.tls === undefined ? undefined : tlsOf(policy.tls, context);
  const proxyProtocol = policy.proxyProtocol === undefined ? undefined : (policy.proxyProtocol.version ?? 'V1');
  if (tls === undefined && proxyProtocol === undefined) return undefined;
  return { ...(tls === undefined ? {} : { tls }), ...(proxyProtocol === undefined ? {} : { proxyProtocol }) };
}

function tlsOf(
  tls: ClientTls,
  { service, http, mayUseSecrets, tlsDefaults: { ciphers, curves } }: TransportContext,
): UpstreamTlsIr | undefined {
  const { mode, sni = '', caCertificates = '', clientCertificate = '', privateKey = '', caCrl = '' } = tls;
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return undefined;
  const secrets = clientCredentials(tls);
  // Without the right to the secret Istio leaves TLS away; the rule's check says so.
  if (secrets.authority !== undefined && !mayUseSecrets && !isPublic(secrets.authority)) return undefined;
  const [secret] = secrets.certificates;
  const alternatives = tls.subjectAltNames ?? [];
  const subjectAltNames = alternatives.length > 0 ? alternatives : (service.subjectAltNames ?? []);
  const certificate: CertificateSourceIr =
    secret === undefined
      ? { kind: 'files', certificate: clientCertificate, key: privateKey }
      : { kind: 'sds', name: secret };
  const authority: AuthoritySourceIr =
    secrets.authority !== undefined
      ? { kind: 'sds', name: secrets.authority }
      : caCertificates === ''
        ? { kind: 'system' }
        : { kind: 'file', path: caCertificates };
  return {
    ...(sni === '' ? {} : { sni }),
    alpn: http?.version === 'http2' ? ['h2'] : [],
    ...(mode === 'MUTUAL' ? { certificate } : {}),
    validation:
      tls.insecureSkipVerify === true
        ? 'none'
        : { authority, subjectAltNames, ...(caCrl === '' ? {} : { revocationList: caCrl }) },
    parameters: withoutUndefined({ ciphers, curves }),
  };
}
