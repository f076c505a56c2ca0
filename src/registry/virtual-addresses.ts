/** Which hosts get a virtual address that is made up: those that state none, whichever registries they are of. */

import { ensure } from '../lib/ensure.ts';
import { equal } from '../lib/equal.ts';
import { isWildcard } from '../model/hostname.ts';
import type { Service } from '../model/service.ts';
import { type AddressClaim, AutoAddresses } from './auto-addresses.ts';
import type { RegistryChange } from './registry.ts';

/** One for all registries of a mesh, so that no two hosts get one address. */
export class VirtualAddresses {
  readonly #addresses = new AutoAddresses();
  /** What each seeker has asked for. */
  readonly #claims = new Map<string, readonly AddressClaim[]>();
  /** For each host that wants an address, how old the services are that state it, by seeker. */
  readonly #ages = new Map<string, Map<string, number>>();

  /**
   * Takes the services of a seeker, which is one object or one service of a catalog; none when it is gone. Yields the
   * addresses that are others now, by `namespace/host`.
   */
  seek(seeker: string, services: readonly Service[]): readonly RegistryChange[] {
    const before = this.#claims.get(seeker) ?? [];
    const now = services.flatMap(claimOf);
    if (equal(before, now)) return [];
    if (now.length === 0) this.#claims.delete(seeker);
    else this.#claims.set(seeker, now);
    for (const { key } of before) this.#ages.get(key)?.delete(seeker);
    for (const { key, createdAt } of now) ensure(this.#ages, key, () => new Map()).set(seeker, createdAt);
    const changed = new Set([...before, ...now].flatMap(({ key }) => this.#settle(key)));
    return [...changed].map((key) => {
      const row = this.#addresses.addressesOf(key);
      return { table: 'autoAddress', key, row: row.length === 0 ? undefined : row };
    });
  }

  /** The keys whose address is another one when a host is as old as the oldest of its services. */
  #settle(key: string): readonly string[] {
    const ages = [...(this.#ages.get(key)?.values() ?? [])];
    if (ages.length > 0) return this.#addresses.claim({ key, createdAt: Math.min(...ages) });
    this.#ages.delete(key);
    return this.#addresses.release(key);
  }
}

/** The claim of a service that states no address and whose connections can be told by one. */
function claimOf({ hostname, namespace, addresses, resolution, labels, createdAt }: Service): AddressClaim[] {
  const isOff = labels['networking.istio.io/enable-autoallocate-ip'] === 'false';
  if (isOff || addresses.length > 0 || resolution === 'passthrough' || isWildcard(hostname)) return [];
  return [{ key: `${namespace}/${hostname}`, createdAt }];
}
