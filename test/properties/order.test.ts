/** Neither the order in which objects arrive, nor the files they stand in, nor how they come in batches changes a byte. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { catalogService } from '../oracle/catalog.ts';
import { namesFor } from '../oracle/names.ts';
import { anyObject } from '../oracle/objects.ts';
import { proxy } from '../oracle/proxy.ts';
import { type Draft, draftKey, toChange } from '../support/draft.ts';
import { type CatalogDraft, Plane, type ProxyDraft } from '../support/plane.ts';
import { differences, type Served } from '../support/served.ts';

interface Arrival {
  readonly draft: Draft;
  readonly file: string;
  /** Where it comes among the others. */
  readonly place: number;
  /** A commit follows. */
  readonly isLast: boolean;
}

/** A service of a catalog, which comes at a place too. */
interface Registration {
  readonly change: CatalogDraft;
  readonly place: number;
}

function served(
  arrivals: readonly Arrival[],
  registrations: readonly Registration[],
  proxies: readonly ProxyDraft[],
): readonly Served[] {
  const plane = new Plane({ namesFor });
  for (const { draft } of arrivals) if (draft.cluster !== undefined) plane.controlPlane.addCluster(draft.cluster);
  for (const [i, { draft, file, isLast }] of arrivals.entries()) {
    const here = registrations.filter(({ place }) => place % arrivals.length === i);
    plane.register(here.map(({ change }) => change));
    plane.controlPlane.apply([toChange(draft, file)], draft.cluster);
    if (isLast) plane.controlPlane.commit();
  }
  plane.take(proxies.map((one, i) => ({ do: 'connect', seat: String(i), proxy: one }) as const));
  assert.deepEqual(plane.failures, []);
  return proxies.map((_, i) => plane.served(String(i)));
}

const arrivals = fc.uniqueArray(
  fc.record({ draft: anyObject, file: fc.constantFrom('a.yaml', 'b.yaml'), place: fc.nat(), isLast: fc.boolean() }),
  { minLength: 5, maxLength: 30, size: 'max', selector: ({ draft }) => draftKey(draft) },
);

const registrations = fc.uniqueArray(fc.record({ change: catalogService, place: fc.nat() }), {
  maxLength: 6,
  selector: ({ change }) => `${change.catalog} ${change.name}`,
});

describe('what proxies are served', () => {
  it('does not depend on the order of arrival, on files, on lines or on batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        registrations,
        fc.array(proxy, { minLength: 1, maxLength: 3 }),
        async (all, registered, proxies) => {
          const plain = all.map((one) => ({ ...one, file: 'all.yaml', isLast: false }));
          const shuffled = [...all]
            .sort((a, b) => a.place - b.place)
            .map((one) => ({ ...one, draft: { ...one.draft, line: one.place % 7 } }));
          const reversed = [...registered].reverse().map((one) => ({ ...one, place: one.place >> 3 }));
          const first = served(plain, registered, proxies);
          const second = served(shuffled, reversed, proxies);
          const found = proxies.flatMap((_, i) => differences(second[i] ?? new Map(), first[i] ?? new Map()));
          assert.deepEqual(found, []);
          await setImmediate();
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });
});
