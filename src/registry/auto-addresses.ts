/**
 * Virtual addresses for hosts that state none: each host's own, from 240.240.0.0/16 and 2001:2::/48, which nobody routes.
 *
 * Which host has which address follows from the set of hosts alone, whatever the order in which they came: a host asks for
 * the places that its name hashes to, one after the other, and where two ask for one place, the older host has it. The
 * hash and its places are those of Istio's allocator, so that meshes that move keep most addresses.
 */
import { hash32 } from '../lib/hash.ts';

/** Something that wants an address. */
export interface AddressClaim {
  /** `namespace/host` */
  readonly key: string;
  readonly createdAt: number;
}

/** Octets run from 0 to 254, and the last one is not 0. */
const places = 255 * 255;
/** The largest prime below that would still reach every place; Istio's. */
const prime = 65_011;

export class AutoAddresses {
  readonly #claims = new Map<string, AddressClaim>();
  readonly #owners = new Map<number, AddressClaim>();
  readonly #placeOf = new Map<string, number>();
  /** Those that do not have the place that they ask for first. */
  readonly #displaced = new Map<string, AddressClaim>();

  /** Takes a claim, which may be new or have another age; yields the keys whose address is another now. */
  claim(claim: AddressClaim): readonly string[] {
    if (this.#claims.get(claim.key)?.createdAt === claim.createdAt) return [];
    const changed = new Set(this.#claims.has(claim.key) ? this.release(claim.key) : []);
    this.#claims.set(claim.key, claim);
    this.#settle(claim, changed);
    return [...changed];
  }

  /** Gives up a claim; yields the keys whose address is another now, its own among them. */
  release(key: string): readonly string[] {
    const place = this.#placeOf.get(key);
    const changed = new Set([key]);
    this.#claims.delete(key);
    this.#placeOf.delete(key);
    this.#displaced.delete(key);
    if (place !== undefined) {
      this.#owners.delete(place);
      this.#refill(place, changed);
    }
    return [...changed];
  }

  /** The addresses of a claim: IPv4, then IPv6; none for a key that claims none. */
  addressesOf(key: string): readonly string[] {
    const place = this.#placeOf.get(key);
    if (place === undefined) return [];
    return [`240.240.${Math.trunc(place / 255)}.${place % 255}`, `2001:2::f0f0:${place.toString(16)}`];
  }

  /** Finds a place for a claim, and for those that it drives out. */
  #settle(first: AddressClaim, changed: Set<string>): void {
    let homeless: AddressClaim | undefined = first;
    while (homeless !== undefined) {
      const claim: AddressClaim = homeless;
      homeless = undefined;
      for (const place of placesOf(claim.key)) {
        const owner = this.#owners.get(place);
        if (owner !== undefined && isOlder(owner, claim)) continue;
        this.#house(claim, place, changed);
        homeless = owner;
        break;
      }
    }
  }

  /** Gives a free place to the oldest of those that would rather have it than what they have. */
  #refill(free: number, changed: Set<string>): void {
    let place: number | undefined = free;
    while (place !== undefined) {
      const wanted: number = place;
      const takers = [...this.#displaced.values()].filter((claim) => this.#prefers(claim, wanted));
      const [taker] = takers.sort((a, b) => (isOlder(a, b) ? -1 : 1));
      place = undefined;
      if (taker === undefined) continue;
      place = this.#placeOf.get(taker.key);
      if (place !== undefined) this.#owners.delete(place);
      this.#house(taker, wanted, changed);
    }
  }

  #house(claim: AddressClaim, place: number, changed: Set<string>): void {
    this.#owners.set(place, claim);
    this.#placeOf.set(claim.key, place);
    const [first] = placesOf(claim.key);
    if (place === first) this.#displaced.delete(claim.key);
    else this.#displaced.set(claim.key, claim);
    changed.add(claim.key);
  }

  #prefers({ key }: AddressClaim, wanted: number): boolean {
    const own = this.#placeOf.get(key);
    for (const place of placesOf(key)) {
      if (place === own) return false;
      if (place === wanted) return true;
    }
    return false;
  }
}

function isOlder(a: AddressClaim, b: AddressClaim): boolean {
  return a.createdAt !== b.createdAt ? a.createdAt < b.createdAt : a.key <= b.key;
}

/** The places that a key asks for, in order. */
function* placesOf(key: string): Generator<number> {
  const hash = hash32(key.replace('/', ':'));
  const step = prime - (hash % prime);
  for (let i = 0; i < places; i++) {
    const place = (hash + i * step) % places;
    if (place % 255 !== 0) yield place;
  }
}
