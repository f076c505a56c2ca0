/** What a gateway may believe of the proxies in front of it. */
import { isRecord } from '../lib/schema.ts';
import { wholeNumber } from '../lib/whole-number.ts';

export interface GatewayTopology {
  readonly trustedHops?: number;
  readonly forwardClientCertificate?: ForwardMode;
  readonly acceptsProxyProtocol?: boolean;
}

/** What happens to the header in which a proxy in front says whose certificate it has seen. */
export const forwardModes = [
  'SANITIZE',
  'FORWARD_ONLY',
  'APPEND_FORWARD',
  'SANITIZE_SET',
  'ALWAYS_FORWARD_ONLY',
] as const;

export type ForwardMode = (typeof forwardModes)[number];

/** From a ProxyConfig's `gatewayTopology`. What makes no sense says nothing, so that no node can state what Envoy would refuse. */
export function gatewayTopology(stated: unknown): GatewayTopology {
  if (!isRecord(stated)) return {};
  const { numTrustedProxies, forwardClientCertDetails: forward, proxyProtocol } = stated;
  const trustedHops = wholeNumber(numTrustedProxies, 2 ** 32 - 1);
  const forwardClientCertificate = forwardModes.find((mode) => mode === forward);
  return {
    ...(trustedHops === undefined ? {} : { trustedHops }),
    ...(forwardClientCertificate === undefined ? {} : { forwardClientCertificate }),
    ...(proxyProtocol === undefined ? {} : { acceptsProxyProtocol: true }),
  };
}
