/** Which services a datacenter lists, by names in lower case: Consul does not tell case apart. */
import { ensure } from '../../lib/ensure.ts';
import { equal } from '../../lib/equal.ts';

/** Tags of every spelling of a name, sorted, by the name in lower case. */
export type Listed = ReadonlyMap<string, readonly string[]>;

/** Every datacenter lists its own servers as this service. */
export const ownService = 'consul';

export function listedServices(answer: { readonly [name: string]: unknown }): Listed {
  const listed = new Map<string, string[]>();
  for (const [name, tags] of Object.entries(answer))
    ensure(listed, name.toLowerCase(), () => []).push(...(Array.isArray(tags) ? tags.map(String) : []));
  for (const tags of listed.values()) tags.sort();
  return listed;
}

/** Names that are new, gone, or have other tags than before. */
export function namedChanges(before: Listed, after: Listed): readonly string[] {
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return [...[...after].filter(([name, tags]) => !equal(before.get(name), tags)).map(([name]) => name), ...gone];
}

/**
 * Why a list is not believed to be whole; undefined when it is. A token without rights gets a list in which everything is missing that
 * it may not read (Consul 1.8.7 without a word), and every datacenter lists its own servers.
 */
export function whyNotWhole(before: Listed | undefined, after: Listed): string | undefined {
  if (after.size === 0)
    return `expected at least the service ${ownService}, found no services: the token may read none`;
  return before?.has(ownService) === true && !after.has(ownService)
    ? `expected the service ${ownService}, which every datacenter lists, found none: the token may no longer read services`
    : undefined;
}
