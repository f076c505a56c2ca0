/**
 * Follows what the patches of EnvoyFilters do for the proxies that are connected, and tells the diagnostics of those that
 * do nothing anywhere or do not fit.
 *
 *      scopes of connected proxies ─► effects of patches ─► judged a little later ─► problems
 */
import type { Config } from './config/config.ts';
import type { EnvoyFilter } from './config/envoy-filter.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Graph, Watch } from './incremental/graph.ts';
import type { Query } from './incremental/query.ts';
import type { Cancel, Clock } from './lib/clock.ts';
import { ensure } from './lib/ensure.ts';
import { executedPatches, patchRef } from './mesh/envoy-filters.ts';
import type { Mesh } from './mesh/mesh.ts';
import { lineOf, type OriginKey, originKey } from './model/origin.ts';
import { type Problem, placeOf } from './model/problem.ts';
import type { Patching, Scope } from './model/scope.ts';

/** What a patch did, as the catalog says it. */
interface Effect {
  readonly origin: { readonly object: OriginKey; readonly path: string };
  readonly misfit?: string;
}

export interface PatchWatchOptions {
  readonly graph: Graph;
  readonly envoyFilters: Mesh['tables']['envoyFilters'];
  readonly effects: Query<Scope, readonly Effect[]>;
  readonly diagnostics: Diagnostics;
  readonly clock: Clock;
}

interface Followed {
  readonly patching: Patching;
  /** Absent for a scope without patches. */
  readonly watch: Watch<readonly Effect[]> | undefined;
  proxies: number;
}

/** Proxies that belong together connect one after the other: until then nobody can say that a patch is for none. */
const delayMs = 3000;

export class PatchWatch {
  readonly #options: PatchWatchOptions;
  readonly #followed = new Map<string, Followed>();
  #reported: readonly OriginKey[] = [];
  #cancel: Cancel | undefined;

  constructor(options: PatchWatchOptions) {
    this.#options = options;
  }

  /** A proxy of a scope has come. */
  enter(scope: Scope): void {
    const { key, patching } = scope;
    const follow = () => this.#options.graph.watch(this.#options.effects, scope, () => this.changed());
    const make = () => ({ patching, watch: patching.key === '' ? undefined : follow(), proxies: 0 });
    ensure(this.#followed, key, make).proxies += 1;
    if (this.#hasFilters()) this.changed();
  }

  /** A proxy of a scope has gone. */
  leave({ key }: Scope): void {
    const known = this.#followed.get(key);
    if (known === undefined) return;
    known.proxies -= 1;
    if (known.proxies === 0) {
      known.watch?.close();
      this.#followed.delete(key);
    }
    if (this.#followed.size === 0) this.#forget(this.#reported);
    else if (this.#hasFilters()) this.changed();
  }

  /** EnvoyFilters or what they do may be others now. Where nobody is connected nothing can be said of them. */
  changed(): void {
    if (this.#followed.size > 0) this.#cancel ??= this.#options.clock.after(delayMs, () => this.#judge());
  }

  close(): void {
    this.#cancel?.();
    for (const { watch } of this.#followed.values()) watch?.close();
    this.#followed.clear();
  }

  #hasFilters(): boolean {
    return this.#filters().next().done !== true;
  }

  *#filters(): Generator<Config<EnvoyFilter>> {
    for (const [, config] of this.#options.graph.rows(this.#options.envoyFilters)) yield config;
  }

  #judge(): void {
    this.#cancel = undefined;
    if (this.#followed.size === 0) return;
    const use = useOf([...this.#followed.values()]);
    const filters = [...this.#filters()];
    const judged = filters.map(({ origin }) => originKey(origin));
    this.#forget(this.#reported.filter((key) => !judged.includes(key)));
    this.#reported = judged;
    for (const config of filters)
      this.#options.diagnostics.replace(partOf(originKey(config.origin)), problemsOf(config, use));
  }

  /** What was said of them is neither true nor solved. */
  #forget(filters: readonly OriginKey[]): void {
    for (const key of filters) this.#options.diagnostics.forget(partOf(key));
    this.#reported = this.#reported.filter((key) => !filters.includes(key));
  }
}

function partOf(key: OriginKey): string {
  return `patches of ${key}`;
}

/** Patches by their place: `EnvoyFilter/shop/lua spec.configPatches[0]`. */
interface PatchUse {
  readonly connected: number;
  /** For how many proxies each is in force. */
  readonly proxies: ReadonlyMap<string, number>;
  readonly applied: ReadonlySet<string>;
  readonly misfits: ReadonlyMap<string, ReadonlySet<string>>;
}

function useOf(followed: readonly Followed[]): PatchUse {
  const proxies = new Map<string, number>();
  const applied = new Set<string>();
  const misfits = new Map<string, Set<string>>();
  for (const { patching, watch, proxies: count } of followed) {
    const { key: _, ...lists } = patching;
    const refs = Object.values(lists).flatMap((list) => (list === '' ? [] : list.split(' ')));
    for (const ref of new Set(refs)) proxies.set(ref, (proxies.get(ref) ?? 0) + count);
    for (const { origin, misfit } of watch?.value ?? []) {
      const place = `${origin.object} ${origin.path}`;
      if (misfit === undefined) applied.add(place);
      else ensure(misfits, place, () => new Set<string>()).add(misfit);
    }
  }
  return { connected: followed.reduce((sum, one) => sum + one.proxies, 0), proxies, applied, misfits };
}

function problemsOf(config: Config<EnvoyFilter>, use: PatchUse): readonly Problem[] {
  return executedPatches(config).flatMap((position) => {
    const path = `spec.configPatches[${position}]`;
    const place = `${originKey(config.origin)} ${path}`;
    const misfits = [...(use.misfits.get(place) ?? [])].sort();
    const count = use.proxies.get(patchRef(config, position)) ?? 0;
    const found = misfits.map((message) => problem(config, path, 'FW0605', message));
    if (use.applied.has(place) || misfits.length > 0) return found;
    const message =
      count === 0
        ? `expected a proxy that it is for, found none among the ${use.connected} connected`
        : `expected something that it matches, found nothing with the ${count} proxies that it is for`;
    return [problem(config, path, 'FW0604', message)];
  });
}

function problem({ origin }: Config<EnvoyFilter>, path: string, code: 'FW0604' | 'FW0605', message: string): Problem {
  return { code, severity: 'warning', path, message, ...placeOf(origin, lineOf(origin, path)) };
}
