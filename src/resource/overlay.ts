/**
 * Patches of EnvoyFilters over parts that scopes share: a scope with patches in force sees each part through them, and
 * everybody else does not notice.
 *
 *      part ───────► patched part (part, patches) ─► parts of a scope
 *      patches ────► part of what they add ────────┘
 */
import type { Effect } from '../envoy/patch/patch.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { equal } from '../lib/equal.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { PatchList } from '../model/scope.ts';
import { type Part, partOf, sameResources } from './part.ts';
import type { AddedResources, Patchable, PatchedResources, Patcher } from './patcher.ts';
import type { Resource } from './resource.ts';

interface PatchedPart {
  readonly part: Part;
  readonly patches: PatchList;
}

export interface Overlay {
  /** Parts as they are under patches, after a part of what these add: a name that is there already keeps its meaning. */
  over(parts: readonly Part[], patches: PatchList): readonly Part[];
  /** What patches did to parts, and to which names they added something. */
  readonly effects: (read: Reader, parts: readonly Part[]) => readonly Effect[];
  readonly queries: readonly Query<never, unknown>[];
}

const patchedKey = ({ part, patches }: PatchedPart) => `${part.id}\n${patches}`;

const same = (a: PatchedResources, b: PatchedResources) =>
  sameResources(a.resources, b.resources) && equal(a.effects, b.effects);

/** `reads` are the queries of the parts. */
export function overlay(
  graph: Graph,
  { patches: patchQuery }: Pick<Mesh, 'patches'>,
  patcher: Patcher,
  kind: Patchable,
  reads: readonly Query<never, readonly Resource[]>[],
): Overlay {
  const suffix = `${kind.charAt(0)}${kind.slice(1).toLowerCase()}s`;

  const patched = graph.query<PatchedPart, PatchedResources>(`patched${suffix}`, {
    reads: [patchQuery, ...reads],
    keyOf: patchedKey,
    equal: same,
    compute: (read, { part, patches }) =>
      patcher.patch(kind, read.cell(part.query, part.key), read.cell(patchQuery, patches)),
  });
  const patchedPart = graph.query<PatchedPart, readonly Resource[]>(`patched${suffix}Part`, {
    reads: [patched],
    keyOf: patchedKey,
    equal: sameResources,
    compute: (read, key) => read.cell(patched, key).resources,
  });

  const added = graph.query<PatchList, AddedResources>(`added${suffix}`, {
    reads: [patchQuery],
    equal: same,
    compute: (read, patches) => patcher.added(kind, read.cell(patchQuery, patches)),
  });
  const addedPart = graph.query<PatchList, readonly Resource[]>(`added${suffix}Part`, {
    reads: [added],
    equal: sameResources,
    compute: (read, patches) => read.cell(added, patches).resources,
  });

  function over(parts: readonly Part[], patches: PatchList): readonly Part[] {
    if (patches === '') return parts;
    return [
      partOf(addedPart, patches, patches),
      ...parts.map((part) => partOf(patchedPart, { part, patches }, patchedKey({ part, patches }))),
    ];
  }

  const partEffects = graph.query<PatchedPart, readonly Effect[]>(`patched${suffix}Effects`, {
    reads: [patched],
    keyOf: patchedKey,
    compute: (read, key) => read.cell(patched, key).effects,
  });

  /** The names that patches add although a part has them. */
  const takenNames = graph.query<PatchedPart, readonly string[]>(`taken${suffix}`, {
    reads: [added, patchedPart, ...reads],
    keyOf: patchedKey,
    compute(read, { part, patches }) {
      const { places } = read.cell(added, patches);
      return places.size === 0
        ? []
        : read.cell(part.query, part.key).flatMap(({ name }) => (places.has(name) ? [name] : []));
    },
  });

  function effects(read: Reader, parts: readonly Part[]): readonly Effect[] {
    const additions = parts.filter(({ query }) => query.name === addedPart.name);
    const others = parts.filter((part) => !additions.includes(part));
    return [
      ...others
        .filter(({ query }) => query.name === patchedPart.name)
        .flatMap(({ key }) => read.cell(partEffects, key as PatchedPart)),
      ...additions.flatMap(({ key }) => {
        const patches = key as PatchList;
        const taken = others.flatMap((part) => read.cell(takenNames, { part, patches }));
        return effectsOfAdding(read.cell(added, patches), new Set(taken));
      }),
    ];
  }

  return { over, effects, queries: [patchedPart, addedPart, partEffects, takenNames] };
}

/** What is generated keeps its name: adding another of that name has no effect. */
function effectsOfAdding({ effects, places }: AddedResources, taken: ReadonlySet<string>): readonly Effect[] {
  const inVain = [...places].filter(([name]) => taken.has(name));
  const hidden = new Set(inVain.map(([, origin]) => origin));
  return [
    ...effects.filter(({ origin }) => !hidden.has(origin)),
    ...inVain.map(([name, origin]) => ({ origin, misfit: `expected a name that nothing has yet, found ${name}` })),
  ];
}
