/** What proxies ask DNS themselves. */
import type { DnsCacheIr, DnsFamily } from '../ir/cluster.ts';
import type { Client } from '../model/scope.ts';

/** Which addresses a proxy asks DNS for: those that it can connect to. */
export function dnsFamily(family: Client['family']): DnsFamily {
  return family === 'v4' ? 'V4_ONLY' : family === 'v6' ? 'V6_ONLY' : 'ALL';
}

/**
 * The answers that clusters of hosts found by DNS share with the filters that ask for them. One for all: a filter knows one
 * name, and it acts for whichever cluster a request is for.
 */
export function dnsCacheOf(family: Client['family']): DnsCacheIr {
  return { name: 'allow_any_dfp_dns_cache', family: dnsFamily(family) };
}
