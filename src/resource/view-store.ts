/** Hands out views, one for each type and for each distinct part of a scope that the type depends on. */
import type { Graph } from '../incremental/graph.ts';
import { anywhere, type Scope } from '../model/scope.ts';
import type { Catalog } from './catalog.ts';
import { endpointKey } from './cluster-catalog.ts';
import { nameKey } from './name-catalog.ts';
import { namedContents } from './named.ts';
import { PartStore } from './parts.ts';
import {
  clusterType,
  endpointType,
  extensionType,
  listenerType,
  nameTableType,
  nameType,
  routeType,
  secretType,
  type TypeUrl,
} from './types.ts';
import { type Contents, type Touch, View } from './view.ts';

interface ViewKind {
  /** Scopes of equal keys see the type alike. */
  readonly keyOf: (scope: Scope) => string;
  readonly open: (scope: Scope, touch: Touch) => Contents;
}

export class ViewStore {
  readonly #graph: Graph;
  readonly #kinds: ReadonlyMap<TypeUrl, ViewKind>;
  readonly #views = new Map<string, View>();
  readonly #dirty = new Set<View>();
  readonly #unused = new Map<View, string>();
  #lastNumber = 0;

  constructor(graph: Graph, catalog: Catalog) {
    const parts = new PartStore(graph);
    this.#graph = graph;
    this.#kinds = new Map<TypeUrl, ViewKind>([
      [
        clusterType,
        { keyOf: ({ key }) => key, open: (scope, touch) => parts.open(catalog.clusterParts, scope, touch) },
      ],
      [endpointType, { keyOf: endpointKey, open: (scope, touch) => parts.open(catalog.endpointParts, scope, touch) }],
      [
        listenerType,
        {
          keyOf: ({ key }) => key,
          open: (scope, touch) =>
            parts.open(catalog.listenerParts, scope, touch, new Set(scope.serving.hiddenListeners)),
        },
      ],
      [nameTableType, { keyOf: nameKey, open: (scope, touch) => parts.open(catalog.nameTableParts, scope, touch) }],
      [nameType, { keyOf: nameKey, open: (scope, touch) => parts.open(catalog.nameParts, scope, touch) }],
      [routeType, { keyOf: routeKey, open: (scope, touch) => namedContents(graph, catalog.route, scope, touch) }],
      [
        extensionType,
        {
          keyOf: ({ patching }) => patching.extensions,
          open: (scope, touch) => namedContents(graph, catalog.extension, scope, touch),
        },
      ],
      [secretType, { keyOf: secretKey, open: (scope, touch) => namedContents(graph, catalog.secret, scope, touch) }],
    ]);
  }

  /** The view of a type for a scope; undefined for a type that is not served. */
  view(type: TypeUrl, scope: Scope): View | undefined {
    const kind = this.#kinds.get(type);
    if (kind === undefined) return undefined;
    const id = `${type}\n${kind.keyOf(scope)}`;
    let view = this.#views.get(id);
    if (view === undefined) {
      this.#lastNumber += 1;
      view = new View({
        type,
        number: this.#lastNumber,
        revision: this.#graph.revision,
        open: (touch) => kind.open(scope, touch),
        dirty: (dirty) => this.#dirty.add(dirty),
        abandoned: (unused) => this.#unused.set(unused, id),
      });
      this.#views.set(id, view);
      // Until somebody reads it: a page that only looks must not keep it alive.
      this.#unused.set(view, id);
    }
    return view;
  }

  get size(): number {
    return this.#views.size;
  }

  /** Tells readers what the last commit has changed, whose first cause was seen at `sinceMs`. Call after each commit. */
  settle(sinceMs: number): void {
    for (const view of this.#dirty) {
      this.#dirty.delete(view);
      view.settle(this.#graph.revision, sinceMs);
    }
  }

  /** Closes the views that nobody reads any more. */
  closeUnused(): void {
    for (const [view, id] of this.#unused) {
      this.#unused.delete(view);
      if (view.isUsed) continue;
      this.#views.delete(id);
      view.contents.close();
    }
  }
}

/** Routes depend on a sidecar as a client alone, and on a gateway as what it serves; on both by patches of routes. */
function routeKey({ client, serving, patching: { routes } }: Scope): string {
  return `${client.type === 'router' ? `${client.key}\n${serving.key}` : anywhere(client).key}\n${routes}`;
}

/** Secrets depend on a proxy's namespace and labels as well. */
function secretKey({ client, serving }: Scope): string {
  return `${client.key}\n${serving.key}`;
}
