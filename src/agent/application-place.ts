/** Where the agent reaches the application of its pod without Envoy between. */
import { passedOn } from '../model/passed-on.ts';

export interface ApplicationPlace {
  readonly host: string;
  /** The address to connect from, when it matters: what comes from there is not intercepted. */
  readonly from?: string;
}

/** `mode` is the node's INTERCEPTION_MODE. */
export function applicationPlace(ip: string, mode: unknown): ApplicationPlace {
  const isIntercepted = mode === 'REDIRECT' || mode === 'TPROXY';
  return isIntercepted ? { host: ip, from: passedOn[ip.includes(':') ? 'v6' : 'v4'] } : { host: ip };
}
