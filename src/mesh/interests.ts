/**
 * Towards which namespaces the clients of a namespace are special: where they see a service, a rule or a name that a
 * client without a namespace does not see, or see another one.
 */
import type { Config } from '../config/config.ts';
import type { DestinationRule } from '../config/destination-rule.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { type Hostname, isWildcard, namespaceInName } from '../model/hostname.ts';
import { isHttp } from '../model/protocol.ts';
import { isCatalog } from '../model/registry-kind.ts';
import type { Service } from '../model/service.ts';
import { countClaims } from './merged-services.ts';
import { destinationRuleHost, virtualServiceHosts } from './rules.ts';
import type { ServiceQueries } from './services.ts';
import type { VisibilitySettings } from './setting-parts.ts';
import { meshKey, type Tables } from './tables.ts';
import { exportToOr } from './visibility.ts';

export interface Interests {
  /** What they are special towards cannot be told apart. */
  readonly everywhere: boolean;
  /** Sorted. */
  readonly namespaces: readonly string[];
}

/** By the namespace of the clients. */
export type InterestQuery = Query<string, Interests>;

export function interestQuery(graph: Graph, tables: Tables, { visibility }: ServiceQueries): InterestQuery {
  const { services, virtualServices, destinationRules } = tables;
  return graph.query<string, Interests>('interests', {
    reads: [
      services,
      services.byHost,
      services.byNamespace,
      services.byExportTo,
      services.byAddress,
      services.byAlias,
      services.misnamed,
      virtualServices,
      virtualServices.selective,
      virtualServices.byNamespace,
      virtualServices.byExportTo,
      virtualServices.bySourceNamespace,
      virtualServices.byDestination,
      virtualServices.byDelegate,
      destinationRules,
      destinationRules.byNamespace,
      destinationRules.byExportTo,
      visibility,
    ],
    compute(read, namespace) {
      const defaults = read.cell(visibility, meshKey);
      const draft = new Draft(read, tables);
      if (isNamedByDefault(defaults, namespace)) draft.everywhere = true;
      draft.aboutNamesakes(namespace);
      for (const service of servicesFor(read, tables, namespace)) ofService(draft, service, defaults);
      for (const rule of destinationRulesFor(read, tables, namespace))
        ofDestinationRule(draft, rule, namespace, defaults);
      for (const key of virtualServicesFor(read, tables, namespace, defaults)) draft.aboutRule(key);
      return { everywhere: draft.everywhere, namespaces: [...draft.namespaces].sort() };
    },
  });
}

/** The services that only these clients may see, or that stand closest to them. */
function servicesFor(read: Reader, { services }: Tables, namespace: string): readonly Service[] {
  return [
    ...read.rows(services, read.keys(services.byNamespace, namespace)),
    ...read.rows(services, read.keys(services.byExportTo, namespace)),
  ];
}

function destinationRulesFor(
  read: Reader,
  { destinationRules }: Tables,
  namespace: string,
): readonly Config<DestinationRule>[] {
  const keys = new Set([
    ...read.keys(destinationRules.byNamespace, namespace),
    ...read.keys(destinationRules.byExportTo, namespace),
  ]);
  return read.rows(destinationRules, [...keys]);
}

/** The rules that are shown to these clients alone, or that ask for their namespace: `namespace/name`. */
function virtualServicesFor(
  read: Reader,
  { virtualServices }: Tables,
  namespace: string,
  { defaultVirtualServiceExportTo }: VisibilitySettings,
): ReadonlySet<string> {
  const restricted = defaultVirtualServiceExportTo.includes('*')
    ? virtualServices.selective
    : virtualServices.byNamespace;
  return new Set([
    ...read.keys(restricted, namespace),
    ...read.keys(virtualServices.byExportTo, namespace),
    ...read.keys(virtualServices.bySourceNamespace, namespace),
  ]);
}

/** Its name, its short name and its addresses may be somebody else's too. */
function ofService(draft: Draft, service: Service, { defaultServiceExportTo }: VisibilitySettings): void {
  const { hostname, aliasOf, addresses, ports } = service;
  draft.aboutHost(hostname);
  if (aliasOf !== undefined) draft.aboutAlias(aliasOf);
  const isToldByAddress = ports.some(({ protocol }) => !isHttp(protocol)) || draft.isInCatalog(hostname);
  if (isToldByAddress) for (const address of addresses) draft.aboutAddress(address);
  const isSeenByAll = exportToOr(service.exportTo, defaultServiceExportTo).includes('*');
  if (!isSeenByAll || draft.isClaimedTwice(hostname)) draft.aboutSendersTo(hostname);
}

