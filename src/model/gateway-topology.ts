/** What a gateway may believe of the proxies in front of it. */
import { isRecord } from '../lib/schema.ts';

export interface GatewayTopology {
  readonly trustedHops?: number;
  readonly forwardClientCertificate?:
    | 'SANITIZE'
    | 'FORWARD_ONLY'
    | 'APPEND_FORWARD'
    | 'SANITIZE_SET'
    | 'ALWAYS_FORWARD_ONLY';
  readonly acceptsProxyProtocol?: boolean;
}

const forwardModes = new Set(['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY']);

/** From a ProxyConfig's `gatewayTopology`. What makes no sense says nothing, so that no node can state what Envoy would refuse. */
export function gatewayTopology(stated: unknown): GatewayTopology {
  if (!isRecord(stated)) return {};
  const { numTrustedProxies, forwardClientCertDetails: forward, proxyProtocol } = stated;
  const hops = typeof numTrustedProxies === 'string' ? Number(numTrustedProxies) : numTrustedProxies;
  return {
    ...(typeof hops === 'number' && Number.isInteger(hops) && hops >= 1 && hops < 2 ** 32 ? { trustedHops: hops } : {}),
    ...(typeof forward === 'string' && forwardModes.has(forward)
      ? { forwardClientCertificate: forward as NonNullable<GatewayTopology['forwardClientCertificate']> }
      : {}),
    ...(proxyProtocol === undefined ? {} : { acceptsProxyProtocol: true }),
  };
}
