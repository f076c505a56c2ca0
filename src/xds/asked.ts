import type { Resource } from '../resource/resource.ts';
import type { View } from '../resource/view.ts';
import { asksFor, type Subscription } from './subscription.ts';

/** Up to so many names are looked up one by one; for more, going through all resources once costs less. */
const few = 32;

/** The resources that a subscription asks for, each name once. */
export function resourcesAsked({ contents }: View, subscription: Subscription): readonly Resource[] {
  const { isWildcard, names } = subscription;
  if (!isWildcard && names.size <= few) return [...names].flatMap((name) => contents.get(name) ?? []);
  return [...contents.resources()].filter(({ name }) => asksFor(subscription, name));
}
