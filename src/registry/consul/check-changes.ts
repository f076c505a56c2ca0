/** Which services are worth a look, told from lists of checks that do not pass: before and after. */
import type { Checks } from './schema.ts';

export interface CheckChanges {
  /** In lower case. */
  readonly services: readonly string[];
  /** Nodes with a check of their own that is different, which counts for every service there. */
  readonly nodes: readonly string[];
}

/** Remembers the last list of one status. */
export class CheckList {
  #known: ReadonlyMap<string, { readonly service: string; readonly node: string }> = new Map();

  /** Takes the checks that have the status now, and yields where one has come or gone. */
  take(checks: Checks): CheckChanges {
    const now = new Map(
      checks.map(({ Node = '', CheckID = '', ServiceID = '', ServiceName = '' }) => [
        JSON.stringify([Node, ServiceID, CheckID]),
        { service: ServiceName.toLowerCase(), node: Node },
      ]),
    );
    const services = new Set<string>();
    const nodes = new Set<string>();
    for (const [key, { service, node }] of [...now, ...this.#known]) {
      if (now.has(key) && this.#known.has(key)) continue;
      if (service === '') nodes.add(node);
      else services.add(service);
    }
    this.#known = now;
    return { services: [...services], nodes: [...nodes] };
  }
}
