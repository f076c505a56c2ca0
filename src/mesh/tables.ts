/** Every source table of the mesh and every index over them, in one page. Keys are those of the model's key functions. */
import { type Config, configKey } from '../config/config.ts';
import type { Spec } from '../config/kinds.ts';
import type { MeshConfig } from '../config/mesh-config.ts';
import type { MeshNetworks } from '../config/mesh-networks.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Index, Table } from '../incremental/table.ts';
import type { Cluster } from '../model/cluster.ts';
import type { EndpointShard } from '../model/endpoint.ts';
import { isWildcard, namespaceInName, wildcardsOver } from '../model/hostname.ts';
import type { Namespace } from '../model/namespace.ts';
import type { Proxy } from '../model/proxy.ts';
import { registrationState } from '../model/registration.ts';
import type { Secret } from '../model/secret.ts';
import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import {
  credentialsOf,
  delegatesOf,
  destinationHosts,
  destinationRuleHost,
  gatewaysOf,
  isOnMesh,
  priorityLabelKeys,
  sourceLabelKeys,
  sourceNamespaces,
  virtualServiceHosts,
} from './rules.ts';

export interface Tables {
  /** One row, under `meshKey`. */
  readonly meshConfig: Table<MeshConfig>;
  /** One row, under `meshKey`. */
  readonly meshNetworks: Table<MeshNetworks>;
  /** What the names of gateways stand for in DNS, by name; sorted. */
  readonly hostAddresses: Table<readonly string[]>;
  readonly namespaces: Table<Namespace> & { readonly byName: Index };
  /** The Kubernetes clusters that are known, by their ids. */
  readonly clusters: Table<Cluster> & { readonly all: Index };
  /** Virtual addresses that were made up, by `namespace/host`. */
  readonly autoAddresses: Table<readonly string[]>;
  readonly services: Table<Service> & {
    readonly byHost: Index;
    readonly byNamespace: Index;
    /** By `namespace:port`. */
    readonly byPort: Index;
    /** By the number of a port, of whatever namespace. */
    readonly onPort: Index;
    /** By the wildcards that their hosts lie under. */
    readonly underWildcard: Index;
    readonly byExportTo: Index;
    readonly byAlias: Index;
    /** Services that keep traffic near a node, by namespace. */
    readonly nodeAware: Index;
    readonly bySelector: Index;
    /** Services that say of themselves that they are gateways of a network. */
    readonly networkGateways: Index;
    /** Services by their virtual addresses, where two may claim one listener: a catalog may add any port to a service. */
    readonly byAddress: Index;
    /** Services whose host names another namespace than they live in, by that other namespace. */
    readonly misnamed: Index;
    /** The same ones by the namespace that they live in. */
    readonly misnamedIn: Index;
  };
  readonly shards: Table<EndpointShard> & { readonly byHost: Index; readonly byAddress: Index };
  readonly workloads: Table<Workload> & {
    readonly byNamespace: Index;
    /** By kind and namespace, and by kind, namespace and each label: what selectors ask for. */
    readonly selectable: Index;
    readonly byAddress: Index;
    /** Pods by `namespace/name` of the pod itself. */
    readonly byPod: Index;
  };
  readonly virtualServices: Table<Config<Spec<'VirtualService'>>> & {
    readonly byHost: Index;
    readonly wildcards: Index;
    readonly byNamespace: Index;
    readonly byGateway: Index;
    readonly byExportTo: Index;
    /** Those that ask for a client's namespace, by that namespace. */
    readonly bySourceNamespace: Index;
    /** Those that ask for a client's labels, by the namespaces of their hosts; `*` when these cannot be told. */
    readonly labelReaders: Index;
    /** Those that restrict who sees them, by their own namespace. */
    readonly selective: Index;
    /** By the full names of the hosts that they send traffic to. */
    readonly byDestination: Index;
    /** Those for the mesh with several hosts, by each of them. */
    readonly together: Index;
    /** Roots by the `namespace/name` of their delegates. */
    readonly byDelegate: Index;
  };
  readonly destinationRules: Table<Config<Spec<'DestinationRule'>>> & {
    readonly byHost: Index;
    readonly wildcards: Index;
    readonly byNamespace: Index;
    readonly byExportTo: Index;
    /** Those that present or ask for certificates out of a secret, by the secret's name. */
    readonly byCredential: Index;
    /** Those that rank endpoints by a client's labels, by the namespace of their host; `*` when it cannot be told. */
    readonly labelReaders: Index;
  };
  readonly secrets: Table<Secret> & {
    /** By `Secret namespace/name` or `ConfigMap namespace/name`. */
    readonly byName: Index;
  };
  readonly serviceEntries: Table<Config<Spec<'ServiceEntry'>>>;
  readonly workloadEntries: Table<Config<Spec<'WorkloadEntry'>>> & {
    /** Those whose registering replicas are asked whether they live, by the replica. */
    readonly asked: Index;
  };
  /** What workloads that register themselves become. */
  readonly workloadGroups: Table<Config<Spec<'WorkloadGroup'>>>;
  readonly gateways: Table<Config<Spec<'Gateway'>>> & { readonly all: Index };
  readonly sidecars: Table<Config<Spec<'Sidecar'>>> & { readonly byNamespace: Index };
  readonly envoyFilters: Table<Config<Spec<'EnvoyFilter'>>> & { readonly byNamespace: Index };
  readonly proxies: Table<Proxy>;
}

