/** How two views differ for a proxy that moves from one to the other. */
import type { Resource } from '../resource/resource.ts';
import type { View } from '../resource/view.ts';
import { resourcesAsked } from './asked.ts';
import type { Subscription } from './subscription.ts';

export interface Difference {
  /** Names of resources that are new or other in the second view. */
  readonly changed: readonly string[];
  /** Resources that are only in the first. */
  readonly gone: readonly Resource[];
}

/** Proxies often move together: the first of equal ones pays for all. */
export function difference(before: View, after: View, subscription: Subscription): Difference {
  const key = `${after.number}/${after.revision}/${subscription.id}`;
  return before.remember(key, () => {
    const held = new Map(resourcesAsked(before, subscription).map((resource) => [resource.name, resource]));
    const changed: string[] = [];
    for (const { name, version } of resourcesAsked(after, subscription)) {
      if (held.get(name)?.version !== version) changed.push(name);
      held.delete(name);
    }
    return { changed, gone: [...held.values()] };
  });
}
