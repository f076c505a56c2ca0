/** Contents of a type that is only asked for by name: each name that somebody follows is a cell of its own. */
import type { Graph, Watch } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { ensure } from '../lib/ensure.ts';
import type { Scope } from '../model/scope.ts';
import type { Resource } from './resource.ts';
import type { Contents, Touch } from './view.ts';

interface Followed {
  /** How many ask for it. */
  count: number;
  resource: Resource | undefined;
  readonly watch: Watch<Resource | undefined>;
}

export function namedContents(
  graph: Graph,
  query: Query<{ readonly scope: Scope; readonly name: string }, Resource | undefined>,
  scope: Scope,
  touch: Touch,
): Contents {
  const followed = new Map<string, Followed>();
  const open = (name: string): Followed => {
    const watch = graph.watch(query, { scope, name }, (resource) => {
      touch(name);
      found.resource = resource;
    });
    const found: Followed = { count: 0, resource: watch.value, watch };
    return found;
  };
  return {
    *resources() {
      for (const { resource } of followed.values()) if (resource !== undefined) yield resource;
    },
    get: (name) => followed.get(name)?.resource,
    follow(names) {
      for (const name of names) ensure(followed, name, () => open(name)).count += 1;
    },
    unfollow(names) {
      for (const name of names) {
        const found = followed.get(name);
        if (found === undefined) continue;
        found.count -= 1;
        if (found.count > 0) continue;
        found.watch.close();
        followed.delete(name);
      }
    },
    close() {
      for (const { watch } of followed.values()) watch.close();
      followed.clear();
    },
  };
}
