/** Equal resources become one object, whichever cells made them. */
import { equal } from '../lib/equal.ts';
import type { Resource } from './resource.ts';

export interface Interner {
  /** The one object for a resource of this content and these origins. */
  intern(type: string, resource: Resource): Resource;
}

/** Holds resources weakly: what no cell holds any more is forgotten. */
export function createInterner(): Interner {
  const known = new Map<string, WeakRef<Resource>>();
  const registry = new FinalizationRegistry<string>((key) => {
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return {
    intern(type, resource) {
      const key = `${type}\n${resource.name}\n${resource.version}`;
      const found = known.get(key)?.deref();
      if (found !== undefined && hasSameOrigins(found, resource)) return found;
      known.set(key, new WeakRef(resource));
      registry.register(resource, key);
      return resource;
    },
  };
}

/** Equal bytes may have come about in different ways: a rule that replaces another one and says the same. */
function hasSameOrigins(a: Resource, b: Resource): boolean {
  return equal(a.origins, b.origins) && equal(a.parts, b.parts);
}
