/** MeshConfig with every default in its place. Defaults are those of Istio's MeshConfig documentation. */
import type { MeshConfig } from '../config/mesh-config.ts';
import type { KeepaliveIr } from '../ir/cluster.ts';
import type { AccessLogIr } from '../ir/listener.ts';
import type { TlsParametersIr } from '../ir/tls.ts';
import { isRecord } from '../lib/schema.ts';
import { type GatewayTopology, gatewayTopology } from '../model/gateway-topology.ts';
import type { ExportTo } from '../model/service.ts';
import { type LocalHost, localHosts } from './cluster-local.ts';
import { tlsParameters } from './tls-parameters.ts';

export interface MeshSettings {
  readonly rootNamespace: string;
  readonly listenPort: number;
  readonly inboundListenPort: number;
  /** 0: no proxy serves as an HTTP proxy unless it says so itself. */
  readonly httpProxyPort: number;
  readonly connectTimeoutMs: number;
  readonly protocolDetectionTimeoutMs: number;
  readonly dnsRefreshMs: number;
  readonly keepalive?: KeepaliveIr;
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY' | 'ALLOW_ANY_DYNAMIC_DNS';
  readonly inboundTrafficPolicy: 'PASSTHROUGH' | 'LOCALHOST';
  readonly defaultServiceExportTo: ExportTo;
  readonly defaultVirtualServiceExportTo: ExportTo;
  readonly defaultDestinationRuleExportTo: ExportTo;
  readonly upgradesToHttp2: boolean;
  /** What is said of hosts that are another service in each cluster, the most specific first. */
  readonly clusterLocal: readonly LocalHost[];
  readonly locality: NonNullable<MeshConfig['localityLbSetting']>;
  readonly retryPolicy?: NonNullable<MeshConfig['defaultHttpRetryPolicy']>;
  readonly inboundRetryPolicy?: NonNullable<MeshConfig['defaultInboundHttpRetryPolicy']>;
  readonly trafficPolicy: NonNullable<MeshConfig['defaultTrafficPolicy']>;
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  /** Patterns of cluster names in statistics; empty for the plain name. */
  readonly outboundStatName: string;
  readonly inboundStatName: string;
  readonly accessLog?: AccessLogIr;
  /** For TLS with what is outside of the mesh. */
  readonly tlsDefaults: TlsParametersIr;
  /** Of gateways that say nothing about it themselves. */
  readonly gatewayTopology: GatewayTopology;
}

/** How long a client may take to get through a chain's TLS, in milliseconds: Istio's, which no setting changes. */
export const handshakeTimeoutMs = 15_000;

export function meshSettings(config: MeshConfig = {}): MeshSettings {
  const normalization = config.pathNormalization?.normalization ?? 'DEFAULT';
  const accessLog = accessLogOf(config);
  const { tcpKeepalive } = config;
  return {
    rootNamespace: config.rootNamespace || 'istio-system',
    listenPort: config.proxyListenPort || 15001,
    inboundListenPort: config.proxyInboundListenPort || 15006,
    httpProxyPort: config.proxyHttpPort ?? 0,
    connectTimeoutMs: config.connectTimeout ?? 10_000,
    protocolDetectionTimeoutMs: config.protocolDetectionTimeout ?? 0,
    dnsRefreshMs: config.dnsRefreshRate ?? 60_000,
    ...(tcpKeepalive === undefined ? {} : { keepalive: keepaliveOf(tcpKeepalive) }),
    outboundTrafficPolicy: config.outboundTrafficPolicy?.mode ?? 'ALLOW_ANY',
    inboundTrafficPolicy: config.inboundTrafficPolicy?.mode ?? 'PASSTHROUGH',
    defaultServiceExportTo: nonEmpty(config.defaultServiceExportTo),
    defaultVirtualServiceExportTo: nonEmpty(config.defaultVirtualServiceExportTo),
    defaultDestinationRuleExportTo: nonEmpty(config.defaultDestinationRuleExportTo),
    upgradesToHttp2: config.h2UpgradePolicy === 'UPGRADE',
    clusterLocal: localHosts(config.serviceSettings),
    locality: { enabled: true, ...config.localityLbSetting },
    ...(config.defaultHttpRetryPolicy === undefined ? {} : { retryPolicy: config.defaultHttpRetryPolicy }),
    ...(config.defaultInboundHttpRetryPolicy === undefined
      ? {}
      : { inboundRetryPolicy: config.defaultInboundHttpRetryPolicy }),
    trafficPolicy: config.defaultTrafficPolicy ?? {},
    pathNormalization: normalization === 'DEFAULT' ? 'BASE' : normalization,
    outboundStatName: config.outboundClusterStatName ?? '',
    inboundStatName: config.inboundClusterStatName ?? '',
    ...(accessLog === undefined ? {} : { accessLog }),
    tlsDefaults: tlsParameters(config.tlsDefaults ?? {}),
    gatewayTopology: gatewayTopology(config.defaultConfig?.gatewayTopology),
  };
}

function nonEmpty(exportTo: readonly string[] | undefined): ExportTo {
  return exportTo === undefined || exportTo.length === 0 ? ['*'] : exportTo;
}

export function keepaliveOf({ probes, time, interval }: NonNullable<MeshConfig['tcpKeepalive']>): KeepaliveIr {
  return {
    ...(probes === undefined || probes === 0 ? {} : { probes }),
    ...(time === undefined ? {} : { timeMs: time }),
    ...(interval === undefined ? {} : { intervalMs: interval }),
  };
}

/** The fields that dashboards and log pipelines for Istio expect, in their order. */
const textFields = [
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS%',
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED%',
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"',
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS%',
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n',
];

const jsonFields = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
};

function accessLogOf({
  accessLogFile = '',
  accessLogFormat = '',
  accessLogEncoding = 'TEXT',
}: MeshConfig): AccessLogIr | undefined {
  if (accessLogFile === '') return undefined;
  if (accessLogEncoding === 'TEXT') {
    const text = accessLogFormat === '' ? textFields.join(' ') : accessLogFormat;
    return { path: accessLogFile, format: { kind: 'text', text: text.endsWith('\n') ? text : `${text}\n` } };
  }
  return { path: accessLogFile, format: { kind: 'json', fields: jsonFormatOf(accessLogFormat) } };
}

/** A format that is no JSON object leaves the default in force; the check of the mesh configuration says so. */
function jsonFormatOf(format: string): { readonly [name: string]: unknown } {
  if (format === '') return jsonFields;
  try {
    const parsed: unknown = JSON.parse(format);
    return isRecord(parsed) ? parsed : jsonFields;
  } catch {
    return jsonFields;
  }
}
