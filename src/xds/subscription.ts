/**
 * What a client asked for of one type. Pure; the rules are those of the xDS protocol ("How the client specifies what
 * resources to return", "Delta xDS", https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol).
 *
 * Thousands of proxies ask for the same thousand names: equal subscriptions are one object, and the step from one to the
 * next is remembered, so that only the first proxy pays for it. Both are held weakly: what no stream asks for any more is
 * forgotten, and an equal subscription then is another object that only shares less.
 */
import { hash } from 'node:crypto';
import { WeakValues } from '../lib/weak-values.ts';

export interface Subscription {
  /** Distinguishes subscriptions. */
  readonly id: number;
  /** All resources of the type, now and later. */
  readonly isWildcard: boolean;
  /** Resources asked for by name, beside a wildcard or without one. */
  readonly names: ReadonlySet<string>;
  /** Whether the wildcard came from asking for nothing in particular, as clients did before `*` existed. */
  readonly isLegacy: boolean;
}

export const nothing: Subscription = { id: 0, isWildcard: false, names: new Set(), isLegacy: false };

/** Whether a subscription asks for a resource. */
export function asksFor({ isWildcard, names }: Subscription, name: string): boolean {
  return isWildcard || names.has(name);
}

/** The name that means all resources of a type. */
export const star = '*';

export class Subscriptions {
  readonly #known = new WeakValues<Subscription>();
  readonly #steps = new WeakValues<Subscription>();
  #lastId = 0;

  /** The first request of a type on a stream, in the state-of-the-world dialect; naming nothing may mean all. */
  firstSotw(names: readonly string[], impliesAll: boolean): Subscription {
    return names.length === 0 && impliesAll ? this.#intern(true, new Set(), true) : this.nextSotw(nothing, names);
  }

  /** A later request, which lists all that is wanted. A client that once asked for names cannot mean all by none. */
  nextSotw(current: Subscription, names: readonly string[]): Subscription {
    if (names.length === 0 && current.isLegacy) return current;
    const asked = new Set(names);
    const isWildcard = asked.delete(star);
    // An acknowledgement lists the same names again.
    if (isWildcard === current.isWildcard && !current.isLegacy && isSameSet(asked, current.names)) return current;
    return this.#intern(isWildcard, asked, false);
  }

  /** The first request of a type in the delta dialect. Subscribing to nothing may mean all. */
  firstDelta(subscribe: readonly string[], unsubscribe: readonly string[], impliesAll: boolean): Subscription {
    const start = subscribe.length === 0 && impliesAll ? this.#intern(true, new Set(), true) : nothing;
    return this.nextDelta(start, subscribe, unsubscribe);
  }

  /** A later request, which names what is new and what is not wanted any more. */
  nextDelta(current: Subscription, subscribe: readonly string[], unsubscribe: readonly string[]): Subscription {
    if (subscribe.length === 0 && unsubscribe.length === 0) return current;
    const step = digest(`${current.id}`, subscribe, unsubscribe);
    const known = this.#steps.get(step);
    if (known !== undefined) return known;
    const names = new Set(current.names);
    for (const name of subscribe) names.add(name);
    const gainsAll = names.delete(star);
    for (const name of unsubscribe) names.delete(name);
    const isWildcard = (current.isWildcard || gainsAll) && !unsubscribe.includes(star);
    const next = this.#intern(isWildcard, names, current.isLegacy && isWildcard && !gainsAll);
    this.#steps.set(step, next);
    return next;
  }

  /** How many subscriptions and steps are remembered. */
  get size(): number {
    return this.#known.size + this.#steps.size;
  }

  #intern(isWildcard: boolean, names: ReadonlySet<string>, isLegacy: boolean): Subscription {
    if (!isWildcard && names.size === 0) return nothing;
    const key = digest(`${isWildcard}/${isLegacy}`, [...names].sort(), []);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#lastId += 1;
    const made = { id: this.#lastId, isWildcard, names, isLegacy };
    this.#known.set(key, made);
    return made;
  }
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const item of a) if (!b.has(item)) return false;
  return true;
}

/** Names come from clients: as JSON no list of them reads like another. */
function digest(start: string, names: readonly string[], more: readonly string[]): string {
  return hash('sha256', JSON.stringify([start, names, more]), 'base64url');
}
