/** Histories of a mesh: objects come, change and go, and so do proxies. */
import fc from 'fast-check';
import type { Draft } from './draft.ts';
import { type MeshConfigDraft, meshConfig } from './mesh-config.ts';
import { anyObject } from './objects.ts';
import { type ProxyDraft, proxy } from './proxy.ts';

export type Step =
  /** A new object, or another version of one that is there. */
  | { readonly do: 'put'; readonly object: Draft }
  /** Removes an object that is there: the one at this place, counted round. */
  | { readonly do: 'remove'; readonly at: number }
  /** Gives an object that is there another age, or other labels. */
  | { readonly do: 'touch'; readonly at: number; readonly createdAt: number; readonly line: number }
  | { readonly do: 'configure'; readonly mesh: MeshConfigDraft }
  /** Connects a proxy in the place of the one that was in this seat. */
  | { readonly do: 'connect'; readonly seat: Seat; readonly proxy: ProxyDraft }
  | { readonly do: 'disconnect'; readonly seat: Seat };

export type Seat = (typeof seats)[number];

const seats = ['1', '2', '3', '4'] as const;
const seat = fc.constantFrom(...seats);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: anyObject.map((object) => ({ do: 'put', object }) as const) },
  { weight: 5, arbitrary: fc.nat({ max: 99 }).map((at) => ({ do: 'remove', at }) as const) },
  {
    weight: 2,
    arbitrary: fc
      .record({ at: fc.nat({ max: 99 }), createdAt: fc.nat({ max: 3 }), line: fc.nat({ max: 3 }) })
      .map((change) => ({ do: 'touch', ...change }) as const),
  },
  { weight: 1, arbitrary: meshConfig.map((mesh) => ({ do: 'configure', mesh }) as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const), seat, proxy }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), seat }) },
);

/** Steps that become visible together. */
export type Batch = readonly Step[];

const beginning: fc.Arbitrary<Batch> = fc
  .record({
    objects: fc.array(anyObject, { minLength: 5, maxLength: 30, size: 'max' }),
    proxies: fc.array(proxy, { minLength: 1, maxLength: 3, size: 'max' }),
  })
  .map(({ objects, proxies }) => [
    ...objects.map((object) => ({ do: 'put', object }) as const),
    ...proxies.map((one, i) => ({ do: 'connect', seat: seats[i] ?? '4', proxy: one }) as const),
  ]);

export const history: fc.Arbitrary<readonly Batch[]> = fc
  .tuple(
    beginning,
    fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 12, size: 'max' }),
  )
  .map(([first, rest]) => [first, ...rest]);
