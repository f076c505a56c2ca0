import { compareTexts } from '../lib/compare.ts';

/**
 * Host names as Istio writes them: a DNS name, or a wildcard `*` or `*.suffix` that stands for every name that ends so.
 * Names are lower case inside Fairway; DNS does not tell case apart, and two spellings must not be two hosts.
 */
export type Hostname = string;

/** The mesh's DNS suffix of Kubernetes services unless a proxy's node id says otherwise. */
export const defaultDomainSuffix = 'cluster.local';

export function isWildcard(host: Hostname): boolean {
  return host.startsWith('*');
}

/** Whether every name that `narrow` stands for is also one that `wide` stands for. */
export function covers(wide: Hostname, narrow: Hostname): boolean {
  if (!isWildcard(wide)) return wide === narrow;
  return isWildcard(narrow)
    ? narrow.length >= wide.length && narrow.endsWith(wide.slice(1))
    : narrow.endsWith(wide.slice(1));
}

/** Whether some name is meant by both. */
export function overlaps(a: Hostname, b: Hostname): boolean {
  return covers(a, b) || covers(b, a);
}

/** The wildcards that cover a host, the most specific first; for `a.b.c`: `*.b.c`, `*.c`, `*`. A wildcard covers itself. */
export function wildcardsOver(host: Hostname): readonly Hostname[] {
  const wildcards: Hostname[] = isWildcard(host) ? [host] : [];
  const labels = (isWildcard(host) ? host.slice(2) : host).split('.');
  for (let i = 1; i < labels.length; i++) wildcards.push(`*.${labels.slice(i).join('.')}`);
  if (host !== '*') wildcards.push('*');
  return wildcards;
}

/** Negative when `a` is the more specific: exact before wildcard, longer wildcard before shorter, then by name. */
export function compareSpecificity(a: Hostname, b: Hostname): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1;
  if (isWildcard(a) && a.length !== b.length) return b.length - a.length;
  return compareTexts(a, b);
}

/**
 * The full name of a host in a rule: a name without a dot means the service of that name in the rule's own namespace;
 * anything else (a dotted name, a wildcard, an address) is taken as it is written.
 */
export function resolveShortName(host: Hostname, namespace: string, domainSuffix = defaultDomainSuffix): Hostname {
  const name = host.toLowerCase();
  if (name === '' || name.includes('.') || name.includes(':') || isWildcard(name)) return name;
  return `${name}.${namespace}.svc.${domainSuffix}`;
}

/** The namespace that a Kubernetes service name tells, undefined for any other host. */
export function namespaceInName(host: Hostname): string | undefined {
  const match = /^[^.]+\.([^.]+)\.svc\./.exec(host);
  return match?.[1];
}
