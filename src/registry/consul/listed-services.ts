/** Which services a datacenter lists, by names in lower case: Consul does not tell case apart. */
import { ensure } from '../../lib/ensure.ts';
import { equal } from '../../lib/equal.ts';

/** Tags of every spelling of a name, sorted, by the name in lower case. */
export type Listed = ReadonlyMap<string, readonly string[]>;

/** Every datacenter lists its own servers as this service. */
export const ownService = 'consul';

export function listedServices(answer: { readonly [name: string]: readonly string[] }): Listed {
  const listed = new Map<string, string[]>();
  for (const [name, tags] of Object.entries(answer)) ensure(listed, name.toLowerCase(), () => []).push(...tags);
  for (const tags of listed.values()) tags.sort();
  return listed;
}

/** Names that are new or have other tags than before; those that are gone do not count. */
export function namedChanges(before: Listed, after: Listed): readonly string[] {
  return [...after].filter(([name, tags]) => !equal(before.get(name), tags)).map(([name]) => name);
}

/** Why a list is not believed to be whole; undefined when it is. */
export function whyNotWhole(before: Listed | undefined, after: Listed): string | undefined {
  const hasLostItself = before?.has(ownService) === true && !after.has(ownService);
  return hasLostItself
    ? `expected the service ${ownService}, which every datacenter lists, found none: the token may no longer read services`
    : undefined;
}
