/** The names that the control plane has told of, and what a question for one of them comes to. */
import { isIP } from 'node:net';

export interface NameInfo {
  readonly addresses: readonly string[];
  /** Empty for hosts that are called by their full name alone. */
  readonly shortName: string;
  readonly namespace: string;
}

export interface NamesOptions {
  /** The namespace of the application, whose services have the shortest names. */
  readonly namespace: string;
  /** `cluster.local` */
  readonly domainSuffix: string;
}

export interface FoundName {
  /** The host, where the question was for another spelling of it. */
  readonly canonical?: string;
  readonly addresses: readonly string[];
}

export class Names {
  readonly #options: NamesOptions;
  readonly #hosts = new Map<string, NameInfo>();
  /** Short spellings, such as `reviews.shop`, of what host. */
  readonly #short = new Map<string, string>();

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#hosts.size;
  }

  set(host: string, info: NameInfo): void {
    this.remove(host);
    this.#hosts.set(host, info);
    for (const short of this.#shortNames(info)) this.#short.set(short, host);
  }

  remove(host: string): void {
    const info = this.#hosts.get(host);
    if (info === undefined) return;
    this.#hosts.delete(host);
    for (const short of this.#shortNames(info)) if (this.#short.get(short) === host) this.#short.delete(short);
  }

  /** Undefined for a name that nobody has told of. `name` is in lower case, without a dot at its end. */
  find(name: string): FoundName | undefined {
    const direct = this.#hosts.get(name) ?? this.#shortHost(name);
    if (direct !== undefined) return { addresses: direct.addresses };
    // Resolvers try what an application asks for with each search domain first: api.example.com.shop.svc.cluster.local.
    const stripped = this.#withoutSearchDomain(name);
    const searched = stripped === undefined ? undefined : (this.#hosts.get(stripped) ?? this.#wildcard(stripped));
    if (stripped !== undefined && searched !== undefined) return { canonical: stripped, addresses: searched.addresses };
    const wild = this.#wildcard(name);
    return wild === undefined ? undefined : { addresses: wild.addresses };
  }

  #shortHost(name: string): NameInfo | undefined {
    const host = this.#short.get(name);
    return host === undefined ? undefined : this.#hosts.get(host);
  }

  /** The most specific wildcard that covers a name. */
  #wildcard(name: string): NameInfo | undefined {
    const labels = name.split('.');
    for (let i = 1; i < labels.length; i++) {
      const found = this.#hosts.get(`*.${labels.slice(i).join('.')}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #withoutSearchDomain(name: string): string | undefined {
    const { namespace, domainSuffix } = this.#options;
    const domains = [`${namespace}.svc.${domainSuffix}`, `svc.${domainSuffix}`, domainSuffix];
    const domain = domains.find((one) => name.endsWith(`.${one}`));
    const stripped = domain === undefined ? undefined : name.slice(0, -domain.length - 1);
    // A single label is the name of a service, which would have been found as a whole.
    return stripped?.includes('.') === true ? stripped : undefined;
  }

  #shortNames({ shortName, namespace }: NameInfo): readonly string[] {
    if (shortName === '') return [];
    const own = namespace === this.#options.namespace ? [shortName] : [];
    return [...own, `${shortName}.${namespace}`, `${shortName}.${namespace}.svc`];
  }
}

/** Those of one family. */
export function ofFamily(addresses: readonly string[], family: 4 | 6): readonly string[] {
  return addresses.filter((address) => isIP(address) === family);
}
