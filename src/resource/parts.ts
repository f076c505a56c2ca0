/** Contents made of parts: lists of resources that many views share, the later over the earlier. */

import type { Graph, Watch } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { ensure } from '../lib/ensure.ts';
import type { Scope } from '../model/scope.ts';
import type { Part } from './part.ts';
import type { Resource } from './resource.ts';
import type { Contents, Touch } from './view.ts';

/** One part and the views that contain it. */
interface SharedPart {
  byName: ReadonlyMap<string, Resource>;
  readonly views: Set<Touch>;
  readonly watch: Watch<readonly Resource[]>;
}

const byName = (resources: readonly Resource[]) => new Map(resources.map((resource) => [resource.name, resource]));

/** The parts that some view contains. */
export class PartStore {
  readonly #graph: Graph;
  readonly #parts = new Map<string, SharedPart>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The contents of a scope whose parts a query tells, without the names in `hidden`. */
  open(
    query: Query<Scope, readonly Part[]>,
    scope: Scope,
    touch: Touch,
    hidden: ReadonlySet<string> = new Set(),
  ): Contents {
    /** In order of precedence, lowest first. */
    let parts = new Map<string, SharedPart>();
    const adopt = (wanted: readonly Part[]) => {
      const next = new Map(wanted.map((part) => [part.id, parts.get(part.id) ?? this.#join(part, touch)]));
      for (const [id, { byName: names }] of next) if (!parts.has(id)) for (const name of names.keys()) touch(name);
      const left = [...parts].filter(([id]) => !next.has(id));
      for (const [, { byName: names }] of left) for (const name of names.keys()) touch(name);
      parts = next;
      for (const [id] of left) this.#leave(id, touch);
    };
    const watch = this.#graph.watch(query, scope, adopt);
    for (const part of watch.value ?? []) parts.set(part.id, this.#join(part, touch));
    return {
      resources() {
        const all = new Map<string, Resource>();
        for (const { byName: names } of parts.values())
          for (const [name, resource] of names) if (!hidden.has(name)) all.set(name, resource);
        return all.values();
      },
      get(name) {
        if (hidden.has(name)) return undefined;
        let found: Resource | undefined;
        for (const part of parts.values()) found = part.byName.get(name) ?? found;
        return found;
      },
      follow() {},
      unfollow() {},
      close: () => {
        watch.close();
        for (const id of parts.keys()) this.#leave(id, touch);
      },
    };
  }

  #join(part: Part, touch: Touch): SharedPart {
    const shared = ensure(this.#parts, part.id, () => this.#follow(part));
    shared.views.add(touch);
    return shared;
  }

  #follow({ query, key }: Part): SharedPart {
    const views = new Set<Touch>();
    const touchAll = (name: string) => {
      for (const touch of views) touch(name);
    };
    const watch = this.#graph.watch(query, key, (resources) => {
      const before = shared.byName;
      const after = byName(resources);
      for (const [name, resource] of after) if (before.get(name) !== resource) touchAll(name);
      for (const name of before.keys()) if (!after.has(name)) touchAll(name);
      shared.byName = after;
    });
    const shared: SharedPart = { byName: byName(watch.value ?? []), views, watch };
    return shared;
  }

  #leave(id: string, touch: Touch): void {
    const shared = this.#parts.get(id);
    shared?.views.delete(touch);
    if (shared === undefined || shared.views.size > 0) return;
    shared.watch.close();
    this.#parts.delete(id);
  }
}
