/** What the two dialects of the protocol do differently, as functions over a TypeState. */
import type { Resource } from '../resource/resource.ts';
import { keptTypes, wholeStateTypes } from '../resource/types.ts';
import { resourcesAsked } from './asked.ts';
import { deltaResponse, type ResponseHead, sotwResponse } from './response.ts';
import { asksFor } from './subscription.ts';
import type { TypeState } from './type-state.ts';

/** The content of a response before it is framed. */
export interface Content {
  /** Each name once. */
  readonly resources: readonly Resource[];
  /** Names that the client is to forget, or that do not exist; the state-of-the-world dialect has no word for them. */
  readonly removed: readonly string[];
  /** Names of those resources that the client does not have in this form. */
  readonly fresh: readonly string[];
}

/** A response to be made. Streams of one view, subscription and key get the same; without a key it is for one alone. */
export interface Draft {
  readonly key: string | undefined;
  /** After it the client holds what is there, and nothing else. */
  readonly isComplete?: true;
  readonly content: () => Content;
}

export interface Dialect {
  readonly name: 'delta' | 'sotw';
  /** What is new for the client. */
  upserts(state: TypeState): Draft;
  /** What the client is to forget; undefined when it cannot be told, or must not. */
  removals(state: TypeState): Draft | undefined;
  frame(head: ResponseHead, content: Content): Buffer;
}

export const delta: Dialect = {
  name: 'delta',
  upserts(state) {
    const { wantsAll, held, revision, forced, renewed } = state;
    const since = wantsAll ? 'all' : revision;
    return {
      key: held !== undefined ? undefined : `${since}/${JSON.stringify([[...forced], [...renewed]])}`,
      content: () => (wantsAll ? allOrMissing(state) : newOrMissing(state)),
    };
  },
  removals(state) {
    if (keptTypes.has(state.type)) return undefined;
    const removed = [...state.removals().keys()];
    return { key: `gone/${JSON.stringify(removed)}`, content: () => ({ resources: [], removed, fresh: [] }) };
  },
  frame: (head, { resources, removed }) => deltaResponse(head, resources, removed),
};

export const sotw: Dialect = {
  name: 'sotw',
  upserts(state) {
    return {
      key: `${placeOf(state)}/${JSON.stringify([...state.leftovers].map(([name, left]) => [name, left?.version]))}`,
      content: () => (wholeStateTypes.has(state.type) ? whole(state, kept(state)) : part(state)),
    };
  },
  removals(state) {
    if (!wholeStateTypes.has(state.type)) return undefined;
    return { key: `gone/${placeOf(state)}`, isComplete: true, content: () => whole(state, []) };
  },
  frame: (head, { resources }) => sotwResponse(head, resources),
};

/** What a response of the state-of-the-world dialect depends on, beside what is there. */
function placeOf({ wantsAll, isNew, revision, forced, renewed }: TypeState): string {
  const since = wantsAll ? (isNew ? 'all' : `all/${revision}`) : revision;
  return `${since}/${JSON.stringify([[...forced], [...renewed]])}`;
}

const namesOf = (resources: readonly Resource[]) => resources.map(({ name }) => name);

function everything({ view, subscription }: TypeState): readonly Resource[] {
  return view === undefined ? [] : resourcesAsked(view, subscription);
}

/** What has changed or is forced, by name; undefined for what is forced and does not exist. */
function changed(state: TypeState): ReadonlyMap<string, Resource | undefined> {
  const wanted = new Map<string, Resource | undefined>();
  for (const { name, resource } of state.changes()) if (resource !== undefined) wanted.set(name, resource);
  for (const name of state.forced) wanted.set(name, state.view?.contents.get(name));
  for (const name of state.renewed) {
    const resource = asksFor(state.subscription, name) ? state.view?.contents.get(name) : undefined;
    if (resource !== undefined) wanted.set(name, resource);
  }
  return wanted;
}

const present = (resources: Iterable<Resource | undefined>) => [...resources].filter((one) => one !== undefined);

function newOrMissing(state: TypeState): Content {
  const wanted = [...changed(state)];
  const resources = present(wanted.map(([, resource]) => resource));
  const missing = wanted.flatMap(([name, resource]) => (resource === undefined ? [name] : []));
  return { resources, removed: keptTypes.has(state.type) ? [] : missing, fresh: namesOf(resources) };
}

/** All but what the client holds at its present version, and what is asked for and does not exist. */
function allOrMissing(state: TypeState): Content {
  const { type, held, subscription, forced } = state;
  const all = everything(state);
  const found = new Set(namesOf(all));
  // What the client holds and is gone is removed once all that is new has arrived.
  const missing = [...new Set([...subscription.names, ...forced])].filter(
    (name) => !found.has(name) && held?.has(name) !== true,
  );
  const resources = held === undefined ? all : all.filter(({ name, version }) => held.get(name) !== version);
  return { resources, removed: keptTypes.has(type) ? [] : missing, fresh: namesOf(resources) };
}

/** All resources, as what is missing is gone for the client, and some that are not there any more. */
function whole(state: TypeState, more: readonly Resource[]): Content {
  const all = everything(state);
  const fresh = state.wantsAll ? all : present(changed(state).values());
  return { resources: [...all, ...more], removed: [], fresh: namesOf(fresh) };
}

/** What is gone, and stays with the client for now because something may still refer to it. */
function kept(state: TypeState): readonly Resource[] {
  const kept = new Map(state.removals());
  for (const { name, before } of state.gone()) kept.set(name, before);
  return present(kept.values());
}

/** What is new; what is not mentioned stays as it is. */
function part(state: TypeState): Content {
  const resources = state.wantsAll ? everything(state) : present(changed(state).values());
  return { resources, removed: [], fresh: namesOf(resources) };
}