export const meshKey = 'mesh';

const inNamespace = ({ namespace }: { readonly namespace: string }) => [namespace];

export function createTables(graph: Graph): Tables {
  return {
    meshConfig: graph.table('meshConfig'),
    meshNetworks: graph.table('meshNetworks'),
    hostAddresses: graph.table('hostAddresses'),
    namespaces: withIndexes(graph.table<Namespace>('namespaces'), { byName: ({ name }) => [name] }),
    clusters: withIndexes(graph.table<Cluster>('clusters'), { all: () => [''] }),
    autoAddresses: graph.table('autoAddresses'),
    services: serviceTable(graph),
    shards: shardTable(graph),
    workloads: workloadTable(graph),
    virtualServices: virtualServiceTable(graph),
    destinationRules: destinationRuleTable(graph),
    secrets: withIndexes(graph.table<Secret>('secrets'), {
      byName: (secret) => [`${secret.kind} ${configKey(secret)}`],
    }),
    serviceEntries: graph.table('serviceEntries'),
    workloadEntries: withIndexes(graph.table<Config<Spec<'WorkloadEntry'>>>('workloadEntries'), {
      asked({ annotations }) {
        const state = registrationState(annotations);
        return state?.askedAtMs === undefined ? [] : [state.controller];
      },
    }),
    workloadGroups: graph.table('workloadGroups'),
    gateways: gatewayTable(graph),
    sidecars: withIndexes(graph.table<Config<Spec<'Sidecar'>>>('sidecars'), { byNamespace: inNamespace }),
    envoyFilters: withIndexes(graph.table<Config<Spec<'EnvoyFilter'>>>('envoyFilters'), { byNamespace: inNamespace }),
    proxies: graph.table('proxies'),
  };
}

type KeysOf<V> = (row: V) => readonly string[];

function withIndexes<V, Name extends string>(
  table: Table<V>,
  indexes: { readonly [name in Name]: KeysOf<V> },
): Table<V> & { readonly [name in Name]: Index } {
  const entries = Object.entries<KeysOf<V>>(indexes).map(([name, keysOf]) => [name, table.index(name, keysOf)]);
  return Object.assign(table, Object.fromEntries(entries) as { readonly [name in Name]: Index });
}

/** Names of namespaces among the targets of an exportTo; what concerns all or its own is no name. */
function namedTargets(exportTo: readonly string[] | undefined): readonly string[] {
  return (exportTo ?? []).filter((target) => target !== '*' && target !== '.' && target !== '~');
}

function serviceTable(graph: Graph): Tables['services'] {
  return withIndexes(graph.table<Service>('services'), {
    byHost: ({ hostname }) => [hostname],
    byNamespace: inNamespace,
    byPort: ({ namespace, ports }) => [...new Set(ports.map(({ number }) => `${namespace}:${number}`))],
    onPort: ({ ports }) => [...new Set(ports.map(({ number }) => String(number)))],
    underWildcard: ({ hostname }) => wildcardsOver(hostname),
    byExportTo: ({ exportTo }) => namedTargets(exportTo),
    byAlias: ({ aliasOf }) => (aliasOf === undefined ? [] : [aliasOf]),
    nodeAware: ({ isNodeLocal, trafficDistribution, namespace }) =>
      isNodeLocal === true || trafficDistribution === 'PreferSameNode' ? [namespace] : [],
    byAddress: ({ addresses }) => addresses,
    networkGateways: ({ labels }) => ((labels['topology.istio.io/network'] ?? '') === '' ? [] : ['']),
    bySelector: ({ selector, namespace }) => (selector === undefined ? [] : [namespace]),
    misnamed: (service) => (isMisnamed(service) ? [namespaceInName(service.hostname) ?? ''] : []),
    misnamedIn: (service) => (isMisnamed(service) ? [service.namespace] : []),
  });
}

