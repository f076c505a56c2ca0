/** What is registered in a datacenter, as services of a catalog: which there are, and what each of them is. */
import { decodeOr } from '../../lib/decode-or.ts';
import { equal } from '../../lib/equal.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Problem } from '../../model/problem.ts';
import { type Entry, entryNameSchema, entrySchema } from './schema.ts';
import { type ConsulNames, contradictions, idOf, isOfConsulsMesh, toCatalogService } from './service.ts';

export interface RegisteredServicesOptions extends ConsulNames {
  readonly kind: string;
  /** The catalog's name, for problems. */
  readonly catalog: string;
  readonly emit: (change: CatalogChange) => void;
  readonly problems: (part: string, problems: readonly Problem[]) => void;
}

interface KnownService {
  /** Undefined of what is of no use to clients. */
  readonly service: CatalogService | undefined;
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

  /** Whether nothing has been read yet that is still listed. */
  get isEmpty(): boolean {
    return this.#services.size === 0;
  }

  /**
   * Takes all entries of a service, of which there is at least one; some may be left out because the token may not read them.
   * Yields whether they say something new.
   */
  set(name: string, values: readonly unknown[], isFiltered: boolean): boolean {
    const { service, nodes, problems } = this.#read(name, values);
    const denied = isFiltered ? [this.#denied(name, 'that some are left out')] : [];
    this.#options.problems(this.#part(name), [...denied, ...problems]);
    const before = this.#services.get(name);
    this.#services.set(name, { service, nodes });
    if (equal(before?.service, service)) return false;
    this.#options.emit({ name, service });
    return true;
  }

  /** No service of that name is listed any more. */
  drop(name: string): void {
    const before = this.#services.get(name);
    this.#services.delete(name);
    this.#options.problems(this.#part(name), []);
    if (before?.service !== undefined) this.#options.emit({ name, service: undefined });
  }

  /** A service is listed, but has no instances for us. What is known stays. */
  denied(name: string): void {
    this.#options.problems(this.#part(name), [this.#denied(name, 'none')]);
  }

  /** Consul refuses to tell of a service, and would again. What is known stays. */
  refused(name: string, found: string): void {
    const message = `expected the instances of a service that is listed, found ${found}`;
    this.#options.problems(this.#part(name), [this.#problem(name, 'FW3114', '', message)]);
  }

  /** What a service would be if these were its entries; undefined when there are none. Nobody is told. */
  describe(name: string, values: readonly unknown[]): CatalogService | undefined {
    return values.length === 0 ? undefined : this.#read(name, values).service;
  }

  /** The services that have an instance at a node. */
  atNode(node: string): readonly string[] {
    return [...this.#services].filter(([, { nodes }]) => nodes.has(node)).map(([name]) => name);
  }

  #read(name: string, values: readonly unknown[]): KnownService & { readonly problems: readonly Problem[] } {
    const entries: Entry[] = [];
    const unreadable: string[] = [];
    const told: [code: Problem['code'], path: string, message: string][] = [];
    for (const [i, value] of values.entries()) {
      const found = decodeOr<Entry, string>(entrySchema, value, (message) => message);
      if (typeof found === 'string') {
        unreadable.push(looseIdOf(value));
        told.push(['FW3110', `[${i}]`, found]);
      } else entries.push(found);
    }
    const services = entries.filter((entry) => !isOfConsulsMesh(entry));
    // What is still there stays as it was known.
    const known = this.#services.get(name)?.service;
    const kept = (known?.instances ?? []).filter(({ id }) => unreadable.includes(id));
    for (const message of contradictions(services)) told.push(['FW3111', '', message]);
    // What clients call is told by entries that can be read; where there is none it is what it was.
    const service =
      services.length === 0 && known !== undefined
        ? { ...known, instances: [] }
        : toCatalogService(name, services, this.#options);
    return {
      service:
        services.length + kept.length === 0 ? undefined : { ...service, instances: [...service.instances, ...kept] },
      nodes: new Set(entries.map(({ Node }) => Node.Node)),
      problems: told.slice(0, mostProblems).map(([code, path, message]) => this.#problem(name, code, path, message)),
    };
  }

  #denied(name: string, found: string): Problem {
    const message = `expected all instances of a service that is listed, found ${found}`;
    return { ...this.#problem(name, 'FW3112', '', message), hint: 'the token needs node:read beside service:read' };
  }

  #problem(name: string, code: Problem['code'], path: string, message: string): Problem {
    const { kind, catalog, namespace } = this.#options;
    return { code, severity: 'warning', message, path, object: { kind, namespace, name, cluster: catalog } };
  }

  #part(name: string): string {
    return `${this.#options.catalog} registrations: ${name}`;
  }
}

/** The id of an entry of which other things cannot be read; empty when not even that can. */
function looseIdOf(value: unknown): string {
  const found = decodeOr(entryNameSchema, value, () => undefined);
  return found === undefined ? '' : idOf(found);
}
