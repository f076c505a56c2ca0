/** What the two dialects of the protocol do differently, as functions over a TypeState. */
import type { Resource } from '../resource/resource.ts';
import { keptTypes, type TypeUrl, wholeStateTypes } from '../resource/types.ts';
import { deltaResponse, type ResponseHead, sotwResponse } from './response.ts';
import { asksFor } from './subscription.ts';
import type { TypeState } from './type-state.ts';

/** The content of a response before it is framed. */
export interface Content {
  readonly resources: readonly Resource[];
  /** Names that the client is to forget; the state-of-the-world dialect has no word for them. */
  readonly removed: readonly string[];
}

export interface Dialect {
  readonly name: 'delta' | 'sotw';
  /** What is new for the client; undefined when nothing is. */
  upserts(state: TypeState): Content | undefined;
  /** What the client is to forget; undefined when that is nothing. */
  removals(state: TypeState): Content | undefined;
  frame(head: ResponseHead, content: Content): Buffer;
}

/** Everything that the subscription asks for, and the names among it that do not exist. */
function everything({ type, view, subscription }: TypeState): Content {
  const { isWildcard, names } = subscription;
  const resources: Resource[] = [];
  const found = new Set<string>();
  const isFew = !isWildcard && names.size < 32;
  if (isFew) {
    for (const name of names) {
      const resource = view?.contents.get(name);
      if (resource !== undefined) resources.push(resource);
      if (resource !== undefined) found.add(name);
    }
  } else {
    for (const resource of view?.contents.resources() ?? []) {
      if (!isWildcard && !names.has(resource.name)) continue;
      resources.push(resource);
      found.add(resource.name);
    }
  }
  return {
    resources,
    removed: removable(
      type,
      [...names].filter((name) => !found.has(name)),
    ),
  };
}

/** What has changed since the cursor or is forced, without what has only gone. */
function changed(state: TypeState): Content {
  const { view, subscription, cursor, forced } = state;
  const wanted = new Map<string, Resource | undefined>();
  for (const { name, resource } of view?.changesSince(cursor) ?? [])
    if (resource !== undefined && asksFor(subscription, name)) wanted.set(name, resource);
  for (const name of forced) wanted.set(name, view?.contents.get(name));
  const entries = [...wanted];
  return {
    resources: entries.flatMap(([, resource]) => resource ?? []),
    removed: removable(
      state.type,
      entries.flatMap(([name, resource]) => (resource === undefined ? [name] : [])),
    ),
  };
}

/** Of names that are gone those of which the client may be told so. */
function removable(type: TypeUrl, names: readonly string[]): readonly string[] {
  return keptTypes.has(type) ? [] : names;
}

function goneSince({
  view,
  subscription,
  removalCursor,
}: TypeState): readonly { readonly name: string; readonly before: Resource | undefined }[] {
  return (view?.changesSince(removalCursor) ?? []).filter(
    ({ name, resource }) => resource === undefined && asksFor(subscription, name),
  );
}

export const delta: Dialect = {
  name: 'delta',
  upserts(state) {
    if (!state.wantsAll) {
      const content = changed(state);
      return content.resources.length + content.removed.length === 0 ? undefined : content;
    }
    const all = everything(state);
    const { held } = state;
    if (held === undefined) return all;
    // What the client holds at that version is not sent again.
    return { resources: all.resources.filter(({ name, version }) => held.get(name) !== version), removed: all.removed };
  },
  removals(state) {
    const gone = [...new Set([...goneSince(state).map(({ name }) => name), ...state.leftovers])];
    const removed = removable(state.type, gone);
    return removed.length === 0 ? undefined : { resources: [], removed };
  },
  frame: (head, { resources, removed }) => deltaResponse(head, resources, removed),
};

export const sotw: Dialect = {
  name: 'sotw',
  upserts(state) {
    if (!wholeStateTypes.has(state.type)) {
      const content = state.wantsAll ? everything(state) : changed(state);
      return state.wantsAll || content.resources.length > 0 ? content : undefined;
    }
    if (!state.wantsAll && changed(state).resources.length === 0 && state.forced.size === 0) return undefined;
    // What is missing from this response is gone for the client: what others may still refer to stays for now.
    const kept = goneSince(state).flatMap(({ before }) => before ?? []);
    return { resources: [...everything(state).resources, ...kept], removed: [] };
  },
  removals(state) {
    if (goneSince(state).length === 0 && state.leftovers.size === 0) return undefined;
    return wholeStateTypes.has(state.type) ? { resources: everything(state).resources, removed: [] } : undefined;
  },
  frame: (head, { resources }) => sotwResponse(head, resources),
};
