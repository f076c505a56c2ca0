/** What a Cluster is to be, complete: all that its translation may depend on. Durations are in milliseconds. */
import type { OriginKey } from '../model/origin.ts';
import type { LoadAssignmentIr } from './endpoint.ts';
import type { UpstreamTlsIr } from './tls.ts';

export interface ClusterIr {
  readonly name: string;
  /** The name in statistics, with the delimiter that Istio's tag rules look for. */
  readonly statName: string;
  readonly discovery: DiscoveryIr;
  readonly connectTimeoutMs: number;
  readonly loadBalancing: LoadBalancingIr;
  readonly limits?: LimitsIr;
  readonly outlierDetection?: OutlierDetectionIr;
  readonly http?: UpstreamHttpIr;
  readonly keepalive?: KeepaliveIr;
  readonly transport?: TransportIr;
  /** Local addresses to connect from. */
  readonly bindFrom?: readonly string[];
  readonly metadata?: ClusterMetadataIr;
  /** The objects that shaped it. */
  readonly origins: readonly OriginKey[];
}

/** How a proxy learns the endpoints. */
export type DiscoveryIr =
  | { readonly kind: 'eds' }
  /** The address that the application asked for; `port` replaces its port. `never` expires: connections are not cleaned up. */
  | { readonly kind: 'original-destination'; readonly port?: number; readonly expires: 'default' | 'never' }
  | { readonly kind: 'static'; readonly endpoints?: LoadAssignmentIr }
  | {
      readonly kind: 'strict-dns' | 'logical-dns';
      readonly endpoints: LoadAssignmentIr;
      readonly refreshMs: number;
      readonly family: DnsFamily;
    }
  | { readonly kind: 'dynamic-forward-proxy'; readonly cache: DnsCacheIr };

export type DnsFamily = 'V4_ONLY' | 'V6_ONLY' | 'ALL';

export interface DnsCacheIr {
  readonly name: string;
  readonly family: DnsFamily;
}

export interface LoadBalancingIr {
  readonly policy: 'ROUND_ROBIN' | 'LEAST_REQUEST' | 'RANDOM' | 'RING_HASH' | 'MAGLEV' | 'CLUSTER_PROVIDED' | 'default';
  readonly minimumRingSize?: number;
  readonly maglevTableSize?: number;
  readonly slowStart?: { readonly windowMs: number; readonly aggression: number; readonly minimumPercent: number };
  /** Share of healthy hosts, in percent, below which health is ignored. */
  readonly panicThreshold?: number;
  readonly isLocalityWeighted?: boolean;
  /** Zone-aware routing is switched off. */
  readonly isZoneUnaware?: boolean;
  /** Zone-aware settings as they were given. */
  readonly zoneAware?: {
    readonly minClusterSize?: number;
    readonly routingEnabled?: number;
    readonly failTrafficOnPanic?: boolean;
  };
  /** Sticky sessions keep draining hosts. */
  readonly keepsDrainingHosts?: boolean;
  /** Writes the common settings although all are default. */
  readonly isExplicit?: boolean;
}

/** Limits of one cluster at one proxy; what is not set is unlimited. */
export interface LimitsIr {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  readonly retryBudget?: { readonly percent: number; readonly minConcurrency: number };
}

export interface OutlierDetectionIr {
  readonly intervalMs?: number;
  readonly baseEjectionMs?: number;
  readonly maxEjectionPercent?: number;
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayFailure?: number;
  readonly splitsLocalOrigin?: boolean;
  readonly consecutiveLocalOriginFailure?: number;
}

/** How requests travel upstream. */
export interface UpstreamHttpIr {
  readonly version: 'http1' | 'http2' | 'as-downstream';
  readonly idleTimeoutMs?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxConnectionDurationMs?: number;
  readonly maxConcurrentStreams?: number;
  readonly keepalive?: { readonly intervalMs?: number; readonly timeoutMs?: number };
  readonly sni?: 'from-host' | 'from-host-and-verified';
  /** Status codes that count as errors for outlier detection. */
  readonly errorCodes?: readonly number[];
  /** Writes an empty block of common settings. */
  readonly hasCommon?: boolean;
}

export interface KeepaliveIr {
  readonly probes?: number;
  readonly timeMs?: number;
  readonly intervalMs?: number;
}

/** What is spoken below HTTP. */
export interface TransportIr {
  readonly tls?: UpstreamTlsIr;
  readonly proxyProtocol?: 'V1' | 'V2';
}

/** What istioctl, Kiali and telemetry read off a cluster. */
export interface ClusterMetadataIr {
  readonly services?: readonly { readonly host: string; readonly name: string; readonly namespace: string }[];
  /** The API path of the DestinationRule in force. */
  readonly config?: string;
  readonly subset?: string;
  readonly isExternal?: boolean;
  readonly keepsAlpn?: boolean;
}