function isMisnamed({ hostname, namespace }: Service): boolean {
  const named = namespaceInName(hostname);
  return named !== undefined && named !== namespace;
}

function shardTable(graph: Graph): Tables['shards'] {
  return withIndexes(graph.table<EndpointShard>('shards'), {
    byHost: ({ namespace, hostname }) => [`${namespace}/${hostname}`],
    byAddress: ({ endpoints }) => [...new Set(endpoints.map(({ address }) => address))],
  });
}

/** A group of workloads of a namespace: all of a kind, or those of them with a label. */
export function selectableKey({
  kind,
  namespace,
  label,
}: Pick<Workload, 'kind' | 'namespace'> & {
  readonly label?: readonly [key: string, value: string] | undefined;
}): string {
  return `${kind} ${namespace}${label === undefined ? '' : ` ${label[0]}=${label[1]}`}`;
}

function workloadTable(graph: Graph): Tables['workloads'] {
  return withIndexes(graph.table<Workload>('workloads'), {
    byNamespace: inNamespace,
    selectable: ({ kind, namespace, labels }) => [
      selectableKey({ kind, namespace }),
      ...Object.entries(labels).map((label) => selectableKey({ kind, namespace, label })),
    ],
    byAddress: ({ addresses }) => addresses,
    byPod: ({ kind, namespace, origin }) => (kind === 'pod' ? [`${namespace}/${origin.name}`] : []),
  });
}

function virtualServiceTable(graph: Graph): Tables['virtualServices'] {
  return withIndexes(graph.table<Config<Spec<'VirtualService'>>>('virtualServices'), {
    byHost: (config) => (isOnMesh(config) ? virtualServiceHosts(config).filter((host) => !isWildcard(host)) : []),
    wildcards: (config) => (isOnMesh(config) ? virtualServiceHosts(config).filter(isWildcard) : []),
    byNamespace: inNamespace,
    byGateway: (config) => gatewaysOf(config).filter((gateway) => gateway !== 'mesh'),
    byExportTo: ({ spec }) => namedTargets(spec.exportTo),
    bySourceNamespace: sourceNamespaces,
    labelReaders: (config) => {
      if (sourceLabelKeys(config).length === 0) return [];
      const hosts = virtualServiceHosts(config);
      return hosts.length === 0 ? ['*'] : [...new Set(hosts.map((host) => namespaceInName(host) ?? '*'))];
    },
    selective: ({ spec, namespace }) =>
      (spec.exportTo ?? []).length > 0 && !spec.exportTo?.includes('*') ? [namespace] : [],
    byDestination: destinationHosts,
    together: (config) => {
      const hosts = virtualServiceHosts(config);
      return isOnMesh(config) && hosts.length > 1 ? hosts : [];
    },
    byDelegate: delegatesOf,
  });
}

function destinationRuleTable(graph: Graph): Tables['destinationRules'] {
  return withIndexes(graph.table<Config<Spec<'DestinationRule'>>>('destinationRules'), {
    byHost: (config) =>
      isWildcard(destinationRuleHost(config)) ? [] : [`${config.namespace}/${destinationRuleHost(config)}`],
    wildcards: (config) => (isWildcard(destinationRuleHost(config)) ? [config.namespace] : []),
    byNamespace: inNamespace,
    byExportTo: ({ spec }) => namedTargets(spec.exportTo),
    byCredential: credentialsOf,
    labelReaders: (config) =>
      priorityLabelKeys(config).length === 0 ? [] : [namespaceInName(destinationRuleHost(config)) ?? '*'],
  });
}

function gatewayTable(graph: Graph): Tables['gateways'] {
  return withIndexes(graph.table<Config<Spec<'Gateway'>>>('gateways'), { all: () => [''] });
}
