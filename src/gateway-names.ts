/**
 * Asks DNS what the names of gateways between networks stand for, again and again: endpoints are addresses. The last good
 * answer stays while DNS gives none.
 */
import type { Graph, Watch } from './incremental/graph.ts';
import type { Cancel, Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { Mesh } from './mesh/mesh.ts';
import { meshKey } from './mesh/tables.ts';

export interface GatewayNamesOptions {
  readonly graph: Graph;
  readonly mesh: Mesh;
  readonly log: Log;
  readonly clock: Clock;
  /** The addresses of a name; rejected when DNS has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Told when rows are staged. */
  readonly changed: () => void;
}

/** How long an answer counts, in milliseconds: load balancers change their addresses within minutes. */
const refreshMs = 30_000;

export class GatewayNames {
  readonly #options: GatewayNamesOptions;
  readonly #watch: Watch<readonly string[]>;
  /** The next question about each name. */
  readonly #names = new Map<string, { cancel: Cancel; hasFailed: boolean }>();

  constructor(options: GatewayNamesOptions) {
    this.#options = options;
    const { graph, mesh } = options;
    this.#watch = graph.watch(mesh.gatewayNames, meshKey, (names) => this.#follow(names));
    this.#follow(this.#watch.value ?? []);
  }

  close(): void {
    this.#watch.close();
    for (const { cancel } of this.#names.values()) cancel();
    this.#names.clear();
  }

  #follow(names: readonly string[]): void {
    const { mesh, clock, changed } = this.#options;
    for (const [name, { cancel }] of this.#names) {
      if (names.includes(name)) continue;
      cancel();
      this.#names.delete(name);
      mesh.tables.hostAddresses.remove(name);
      changed();
    }
    for (const name of names)
      if (!this.#names.has(name))
        this.#names.set(name, { cancel: clock.after(0, () => void this.#ask(name)), hasFailed: false });
  }

  async #ask(name: string): Promise<void> {
    const { mesh, log, clock, resolve, changed } = this.#options;
    const state = this.#names.get(name);
    if (state === undefined) return;
    try {
      const addresses = [...new Set(await resolve(name))].sort();
      if (this.#names.get(name) !== state) return;
      state.hasFailed = false;
      mesh.tables.hostAddresses.put(name, addresses);
      changed();
    } catch (error) {
      if (!state.hasFailed)
        log.warn('the name of a gateway between networks has no address; its last ones stay', {
          resource: name,
          error,
        });
      state.hasFailed = true;
    }
    if (this.#names.get(name) === state) state.cancel = clock.after(refreshMs, () => void this.#ask(name));
  }
}
