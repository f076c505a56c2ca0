import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AddressClaim, AutoAddresses } from './auto-addresses.ts';

/** The IPv4 address of each claim after they have come in this order. */
function allocate(claims: readonly AddressClaim[]): ReadonlyMap<string, string | undefined> {
  const addresses = new AutoAddresses();
  for (const claim of claims) addresses.claim(claim);
  return new Map(claims.map(({ key }) => [key, addresses.addressesOf(key)[0]] as const).sort());
}

/** Two hosts whose names hash to one place. */
const colliding = ['n/h139.example', 'n/h207.example'] as const;

describe('the address of a host', () => {
  it('is the one that Istio gives it', () => {
    const addresses = new AutoAddresses();
    assert.deepEqual(addresses.claim({ key: 'default/istio.io', createdAt: 0 }), ['default/istio.io']);
    assert.deepEqual(addresses.addressesOf('default/istio.io'), ['240.240.91.120', '2001:2::f0f0:5b1d']);
  });

  it('is none for a host that claims none', () => {
    assert.deepEqual(new AutoAddresses().addressesOf('default/istio.io'), []);
  });

  it('goes to the older of two that want it, in whichever order they come', () => {
    const older = { key: colliding[1], createdAt: 1 };
    const younger = { key: colliding[0], createdAt: 2 };
    const alone = allocate([older]);
    for (const order of [
      [older, younger],
      [younger, older],
    ] as const) {
      const both = allocate(order);
      assert.equal(both.get(older.key), alone.get(older.key));
      assert.notEqual(both.get(younger.key), both.get(older.key));
    }
  });

  it('falls to the one that wanted it when its owner goes', () => {
    const addresses = new AutoAddresses();
    addresses.claim({ key: colliding[0], createdAt: 1 });
    addresses.claim({ key: colliding[1], createdAt: 2 });
    const wanted = addresses.addressesOf(colliding[0]);
    assert.deepEqual([...addresses.release(colliding[0])].sort(), [...colliding].sort());
    assert.deepEqual(addresses.addressesOf(colliding[1]), wanted);
  });
});

it('addresses are distinct, and follow from the set of claims alone', () => {
  const claim = fc.record({ key: fc.constantFrom(...crowd), createdAt: fc.integer({ min: 0, max: 3 }) });
  const distinct = fc.uniqueArray(claim, { selector: ({ key }) => key, minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(distinct, fc.array(claim, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (claims, passing, random) => {
      const addresses = new AutoAddresses();
      for (const one of passing) addresses.claim(one);
      for (const one of shuffled(claims, random)) addresses.claim(one);
      for (const { key } of passing) if (!claims.some((one) => one.key === key)) addresses.release(key);
      const found = new Map(claims.map(({ key }) => [key, addresses.addressesOf(key)[0]] as const).sort());
      assert.deepEqual(found, allocate(claims));
      assert.equal(new Set(found.values()).size, claims.length);
    }),
  );
});

/** Names of which many hash to few places. */
const crowd = ((): readonly string[] => {
  const byPlace = new Map<string, string[]>();
  for (let i = 0; i < 3000; i++) {
    const key = `n/h${i}.example`;
    const address = allocate([{ key, createdAt: 0 }]).get(key) ?? '';
    byPlace.set(address, [...(byPlace.get(address) ?? []), key]);
  }
  return [...byPlace.values()]
    .filter((keys) => keys.length > 1)
    .flat()
    .slice(0, 16);
})();

function shuffled<T>(items: readonly T[], random: Iterable<number>): readonly T[] {
  const ranks = random[Symbol.iterator]();
  return items
    .map((item) => ({ item, rank: ranks.next().value as number }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
