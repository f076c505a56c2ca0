/** What a Listener is to be, complete. Durations are in milliseconds. */
import type { ForwardMode } from '../model/gateway-topology.ts';
import type { OriginKey } from '../model/origin.ts';
import type { DnsCacheIr } from './cluster.ts';
import type { VirtualHostIr } from './route.ts';
import type { DownstreamTlsIr } from './tls.ts';

export interface ListenerIr {
  readonly name: string;
  /** An address and port, or the path of a Unix socket. */
  readonly address: { readonly ip: string; readonly port: number } | { readonly path: string };
  /** Further addresses for the same port. */
  readonly moreAddresses?: readonly string[];
  readonly direction: 'INBOUND' | 'OUTBOUND';
  /** Without it the listener only takes connections that another one hands over. */
  readonly bindsToPort: boolean;
  /** Hands connections over to the listener of their original destination. */
  readonly handsOver?: boolean;
  readonly isTransparent?: boolean;
  readonly filters: readonly ListenerFilterIr[];
  /** Absent: Envoy's own default. */
  readonly inspectionTimeoutMs?: number;
  readonly continuesOnTimeout?: boolean;
  readonly acceptsOneByOne?: boolean;
  readonly chains: readonly FilterChainIr[];
  readonly fallback?: FilterChainIr;
  readonly accessLog?: AccessLogIr;
  readonly origins: readonly OriginKey[];
}

export type ListenerFilterIr =
  | { readonly kind: 'original-destination' | 'proxy-protocol' }
  | { readonly kind: 'original-source'; readonly mark: number }
  | { readonly kind: 'tls-inspector' | 'http-inspector'; readonly disabledFor?: PortSetIr };

/** Destination ports: those listed, or all but those listed. */
export interface PortSetIr {
  readonly ports: readonly number[];
  readonly isComplement?: boolean;
}

export interface FilterChainIr {
  readonly name?: string;
  readonly match?: FilterChainMatchIr;
  readonly network: NetworkIr;
  readonly tls?: DownstreamTlsIr;
  /** The API path of the rule it comes from. */
  readonly config?: string;
  readonly connectTimeoutMs?: number;
  /** The rule that asked for it, whether or not its metadata says so. */
  readonly origin?: OriginKey;
}

export interface FilterChainMatchIr {
  readonly destinationPort?: number;
  readonly prefixes?: readonly { readonly address: string; readonly length: number }[];
  readonly serverNames?: readonly string[];
  readonly transport?: 'tls' | 'raw_buffer';
  readonly alpn?: readonly string[];
}

export type NetworkIr =
  | { readonly kind: 'http'; readonly manager: HttpManagerIr }
  | { readonly kind: 'tcp'; readonly proxy: TcpProxyIr };

export interface TcpProxyIr {
  readonly statPrefix: string;
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  readonly isWeighted: boolean;
  readonly idleTimeoutMs?: number;
  readonly maxDownstreamConnectionDurationMs?: number;
  readonly hashesSourceIp?: boolean;
  readonly tunnel?: { readonly target: string; readonly usesPost: boolean };
  readonly accessLog?: AccessLogIr;
  /** A filter that understands the protocol, in front of the proxy. */
  readonly sniffer?: { readonly kind: 'mongo'; readonly statPrefix: string };
  /** The cluster is the one that the client's SNI names. */
  readonly clusterFromSni?: boolean;
  /** The SNI names the host to connect to. */
  readonly forwardSni?: { readonly cache: DnsCacheIr; readonly port: number };
}

export interface HttpManagerIr {
  readonly statPrefix: string;
  readonly routes:
    | { readonly kind: 'rds'; readonly name: string }
    | { readonly kind: 'inline'; readonly name: string; readonly hosts: readonly VirtualHostIr[] };
  readonly direction: 'outbound' | 'inbound' | 'gateway';
  readonly normalizesPath: boolean;
  readonly mergesSlashes?: boolean;
  readonly unescapesSlashes?: boolean;
  readonly allowsAbsoluteUrls?: boolean;
  readonly speaksHttp10?: boolean;
  readonly http2?: { readonly maxConcurrentStreams?: number };
  readonly idleTimeoutMs?: number;
  readonly trustedHops?: number;
  readonly forwardClientCertificate?: ForwardMode;
  readonly hasGrpcWeb?: boolean;
  readonly dynamicForwardProxy?: DnsCacheIr;
  readonly accessLog?: AccessLogIr;
}

export interface AccessLogIr {
  readonly path: string;
  readonly format:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'json'; readonly fields: { readonly [name: string]: unknown } };
}
