/**
 * The least client that sees a namespace in the same way, so that clients share what is made for it.
 *
 * Most clients are alike to most namespaces: they see what is public, by rules that do not ask who they are. Such a client
 * becomes the anonymous one (no namespace, no Sidecar, no labels). A client stays itself towards its own namespace and
 * towards those that its namespace's rules, or rules that name it, are about. oracle.test.ts compares the outcome with a
 * mesh in which nobody is narrowed.
 */
import type { Config } from '../config/config.ts';
import type { DestinationRule } from '../config/destination-rule.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { type Hostname, isWildcard, namespaceInName } from '../model/hostname.ts';
import type { Labels } from '../model/labels.ts';
import { type Client, clientOf } from '../model/scope.ts';
import { importsNamespace } from './egress.ts';
import {
  destinationRuleHost,
  priorityLabelKeys,
  priorityLabels,
  sourceLabelKeys,
  virtualServiceHosts,
} from './rules.ts';
import { type ClientNamespace, clientNamespaceKey, type ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';

/** The namespaces towards which clients of one namespace are special; `everywhere` when that cannot be told apart. */
interface Interests {
  readonly everywhere: boolean;
  readonly namespaces: readonly string[];
}

export interface NarrowQueries {
  /** The client as which `client` looks at a namespace. */
  readonly narrow: Query<ClientNamespace, Client>;
  /** The labels of clients that rules about a namespace ask for, sorted. */
  readonly askedLabels: Query<string, readonly string[]>;
  /** The labels that any rule that a client's namespace may meet asks for, sorted. */
  readonly allAskedLabels: Query<string, readonly string[]>;
}

export function narrowQueries(
  graph: Graph,
  tables: Tables,
  { settings, egress }: ServiceQueries,
  narrows: boolean,
): NarrowQueries {
  const { services, virtualServices, destinationRules } = tables;

  const interests = graph.query<string, Interests>('interests', {
    reads: [
      services,
      services.byHost,
      services.byNamespace,
      services.byExportTo,
      virtualServices,
      virtualServices.selective,
      virtualServices.byNamespace,
      virtualServices.byExportTo,
      virtualServices.bySourceNamespace,
      destinationRules,
      destinationRules.byNamespace,
      destinationRules.byExportTo,
      settings,
    ],
    compute(read, namespace) {
      const found = new Set<string>();
      const defaults = read.cell(settings, meshKey);
      let everywhere = isNamedByDefault(defaults, namespace);
      const about = (hosts: readonly Hostname[]) => {
        for (const host of hosts) {
          const named = namespaceInName(host);
          if (named !== undefined) found.add(named);
          else if (isWildcard(host)) everywhere = true;
          for (const { namespace: owner } of read.rows(services, read.keys(services.byHost, host))) found.add(owner);
        }
      };
      if (read.rows(destinationRules, read.keys(destinationRules.byNamespace, namespace)).some(shapesOwnRoutes))
        everywhere = true;
      const rules = new Set([
        ...read.keys(destinationRules.byNamespace, namespace),
        ...read.keys(destinationRules.byExportTo, namespace),
      ]);
      for (const rule of read.rows(destinationRules, [...rules])) about([destinationRuleHost(rule)]);
      const routes = new Set([
        ...read.keys(
          defaults.defaultVirtualServiceExportTo.includes('*')
            ? virtualServices.selective
            : virtualServices.byNamespace,
          namespace,
        ),
        ...read.keys(virtualServices.byExportTo, namespace),
        ...read.keys(virtualServices.bySourceNamespace, namespace),
      ]);
      for (const rule of read.rows(virtualServices, [...routes])) {
        const hosts = virtualServiceHosts(rule);
        if (hosts.length === 0) everywhere = true;
        about(hosts);
      }
      for (const service of read.rows(services, read.keys(services.byExportTo, namespace))) {
        found.add(service.namespace);
        if (service.aliasOf !== undefined) everywhere = true;
      }
      for (const { hostname } of read.rows(services, read.keys(services.byNamespace, namespace)))
        for (const { namespace: owner } of read.rows(services, read.keys(services.byHost, hostname))) found.add(owner);
      return { everywhere, namespaces: [...found].sort() };
    },
  });

  const askedLabels = graph.query<string, readonly string[]>('askedLabels', {
    reads: [virtualServices, virtualServices.labelReaders, destinationRules, destinationRules.labelReaders, settings],
    compute: (read, namespace) => {
      const routes = [
        ...read.keys(virtualServices.labelReaders, namespace),
        ...read.keys(virtualServices.labelReaders, '*'),
      ];
      const rules = [
        ...read.keys(destinationRules.labelReaders, namespace),
        ...read.keys(destinationRules.labelReaders, '*'),
      ];
      return sortedUnion([
        ...read.rows(virtualServices, routes).map(sourceLabelKeys),
        ...read.rows(destinationRules, rules).map(priorityLabelKeys),
        priorityLabels(read.cell(settings, meshKey).locality),
      ]);
    },
  });

  /** What the DestinationRules of a namespace ask of the workloads in it. */
  const selectorLabels = graph.query<string, readonly string[]>('selectorLabels', {
    reads: [destinationRules, destinationRules.byNamespace],
    compute: (read, namespace) =>
      sortedUnion(
        read
          .rows(destinationRules, read.keys(destinationRules.byNamespace, namespace))
          .map(({ spec }) => Object.keys(spec.workloadSelector?.matchLabels ?? {})),
      ),
  });

  const allAskedLabels = graph.query<string, readonly string[]>('allAskedLabels', {
    reads: [virtualServices.labelReaders, destinationRules.labelReaders, askedLabels, selectorLabels],
    compute: (read, namespace) =>
      sortedUnion([
        ...['*', ...read.groups(virtualServices.labelReaders), ...read.groups(destinationRules.labelReaders)].map(
          (group) => read.cell(askedLabels, group),
        ),
        read.cell(selectorLabels, namespace),
      ]),
  });

  /** The namespaces whose rules may route hosts of a namespace, itself included. */
  const rulingNamespaces = graph.query<string, readonly string[]>('rulingNamespaces', {
    reads: [virtualServices, virtualServices.byHostNamespace],
    compute: (read, namespace) => {
      const keys = [namespace, '*'].flatMap((group) => read.keys(virtualServices.byHostNamespace, group));
      return sortedUnion([[namespace], read.rows(virtualServices, keys).map((rule) => rule.namespace)]);
    },
  });

  const narrow = graph.query<ClientNamespace, Client>('narrow', {
    reads: [interests, rulingNamespaces, askedLabels, selectorLabels, egress, services.nodeAware],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      if (!narrows) return client;
      const special = isSpecial(read, client, namespace);
      const asked = read.cell(askedLabels, namespace);
      const selected = special ? read.cell(selectorLabels, client.namespace) : [];
      // A Sidecar that leaves out a namespace leaves out its rules too, even those for hosts that it imports.
      const seesAll =
        client.sidecar === '' ||
        read
          .cell(rulingNamespaces, namespace)
          .every((ruling) => importsNamespace(read.cell(egress, client), ruling) === 'all');
      const keepsSelf = special || !seesAll;
      return clientOf({
        ...client,
        namespace: keepsSelf ? client.namespace : '',
        domain: keepsSelf ? client.domain : sharedDomain(client.domain),
        sidecar: seesAll ? '' : client.sidecar,
        labels: pick(client.labels, [...asked, ...selected]),
        nodeName: read.keys(services.nodeAware, namespace).length > 0 ? client.nodeName : '',
      });
    },
  });

  function isSpecial(read: Reader, client: Client, namespace: string): boolean {
    if (client.namespace === namespace) return true;
    const { everywhere, namespaces } = read.cell(interests, client.namespace);
    return everywhere || namespaces.includes(namespace);
  }

  return { narrow, askedLabels, allAskedLabels };
}

