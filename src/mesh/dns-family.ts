import type { DnsFamily } from '../ir/cluster.ts';
import type { Client } from '../model/scope.ts';

/** Which addresses a proxy asks DNS for: those that it can connect to. */
export function dnsFamily(family: Client['family']): DnsFamily {
  return family === 'v4' ? 'V4_ONLY' : family === 'v6' ? 'V6_ONLY' : 'ALL';
}
