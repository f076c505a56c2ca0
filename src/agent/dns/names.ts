/** The names that the control plane has told of, and what a question for one of them comes to. */
import { compareTexts } from '../../lib/compare.ts';

export interface NameInfo {
  readonly addresses: readonly string[];
  readonly isKubernetes: boolean;
}

/** By host, which may be a wildcard such as `*.example.com`; in lower case, without a dot at its end. */
export type NameTable = ReadonlyMap<string, NameInfo>;

export interface NamesOptions {
  /** The namespace of the application, whose services have the shortest names. */
  readonly namespace: string;
  /** `cluster.local` */
  readonly domainSuffix: string;
}

export interface FoundName {
  /** The host, where the question was for it with a search domain behind it. */
  readonly canonical?: string;
  readonly addresses: readonly string[];
}

export class Names {
  /** What resolvers of the application's namespace put behind a name, in this order. */
  readonly #searchDomains: readonly [own: string, ...others: string[]];
  /** By the resource that states them. */
  readonly #tables = new Map<string, NameTable>();
  /** Who states a host, the one that counts first: a pod of a headless service may bear the name that a ServiceEntry has. */
  readonly #statements = new Map<string, readonly Statement[]>();

  constructor({ namespace, domainSuffix }: NamesOptions) {
    this.#searchDomains = [`${namespace}.svc.${domainSuffix}`, `svc.${domainSuffix}`, domainSuffix];
  }

  /** How many hosts are known. */
  get size(): number {
    return this.#statements.size;
  }

  /** Takes the place of what the resource has stated before. */
  set(resource: string, table: NameTable): void {
    this.remove(resource);
    this.#tables.set(resource, table);
    for (const [host, info] of table) {
      const all = [...(this.#statements.get(host) ?? []), { resource, info }];
      this.#statements.set(host, all.length === 1 ? all : all.sort(compare));
    }
  }

  remove(resource: string): void {
    for (const host of this.#tables.get(resource)?.keys() ?? []) {
      const others = (this.#statements.get(host) ?? []).filter((one) => one.resource !== resource);
      if (others.length === 0) this.#statements.delete(host);
      else this.#statements.set(host, others);
    }
    this.#tables.delete(resource);
  }

  /** Undefined for a name that nobody has told of. `name` is in lower case, without a dot at its end. */
  find(name: string): FoundName | undefined {
    const called = this.#calledBy(name);
    if (called !== undefined) return { addresses: called.addresses };
    // Resolvers try each search domain first, so that api.example.com comes as api.example.com.shop.svc.cluster.local. Who
    // has learned with the first of them what it stands for need not ask with the others.
    const [own] = this.#searchDomains;
    if (name.endsWith(`.${own}`)) {
      const asked = name.slice(0, -own.length - 1);
      // One label is the name of a service, which would have been found as it came.
      const meant = asked.includes('.') ? (this.#calledBy(asked) ?? this.#wildcardOver(asked)) : undefined;
      if (meant !== undefined) return { canonical: meant.host, addresses: meant.addresses };
    }
    const covering = this.#wildcardOver(name);
    return covering === undefined ? undefined : { addresses: covering.addresses };
  }

  /** A host by its full name, or by one that becomes it with a search domain: `reviews`, `reviews.shop`, `db-0.db`. */
  #calledBy(name: string): Called | undefined {
    for (const host of [name, ...this.#searchDomains.map((domain) => `${name}.${domain}`)]) {
      const [first] = this.#statements.get(host) ?? [];
      if (first !== undefined) return { host, addresses: first.info.addresses };
    }
    return undefined;
  }

  /** By the most specific wildcard that covers a name. */
  #wildcardOver(name: string): Called | undefined {
    for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
      const [first] = this.#statements.get(`*${name.slice(at)}`) ?? [];
      if (first !== undefined) return { host: name, addresses: first.info.addresses };
    }
    return undefined;
  }
}

interface Called {
  readonly host: string;
  readonly addresses: readonly string[];
}

interface Statement {
  readonly resource: string;
  readonly info: NameInfo;
}

/** Nobody squats on a platform's name. */
function compare(a: Statement, b: Statement): number {
  return Number(b.info.isKubernetes) - Number(a.info.isKubernetes) || compareTexts(a.resource, b.resource);
}