/**
 * Whether a rule shapes routes and connections of its namespace's clients in a way that others do not see: by hashing, by
 * limits of connections, by tunnels. Such routes may be anybody's, since any rule may send traffic to the host.
 */
function shapesOwnRoutes({ spec, namespace }: Config<DestinationRule>): boolean {
  const isForAll = spec.exportTo === undefined || spec.exportTo.includes('*');
  if (
    isForAll &&
    spec.workloadSelector === undefined &&
    namespaceInName(destinationRuleHost({ spec, namespace })) === namespace
  )
    return false;
  return /"(consistentHash|tunnel|idleTimeout|maxConnectionDuration)"/.test(JSON.stringify(spec));
}

/** The mesh's defaults show everything to a namespace that they name. */
function isNamedByDefault(
  {
    defaultServiceExportTo,
    defaultVirtualServiceExportTo,
    defaultDestinationRuleExportTo,
  }: Record<
    'defaultServiceExportTo' | 'defaultVirtualServiceExportTo' | 'defaultDestinationRuleExportTo',
    readonly string[]
  >,
  namespace: string,
): boolean {
  return [defaultServiceExportTo, defaultVirtualServiceExportTo, defaultDestinationRuleExportTo].some((targets) =>
    targets.includes(namespace),
  );
}

/** The DNS domain without the namespace in front, which short names across namespaces still need. */
function sharedDomain(domain: string): string {
  const at = domain.indexOf('.');
  return at < 0 ? '' : domain.slice(at + 1);
}

export function pick(labels: Labels, keys: readonly string[]): Labels {
  const picked: { [key: string]: string } = {};
  for (const key of keys) {
    const value = labels[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

function sortedUnion(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}
