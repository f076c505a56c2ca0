/**
 * Whatever the history: no answer by itself takes more than half of a service's instances, and once the catalog is live and
 * quiet, what is in force is what it says.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { guardedCatalog } from '../../test/support/guarded-catalog.ts';

const names = ['web', 'api', 'db', 'log'] as const;

/** One thing that happens, and how long nothing happens after it. */
type Step =
  /** The platform changes, and says so. */
  | { readonly kind: 'change'; readonly name: string; readonly letters: string | undefined; readonly waitMs: number }
  /** The catalog reports something that is not so: a half-filled store. */
  | { readonly kind: 'mislead'; readonly name: string; readonly letters: string | undefined; readonly waitMs: number }
  /** The same of all services. */
  | { readonly kind: 'empty'; readonly waitMs: number }
  | { readonly kind: 'stale' | 'live' | 'fail' | 'mend'; readonly waitMs: number };

const waitMs = fc.constantFrom(0, 50, 150, 1000, 20_000, 40_000);
const name = fc.constantFrom(...names);
const letters = fc.oneof(
  { weight: 6, arbitrary: fc.subarray([...'abcdefgh']).map((all) => all.join('')) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), name, letters, waitMs }),
  fc.record({ kind: fc.constant('mislead' as const), name, letters, waitMs }),
  fc.record({ kind: fc.constant('empty' as const), waitMs }),
  fc.record({ kind: fc.constantFrom('stale' as const, 'live' as const, 'fail' as const, 'mend' as const), waitMs }),
);

for (const isMute of [false, true])
  it(`a guard of a catalog that ${isMute ? 'cannot' : 'can'} be asked again keeps its promises`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const truth = new Map<string, string | undefined>();
        const inForce = new Map<string, ReadonlySet<string>>();
        let isAnswer = false;
        const catalog = guardedCatalog({
          isMute,
          onEmit: (of, service) => {
            const before = inForce.get(of) ?? new Set();
            const now = new Set(service?.instances.map(({ id }) => id));
            const gone = [...before].filter((id) => !now.has(id));
            if (isAnswer) assert.ok(gone.length * 2 <= before.size, `${gone} of ${[...before]} went by one answer`);
            inForce.set(of, now);
          },
        });
        const say = (all: { readonly [of: string]: string | undefined }) => {
          isAnswer = true;
          catalog.say(all);
          isAnswer = false;
        };
        const ask = async (isFailing: boolean) =>
          catalog.answer((of) => (isFailing ? new Error('500') : truth.get(of)));
        await ask(false);
        for (const one of steps) {
          if (one.kind === 'change') truth.set(one.name, one.letters);
          if (one.kind === 'change' || one.kind === 'mislead') say({ [one.name]: one.letters });
          else if (one.kind === 'empty') say(Object.fromEntries(names.map((of) => [of, undefined])));
          else if (one.kind === 'stale') catalog.stale();
          else if (one.kind === 'live') catalog.live();
          else await ask(one.kind === 'fail');
          await catalog.advance(one.waitMs);
        }
        await ask(false);
        catalog.live();
        say(Object.fromEntries(names.map((of) => [of, truth.get(of)])));
        await catalog.advance(80_000);
        for (const of of names) assert.equal(catalog.inForce(of), truth.get(of), of);
        assert.equal(catalog.guard.held, 0);
      }),
      { numRuns: 150 },
    );
  });
