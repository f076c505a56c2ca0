/** One call as it reaches an Envoy: a connection, and what the client says on it. */

export interface Call {
  /** Where the client connects to. */
  readonly destination: SocketAddress;
  /** Where it connects from; by default an address that is nowhere else. */
  readonly source?: SocketAddress;
  /**
   * Where interception sends the connection instead: port 15001 of the loopback address for what leaves a workload, 15006
   * for what reaches it. Absent: the connection goes straight to its destination.
   */
  readonly interceptedAt?: SocketAddress;
  /** What a load balancer in front says of the connection before its bytes. */
  readonly proxyProtocol?: { readonly source: SocketAddress; readonly destination: SocketAddress };
  readonly tls?: ClientHello;
  readonly payload: Payload;
}

export interface SocketAddress {
  readonly ip: string;
  readonly port: number;
}

export interface ClientHello {
  readonly sni?: string;
  readonly alpn: readonly string[];
  /**
   * The certificate that the client shows: one of the mesh's authority, or one of the authority that the server asks for.
   * A client of the mesh accepts no certificate but one of the mesh.
   */
  readonly certificate?: 'mesh' | 'asked-for';
}

export type Payload =
  | HttpRequest
  /** Some other protocol in which the client speaks first. */
  | { readonly kind: 'bytes' }
  /** A protocol in which the client waits for the server to speak. */
  | { readonly kind: 'silence' };

export interface HttpRequest {
  readonly kind: 'http';
  readonly version: 'http/1.0' | 'http/1.1' | 'h2';
  readonly method: string;
  /** Empty when the request names no host. */
  readonly authority: string;
  /** With its query; undefined for a CONNECT request that has none. */
  readonly path?: string;
  /** In the order of the request; names in any case. */
  readonly headers: readonly HttpHeader[];
  /** What earlier filters found out, by the filter's name: the claims of a verified token, for one. */
  readonly metadata?: { readonly [filter: string]: unknown };
}

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** An address for documentation (RFC 5737), so that no rule means it by chance. */
const someone: SocketAddress = { ip: '192.0.2.1', port: 50000 };

export function sourceOf({ source = someone }: Call): SocketAddress {
  return source;
}
