/** Which patches of which EnvoyFilters are in force for a proxy, and in which order they apply. */
import { RE2JS } from 're2js';
import { type Config, configKey } from '../config/config.ts';
import type { ConfigPatch, EnvoyFilter } from '../config/envoy-filter.ts';
import { type ApplyTo, effectiveOperation } from '../config/patch-operation.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { PatchIr, PatchOperation, PatchTarget } from '../ir/patch.ts';
import { type Labels, selects } from '../model/labels.ts';
import { originKey } from '../model/origin.ts';
import type { Proxy } from '../model/proxy.ts';
import { noPatches, type Patching, type PatchList, patchingOf, unpatched } from '../model/scope.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';

export interface EnvoyFilterQueries {
  /** The patches of a list, in its order. */
  readonly patches: Query<PatchList, readonly PatchIr[]>;
  /** The positions of an EnvoyFilter's patches that are meant for proxies of a version. */
  readonly patchesForVersion: Query<{ readonly filter: string; readonly version: string }, readonly number[]>;
  readonly patchingFor: (read: Reader, proxy: Proxy, labels: Labels) => Patching;
}

export function envoyFilterQueries(
  graph: Graph,
  { envoyFilters }: Tables,
  { visibility }: ServiceQueries,
): EnvoyFilterQueries {
  const patches = graph.query<PatchList, readonly PatchIr[]>('patches', {
    reads: [envoyFilters],
    compute: (read, list) =>
      list.split(' ').flatMap((entry) => {
        const [key = '', position = ''] = entry.split('#');
        const filter = read.row(envoyFilters, key);
        return filter === undefined ? [] : toPatch(filter, Number(position));
      }),
  });

  const patchesForVersion = graph.query<{ filter: string; version: string }, readonly number[]>('patchesForVersion', {
    reads: [envoyFilters],
    keyOf: ({ filter, version }) => `${filter}\n${version}`,
    compute: (read, { filter, version }) =>
      (read.row(envoyFilters, filter)?.spec.configPatches ?? []).flatMap(({ match }, position) =>
        isOfVersion(version, match?.proxy?.proxyVersion) ? [position] : [],
      ),
  });

  /** Those of the root namespace and of the proxy's own that select it, in order. */
  function filtersFor(read: Reader, proxy: Proxy, labels: Labels): readonly Config<EnvoyFilter>[] {
    const { rootNamespace } = read.cell(visibility, meshKey);
    const keys = [...new Set([rootNamespace, proxy.namespace])].flatMap((namespace) =>
      read.keys(envoyFilters.byNamespace, namespace),
    );
    return read
      .rows(envoyFilters, keys)
      .filter((filter) => isFor(filter, proxy, labels))
      .sort(inOrder(rootNamespace));
  }

  function patchingFor(read: Reader, proxy: Proxy, labels: Labels): Patching {
    const filters = filtersFor(read, proxy, labels);
    if (filters.length === 0) return unpatched;
    const lists = { ...noPatches };
    for (const filter of filters) {
      for (const position of read.cell(patchesForVersion, { filter: configKey(filter), version: proxy.version })) {
        const patch = filter.spec.configPatches?.[position];
        if (patch === undefined || !hasMetadata(proxy, patch.match?.proxy?.metadata ?? {})) continue;
        for (const list of listsOf(patch, proxy.type))
          lists[list] += `${lists[list] === '' ? '' : ' '}${patchRef(filter, position)}`;
      }
    }
    return patchingOf(lists);
  }

  return { patches, patchesForVersion, patchingFor };
}

/** Patterns only ever meet RE2; a proxy that does not say its version is of none. */
function isOfVersion(version: string, pattern: string | undefined): boolean {
  if (pattern === undefined || pattern === '') return true;
  return version !== '' && RE2JS.compile(pattern).matcher(version).find();
}

function hasMetadata({ metadata }: Proxy, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => metadata[name] === value);
}

/** An EnvoyFilter with targets is for the gateways that the Kubernetes Gateways of those names stand for. */
function isFor({ namespace, spec }: Config<EnvoyFilter>, proxy: Proxy, labels: Labels): boolean {
  const { targetRefs = [], workloadSelector } = spec;
  if (targetRefs.length === 0) return selects(workloadSelector?.labels ?? {}, labels);
  const gateway = labels['gateway.networking.k8s.io/gateway-name'];
  return (
    proxy.type === 'router' &&
    proxy.namespace === namespace &&
    targetRefs.some(
      ({ group, kind, name }) => group === 'gateway.networking.k8s.io' && kind === 'Gateway' && name === gateway,
    )
  );
}