/** A public rule about the own hosts of its namespace holds for everybody; any other holds for some. */
function ofDestinationRule(
  draft: Draft,
  rule: Config<DestinationRule>,
  namespace: string,
  { defaultDestinationRuleExportTo }: VisibilitySettings,
): void {
  const host = destinationRuleHost(rule);
  const isForAll =
    rule.namespace === namespace &&
    namespaceInName(host) === namespace &&
    rule.spec.workloadSelector === undefined &&
    exportToOr(rule.spec.exportTo, defaultDestinationRuleExportTo).includes('*');
  if (isForAll) return;
  if (isWildcard(host)) draft.everywhere = true;
  draft.aboutHost(host);
  draft.aboutSendersTo(host);
}

/** The mesh's defaults show everything to a namespace that they name. */
function isNamedByDefault(
  { defaultServiceExportTo, defaultVirtualServiceExportTo, defaultDestinationRuleExportTo }: VisibilitySettings,
  namespace: string,
): boolean {
  return [defaultServiceExportTo, defaultVirtualServiceExportTo, defaultDestinationRuleExportTo].some((targets) =>
    targets.includes(namespace),
  );
}

/** Interests as they are found. */
class Draft {
  everywhere = false;
  readonly namespaces = new Set<string>();
  readonly #read: Reader;
  readonly #tables: Tables;

  constructor(read: Reader, tables: Tables) {
    this.#read = read;
    this.#tables = tables;
  }

  /** The namespaces in which a host, or the hosts under a wildcard, live. */
  aboutHost(host: Hostname): void {
    const { services } = this.#tables;
    const named = namespaceInName(host);
    if (named !== undefined) this.namespaces.add(named);
    if (!isWildcard(host)) this.#addOwners(this.#read.keys(services.byHost, host));
    else if (named === undefined) this.everywhere = true;
    else this.#addOwners(this.#read.keys(services.misnamed, named));
  }

  /** Hosts of other namespaces with names of this one, by which its clients may call them for short. */
  aboutNamesakes(namespace: string): void {
    this.#addOwners(this.#read.keys(this.#tables.services.misnamed, namespace));
  }

  /** The hosts that an alias stands for, over any number of steps. */
  aboutAlias(target: Hostname): void {
    const { services } = this.#tables;
    const seen = new Set<Hostname>();
    const pending = [target];
    for (let host = pending.pop(); host !== undefined; host = pending.pop()) {
      if (seen.has(host)) continue;
      seen.add(host);
      this.aboutHost(host);
      for (const { aliasOf } of this.#read.rows(services, this.#read.keys(services.byHost, host)))
        if (aliasOf !== undefined) pending.push(aliasOf);
    }
  }

  aboutAddress(address: string): void {
    this.#addOwners(this.#read.keys(this.#tables.services.byAddress, address));
  }

  /** Whether ports may be added to a host's service that the service itself does not have. */
  isInCatalog(host: Hostname): boolean {
    return this.#read.keys(this.#tables.services.byHost, host).some(isCatalog);
  }

  isClaimedTwice(host: Hostname): boolean {
    return countClaims(this.#read.keys(this.#tables.services.byHost, host)) > 1;
  }

  /** What a destination is to a client shows in the routes that lead there, whoever's hosts they are for. */
  aboutSendersTo(host: Hostname): void {
    const { services, virtualServices } = this.#tables;
    const seen = new Set<Hostname>();
    const pending = [host];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      for (const rule of this.#read.keys(virtualServices.byDestination, name)) this.aboutRule(rule);
      // Rules may call it by the name of an alias.
      for (const alias of this.#read.rows(services, this.#read.keys(services.byAlias, name)))
        pending.push(alias.hostname);
    }
  }

  /** The hosts of a rule; those of its roots when it is a delegate. */
  aboutRule(key: string): void {
    const { virtualServices } = this.#tables;
    for (const root of [key, ...this.#read.keys(virtualServices.byDelegate, key)]) {
      const rule = this.#read.row(virtualServices, root);
      if (rule !== undefined) for (const host of virtualServiceHosts(rule)) this.aboutHost(host);
    }
  }

  #addOwners(keys: readonly string[]): void {
    for (const { namespace } of this.#read.rows(this.#tables.services, keys)) this.namespaces.add(namespace);
  }
}
