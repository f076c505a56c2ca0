/** Histories of a mesh: objects come, change and go, and so do proxies. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import type { CatalogDraft, Change } from '../support/plane.ts';
import { connect } from '../support/steps.ts';
import { catalogService } from './catalog.ts';
import { closeObject } from './close-quarters.ts';
import { meshConfig, meshNetworks } from './mesh-config.ts';
import { anyObject } from './objects.ts';
import { proxy } from './proxy.ts';
import { namespaces } from './universe.ts';

export type Step =
  | Change
  /** Removes an object that is there: the one at this place, counted round. */
  | { readonly do: 'removeAt'; readonly at: number }
  /** Gives an object that is there another age, or other labels. */
  | { readonly do: 'touchAt'; readonly at: number; readonly createdAt: number; readonly line: number };

const seats = ['1', '2', '3', '4'] as const;
const seat = fc.constantFrom(...seats);

const put = (object: Draft) => ({ do: 'put', object }) as const;

const register = (change: CatalogDraft) => ({ do: 'register', change }) as const;

const removal = fc.nat({ max: 99 }).map((at) => ({ do: 'removeAt', at }) as const);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: anyObject.map(put) },
  { weight: 5, arbitrary: removal },
  { weight: 4, arbitrary: catalogService.map(register) },
  {
    weight: 2,
    arbitrary: fc
      .record({ at: fc.nat({ max: 99 }), createdAt: fc.nat({ max: 3 }), line: fc.nat({ max: 3 }) })
      .map((change) => ({ do: 'touchAt', ...change }) as const),
  },
  { weight: 1, arbitrary: fc.constantFrom('join', 'part').map((change) => ({ do: change, cluster: 'east' }) as const) },
  { weight: 1, arbitrary: meshNetworks.map((networks) => ({ do: 'network', networks }) as const) },
  { weight: 1, arbitrary: meshConfig.map((mesh) => ({ do: 'configure', mesh }) as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const), seat, proxy }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), seat }) },
);

/** Steps that become visible together. */
export type Batch = readonly Step[];

/**
 * What a history may do without. Where everything is there at once much of it never shows: one wildcard or selector is
 * enough to make a client special towards everybody.
 */
const features = [
  '"kind":"Sidecar"',
  '"kind":"Gateway"',
  '"kind":"ServiceEntry"',
  '"kind":"DestinationRule"',
  '"kind":"Pod"',
  '"(workloadSelector|matchLabels)":',
  '"(exportTo|networking.istio.io/exportTo)":',
  '"delegate":',
  '"sourceNamespace":',
  '"sourceLabels":',
  '"gateways":',
  '"(tls|tcp)":\\[',
  '"\\*\\.',
  '"externalName":',
  '"clusterIP":"None"',
  '"cluster":"east"',
  '"topology.istio.io/network":"(far|near)"',
  '"do":"configure"',
  '"do":"register"',
] as const;

function has(step: Step, feature: string): boolean {
  return new RegExp(feature).test(JSON.stringify(step));
}

const beginning: fc.Arbitrary<Batch> = fc
  .record({
    objects: fc.array(anyObject, { minLength: 10, maxLength: 50, size: 'max' }),
    catalogs: fc.array(catalogService, { maxLength: 8, size: 'max' }),
    proxies: fc.array(proxy, { minLength: 1, maxLength: 3, size: 'max' }),
  })
  .map(({ objects, catalogs, proxies }) => [
    ...objects.map(put),
    ...catalogs.map(register),
    ...proxies.map((one, i) => ({ do: 'connect', seat: seats[i] ?? '4', proxy: one }) as const),
  ]);

/** Many objects of all kinds. */
const wide: fc.Arbitrary<readonly Batch[]> = fc
  .record({
    first: beginning,
    rest: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 10, size: 'max' }),
    without: fc.subarray([...features]),
  })
  .map(({ first, rest, without }) =>
    [first, ...rest].map((batch) => batch.filter((one) => !without.some((feature) => has(one, feature)))),
  );

const labels = { app: 'x', version: 'v1' };

/** Few hosts, one plain sidecar in each namespace, and no more objects than a person can follow. */
const close: fc.Arbitrary<readonly Batch[]> = fc
  .record({
    clusters: fc.array(fc.constantFrom('Kubernetes', 'east'), { minLength: 3, maxLength: 3 }),
    capturesDns: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    first: fc.array(closeObject, { minLength: 3, maxLength: 12, size: 'max' }),
    catalogs: fc.array(catalogService, { maxLength: 4, size: 'max' }),
    rest: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: closeObject.map(put) },
        { weight: 1, arbitrary: removal },
        { weight: 1, arbitrary: catalogService.map(register) },
      ),
      { maxLength: 4, size: 'max' },
    ),
  })
  .map(({ first, catalogs, rest, clusters, capturesDns }) => [
    [
      ...first.map(put),
      ...catalogs.map(register),
      ...namespaces.flatMap((namespace, i) =>
        connect(
          namespace,
          { labels, cluster: clusters[i] ?? 'Kubernetes', capturesDns: capturesDns[i] ?? false },
          seats[i],
        ),
      ),
    ],
    ...rest.map((one) => [one]),
  ]);

export const history = fc.oneof({ weight: 1, arbitrary: wide }, { weight: 3, arbitrary: close });
