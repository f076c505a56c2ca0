/** What is registered in a datacenter, as services of a catalog: which there are, and what each of them is. */
import { decodeOr } from '../../lib/decode-or.ts';
import { equal } from '../../lib/equal.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Problem } from '../../model/problem.ts';
import { type Entry, entrySchema } from './schema.ts';
import { type ConsulNames, protocolsOf, toCatalogService } from './service.ts';

export interface RegisteredServicesOptions extends ConsulNames {
  readonly kind: string;
  /** The catalog's name, for problems. */
  readonly catalog: string;
  readonly emit: (change: CatalogChange) => void;
  readonly problems: (part: string, problems: readonly Problem[]) => void;
}

interface KnownService {
  readonly service: CatalogService;
  /** Nodes that have an instance of it. */
  readonly nodes: ReadonlySet<string>;
}

/** Problems of one service that are told one by one. */
const mostProblems = 20;

export class RegisteredServices {
  readonly #options: RegisteredServicesOptions;
  readonly #services = new Map<string, KnownService>();

  constructor(options: RegisteredServicesOptions) {
    this.#options = options;
  }

  /** Takes all entries of a service, of which there is at least one. Yields whether they say something new. */
  set(name: string, values: readonly unknown[]): boolean {
    const { entries, problems } = this.#read(name, values);
    this.#options.problems(this.#part(name), problems);
    const service = toCatalogService(name, entries, this.#options);
    const before = this.#services.get(name);
    this.#services.set(name, { service, nodes: new Set(entries.map(({ Node }) => Node.Node)) });
    if (equal(before?.service, service)) return false;
    this.#options.emit({ name, service });
    return true;
  }

  /** No service of that name is listed any more. */
  drop(name: string): void {
    this.#options.problems(this.#part(name), []);
    this.#services.delete(name);
    this.#options.emit({ name, service: undefined });
  }

  /** A service is listed, but has no instances: it is going, or the token may not read its nodes. What is known stays. */
  unreadable(name: string): void {
    const message = 'expected instances of a service that is listed, found none';
    const hint = 'the token needs node:read beside service:read';
    const problem = { ...this.#problem(name, 'FW3112', '', message), hint };
    this.#options.problems(this.#part(name), [problem]);
  }

  has(name: string): boolean {
    return this.#services.has(name);
  }

  /** What a service would be if these were its entries; undefined when there are none. Nobody is told. */
  describe(name: string, values: readonly unknown[]): CatalogService | undefined {
    if (values.length === 0) return undefined;
    return toCatalogService(name, this.#read(name, values).entries, this.#options);
  }

  /** The services that have an instance at a node. */
  atNode(node: string): readonly string[] {
    return [...this.#services].filter(([, { nodes }]) => nodes.has(node)).map(([name]) => name);
  }

  #read(name: string, values: readonly unknown[]) {
    const problems: Problem[] = [];
    const entries = values.flatMap((value, i): readonly Entry[] => {
      const found = decodeOr<Entry, string>(entrySchema, value, (message) => message);
      if (typeof found === 'string') {
        if (problems.length < mostProblems) problems.push(this.#problem(name, 'FW3110', `[${i}]`, found));
        return [];
      }
      // What stands beside a service for Consul's own mesh is nobody's destination.
      return (found.Service.Kind ?? '') === '' ? [found] : [];
    });
    const protocols = protocolsOf(entries);
    if (protocols.length > 1) {
      const message = `expected instances that agree on their protocol, found ${protocols.join(' and ')}`;
      problems.push(this.#problem(name, 'FW3111', '', message));
    }
    return { entries, problems };
  }

  #problem(name: string, code: Problem['code'], path: string, message: string): Problem {
    const { kind, catalog, namespace } = this.#options;
    return { code, severity: 'warning', message, path, object: { kind, namespace, name, cluster: catalog } };
  }

  #part(name: string): string {
    return `${this.#options.catalog} registrations: ${name}`;
  }
}
