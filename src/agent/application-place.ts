/** Where the agent reaches the application of its pod without Envoy between. */

export interface ApplicationPlace {
  readonly host: string;
  /** The address to connect from, when it matters: what comes from there is not intercepted. */
  readonly from?: string;
}

/** By these addresses the rules of `fairway iptables`, and Istio's, know what has passed Envoy already. */
const passedAddresses = { v4: '127.0.0.6', v6: '::6' } as const;

/** `mode` is the node's INTERCEPTION_MODE. */
export function applicationPlace(ip: string, mode: unknown): ApplicationPlace {
  const isIntercepted = mode === 'REDIRECT' || mode === 'TPROXY';
  return isIntercepted ? { host: ip, from: passedAddresses[ip.includes(':') ? 'v6' : 'v4'] } : { host: ip };
}