/** By priority, the root namespace's before others, the older first, then by `name.namespace`. */
function inOrder(rootNamespace: string): (a: Config<EnvoyFilter>, b: Config<EnvoyFilter>) => number {
  const fullName = ({ name, namespace }: Config<EnvoyFilter>) => `${name}.${namespace}`;
  return (a, b) =>
    (a.spec.priority ?? 0) - (b.spec.priority ?? 0) ||
    Number(b.namespace === rootNamespace) - Number(a.namespace === rootNamespace) ||
    a.createdAt - b.createdAt ||
    (fullName(a) < fullName(b) ? -1 : 1);
}

const classes: { readonly [target in PatchTarget]: 'clusters' | 'listeners' | 'routes' | 'extensions' } = {
  CLUSTER: 'clusters',
  LISTENER: 'listeners',
  FILTER_CHAIN: 'listeners',
  NETWORK_FILTER: 'listeners',
  HTTP_FILTER: 'listeners',
  LISTENER_FILTER: 'listeners',
  ROUTE_CONFIGURATION: 'routes',
  VIRTUAL_HOST: 'routes',
  HTTP_ROUTE: 'routes',
  EXTENSION_CONFIG: 'extensions',
};

/** Where a patch counts, for a proxy of that type. */
function listsOf(patch: ConfigPatch, type: Proxy['type']): readonly (keyof Omit<Patching, 'key'>)[] {
  const { applyTo, match } = patch;
  const operation = operationOf(patch);
  if (applyTo === undefined || applyTo === 'INVALID' || applyTo === 'BOOTSTRAP' || operation === undefined) return [];
  const context = match?.context ?? 'ANY';
  const isAny = context === 'ANY';
  const kind = classes[applyTo];
  if (type === 'router') return isAny || context === 'GATEWAY' ? [kind] : [];
  const inbound = isAny || context === 'SIDECAR_INBOUND';
  const outbound = isAny || context === 'SIDECAR_OUTBOUND';
  if (kind === 'extensions') return inbound || outbound ? [kind] : [];
  // What is added for any context is added once.
  const addsOnce = isAny && operation === 'ADD' && (applyTo === 'CLUSTER' || applyTo === 'LISTENER');
  return [
    ...(outbound ? [kind] : []),
    ...(inbound && !addsOnce
      ? [kind === 'clusters' ? ('inboundClusters' as const) : ('inboundListeners' as const)]
      : []),
  ];
}

function operationOf({ applyTo, patch }: ConfigPatch): PatchOperation | undefined {
  const operation = patch?.operation;
  if (applyTo === undefined || applyTo === 'INVALID' || operation === undefined || operation === 'INVALID')
    return undefined;
  return effectiveOperation(applyTo satisfies ApplyTo, operation);
}

/** A patch as lists name it. */
export function patchRef(filter: { readonly namespace: string; readonly name: string }, position: number): string {
  return `${configKey(filter)}#${position}`;
}

/** The positions of the patches that can be in force for some proxy. */
export function executedPatches({ spec: { configPatches = [] } }: Config<EnvoyFilter>): readonly number[] {
  return configPatches.flatMap((patch, position) =>
    listsOf(patch, 'sidecar').length + listsOf(patch, 'router').length > 0 ? [position] : [],
  );
}

function toPatch({ spec, origin }: Config<EnvoyFilter>, position: number): readonly PatchIr[] {
  const patch = spec.configPatches?.[position];
  const operation = patch === undefined ? undefined : operationOf(patch);
  const target = patch?.applyTo;
  if (operation === undefined || target === undefined || target === 'INVALID' || target === 'BOOTSTRAP') return [];
  const { cluster, listener, routeConfiguration } = patch?.match ?? {};
  const value = patch?.patch?.value;
  return [
    {
      target,
      operation,
      ...(cluster === undefined ? {} : { cluster }),
      ...(listener === undefined ? {} : { listener }),
      ...(routeConfiguration === undefined ? {} : { routeConfiguration }),
      ...(value === undefined || operation === 'REMOVE' ? {} : { value }),
      origin: { object: originKey(origin), path: `spec.configPatches[${position}]` },
    },
  ];
}
