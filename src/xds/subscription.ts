/**
 * What a client asked for of one type. Pure; the rules are those of the xDS protocol ("How the client specifies what
 * resources to return", "Delta xDS", https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol).
 *
 * Thousands of proxies ask for the same thousand names: equal subscriptions are one object, and the step from one to the
 * next is remembered, so that only the first proxy pays for it.
 */

export interface Subscription {
  /** Distinguishes subscriptions; equal ones have the same. */
  readonly id: number;
  /** All resources of the type, now and later. */
  readonly isWildcard: boolean;
  /** Resources asked for by name, beside a wildcard or without one. */
  readonly names: ReadonlySet<string>;
  /**
   * Whether the wildcard came from asking for nothing in particular, as clients did before `*` existed. Such a client ends
   * it by asking for names in the state-of-the-world dialect.
   */
  readonly isLegacy: boolean;
}

export const nothing: Subscription = { id: 0, isWildcard: false, names: new Set(), isLegacy: false };

/** Whether a subscription asks for a resource. */
export function asksFor({ isWildcard, names }: Subscription, name: string): boolean {
  return isWildcard || names.has(name);
}

const star = '*';

export class Subscriptions {
  readonly #known = new Map<string, Subscription>();
  readonly #steps = new Map<string, Subscription>();
  #lastId = 0;

  /** The first request of a type, or one after which a client has lost its state, in the state-of-the-world dialect. */
  firstSotw(names: readonly string[], hasWildcard: boolean): Subscription {
    return names.length === 0 && hasWildcard
      ? this.#intern(true, [], true)
      : this.#intern(names.includes(star), names, false);
  }

  /** A later request, which lists all that is wanted. A client that once asked for names cannot mean all by none. */
  nextSotw(current: Subscription, names: readonly string[]): Subscription {
    return names.length === 0 && current.isLegacy ? current : this.#intern(names.includes(star), names, false);
  }

  /** The first request of a type in the delta dialect. Subscribing to nothing means all, for types that have a wildcard. */
  firstDelta(subscribe: readonly string[], unsubscribe: readonly string[], hasWildcard: boolean): Subscription {
    const start = subscribe.length === 0 && hasWildcard ? this.#intern(true, [], true) : nothing;
    return this.nextDelta(start, subscribe, unsubscribe);
  }

  /** A later request, which names what is new and what is not wanted any more. */
  nextDelta(current: Subscription, subscribe: readonly string[], unsubscribe: readonly string[]): Subscription {
    if (subscribe.length === 0 && unsubscribe.length === 0) return current;
    const step = `${current.id}\n+${subscribe.join('\n')}\n-${unsubscribe.join('\n')}`;
    const known = this.#steps.get(step);
    if (known !== undefined) return known;
    const names = new Set(current.names);
    let isWildcard = current.isWildcard;
    for (const name of subscribe) {
      if (name === star) isWildcard = true;
      else names.add(name);
    }
    for (const name of unsubscribe) {
      if (name === star) isWildcard = false;
      else names.delete(name);
    }
    const next = this.#intern(isWildcard, [...names], current.isLegacy && isWildcard);
    if (this.#steps.size > 10_000) this.#steps.clear();
    this.#steps.set(step, next);
    return next;
  }

  #intern(isWildcard: boolean, asked: readonly string[], isLegacy: boolean): Subscription {
    const names = new Set(asked);
    names.delete(star);
    if (!isWildcard && names.size === 0) return nothing;
    const key = `${isWildcard}/${isLegacy}\n${[...names].sort().join('\n')}`;
    let found = this.#known.get(key);
    if (found === undefined) {
      this.#lastId += 1;
      found = { id: this.#lastId, isWildcard, names, isLegacy };
      // Forgetting is safe: an equal subscription then has another id and only shares less.
      if (this.#known.size > 10_000) this.#known.clear();
      this.#known.set(key, found);
    }
    return found;
  }
}
