/** Equal resources become one object, whichever cells made them. */
import { equal } from '../lib/equal.ts';
import { WeakValues } from '../lib/weak-values.ts';
import type { Resource } from './resource.ts';

export interface Interner {
  /** The one object for a resource of this content and these origins. */
  intern(type: string, resource: Resource): Resource;
}

/** Holds resources weakly: what no cell holds any more is forgotten. */
export function createInterner(): Interner {
  const known = new WeakValues<Resource>();
  return {
    intern(type, resource) {
      const key = `${type}\n${resource.name}\n${resource.version}`;
      const found = known.get(key);
      if (found !== undefined && hasSameOrigins(found, resource)) return found;
      known.set(key, resource);
      return resource;
    },
  };
}

/** Equal bytes may have come about in different ways: a rule that replaces another one and says the same. */
function hasSameOrigins(a: Resource, b: Resource): boolean {
  return equal(a.origins, b.origins) && equal(a.parts, b.parts);
}
