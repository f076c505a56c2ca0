/** Follows what connected gateways do not serve although somebody asks for it, and tells the diagnostics. */
import type { Diagnostics } from './diagnostics.ts';
import type { Graph, Watch } from './incremental/graph.ts';
import type { GatewayProxy } from './mesh/gateway-listeners.ts';
import type { Mesh } from './mesh/mesh.ts';
import type { Problem } from './model/problem.ts';
import { anywhere, type Scope } from './model/scope.ts';

export class GatewayWatch {
  readonly #graph: Graph;
  readonly #mesh: Mesh;
  readonly #diagnostics: Diagnostics;
  /** By what is alike for the proxies that share it: all but where they run. */
  readonly #followed = new Map<string, { readonly watch: Watch<readonly Problem[]>; proxies: number }>();

  constructor(graph: Graph, mesh: Mesh, diagnostics: Diagnostics) {
    this.#graph = graph;
    this.#mesh = mesh;
    this.#diagnostics = diagnostics;
  }

  /** A proxy of a scope has come. */
  enter(scope: Scope): void {
    if (scope.client.type !== 'router') return;
    const { part, proxy } = place(scope);
    const known = this.#followed.get(part);
    if (known !== undefined) {
      known.proxies += 1;
      return;
    }
    const report = (problems: readonly Problem[] = []) => this.#diagnostics.replace(part, problems);
    const watch = this.#graph.watch(this.#mesh.gatewayProblems, proxy, report);
    this.#followed.set(part, { watch, proxies: 1 });
    report(watch.value);
  }

  /** A proxy of a scope has gone. What the last of its kind did not serve is nobody's problem any more, nor is it solved. */
  leave(scope: Scope): void {
    const { part } = place(scope);
    const known = this.#followed.get(part);
    if (known === undefined) return;
    known.proxies -= 1;
    if (known.proxies > 0) return;
    known.watch.close();
    this.#followed.delete(part);
    this.#diagnostics.forget(part);
  }
}

function place({ client, capture, serving }: Scope): { readonly part: string; readonly proxy: GatewayProxy } {
  const proxy = { client: anywhere(client), capture, serving };
  return { part: `gateway ${proxy.client.key}\n${capture.key}\n${serving.key}`, proxy };
}
