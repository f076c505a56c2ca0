/** Contents of a type that is only asked for by name: each name that somebody follows is a cell of its own. */
import type { Graph, Watch } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Scope } from '../model/scope.ts';
import type { Resource } from './resource.ts';
import type { Contents, Touch } from './view.ts';

export function namedContents(
  graph: Graph,
  query: Query<{ readonly scope: Scope; readonly name: string }, Resource | undefined>,
  scope: Scope,
  touch: Touch,
): Contents {
  const watches = new Map<string, Watch<Resource | undefined>>();
  return {
    *resources() {
      for (const { value } of watches.values()) if (value !== undefined) yield value;
    },
    get: (name) => watches.get(name)?.value,
    follow(names) {
      for (const name of names) {
        if (watches.has(name)) continue;
        const watch = graph.watch(query, { scope, name }, (resource) => {
          touch(name, last);
          last = resource;
        });
        let last = watch.value;
        watches.set(name, watch);
      }
    },
    close() {
      for (const watch of watches.values()) watch.close();
      watches.clear();
    },
  };
}
