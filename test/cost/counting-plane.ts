import type { Proxy } from '../../src/model/proxy.ts';
import { routeType, type TypeUrl } from '../../src/resource/types.ts';
import { type Change, Plane } from '../support/plane.ts';

/** How often each query was computed, by its name. */
export type Counts = ReadonlyMap<string, number>;

/** A control plane with a mesh of a size, its proxies connected, that counts what is computed. */
export class CountingPlane {
  readonly #plane: Plane;
  #counts = new Map<string, number>();

  constructor(mesh: readonly Change[]) {
    const onCompute = (query: string) => this.#counts.set(query, (this.#counts.get(query) ?? 0) + 1);
    this.#plane = new Plane({ namesFor, onCompute });
    this.#plane.take(mesh);
  }

  /** What is computed for one commit with these changes. */
  take(changes: readonly Change[]): Counts {
    this.#counts = new Map();
    this.#plane.take(changes);
    return this.#counts;
  }
}

function namesFor(type: TypeUrl, proxy: Proxy): readonly string[] {
  if (type !== routeType) return [];
  return proxy.type === 'router' ? ['http.8080'] : ['80', 'http_proxy'];
}

/** Those of the queries that say what hosts stand for in DNS. */
export function ofNames(counts: Counts): Counts {
  const queries = ['hostName', 'hostNames', 'namespaceNames', 'nameParts', 'nameTable', 'nameTableParts'];
  return new Map([...counts].filter(([query]) => queries.includes(query)));
}

export function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** A line for each query, with how often it ran in each of several meshes. */
export function comparison(all: readonly Counts[]): string {
  const names = [...new Set(all.flatMap((counts) => [...counts.keys()]))].sort();
  const width = Math.max(...names.map((name) => name.length));
  return names
    .map((name) => {
      const counts = all.map((one) => one.get(name) ?? 0);
      const grows = counts.some((count) => count !== counts[0]) ? '  depends on the size' : '';
      return `  ${name.padEnd(width)}${counts.map((count) => String(count).padStart(7)).join('')}${grows}`;
    })
    .join('\n');
}
