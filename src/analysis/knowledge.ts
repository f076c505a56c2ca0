/** What several analyzers want to know, with indexes that nothing but analysis needs. */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Index } from '../incremental/table.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { isKubernetes } from '../model/cluster.ts';
import { type Labels, selects } from '../model/labels.ts';
import { isHttp, isTls } from '../model/protocol.ts';
import type { Workload } from '../model/workload.ts';
import { destinationsIn } from './destinations.ts';

/** What only a running cluster has. */
export type Observed = 'pods' | 'endpoints' | 'secrets';

export interface Knowledge {
  /** Gateways by the number of a port that they want. */
  readonly gatewaysByPort: Index;
  /** Services by the number of a port that is neither HTTP nor TLS and that no address tells from others. */
  readonly openPorts: Index;
  /** Workloads by `key=value` of their labels, and by `namespace/key=value`. */
  readonly workloadsByLabel: Index;
  /** VirtualServices by `host:port` of where they send HTTP; `host:0` where the destination names no port. */
  readonly httpRulesByDestination: Index;
  /** Whether anything is known in a namespace. */
  readonly namespaceIsKnown: Query<string, boolean>;
  /** Whether the sources tell of pods at all, or of their endpoints, or of secrets: files often hold rules alone. */
  readonly knows: Query<Observed, boolean>;
}

/** Declares the indexes: before the first commit. */
export function createKnowledge(graph: Graph, { tables }: Mesh): Knowledge {
  const { virtualServices, gateways, services, workloads, namespaces, shards, secrets } = tables;
  const workloadsByLabel = workloads.index('byLabel', ({ labels, namespace }) =>
    Object.entries(labels).flatMap(([key, value]) => [`${key}=${value}`, `${namespace}/${key}=${value}`]),
  );
  const observed = {
    pods: workloads.index('observed', ({ kind }) => (kind === 'pod' ? [''] : [])),
    endpoints: shards.index('observed', ({ registry }) => (isKubernetes(registry) ? [''] : [])),
    secrets: secrets.index('observed', () => ['']),
  };
  return {
    gatewaysByPort: gateways.index('byPort', ({ spec }) => [
      ...new Set((spec.servers ?? []).map(({ port }) => String(port?.number ?? 0))),
    ]),
    openPorts: services.index('openPorts', ({ addresses, isHeadless, resolution, ports }) =>
      addresses.length > 0 || isHeadless || resolution === 'alias'
        ? []
        : ports.filter(({ protocol }) => !isHttp(protocol) && !isTls(protocol)).map(({ number }) => String(number)),
    ),
    workloadsByLabel,
    httpRulesByDestination: virtualServices.index('byHttpDestination', (rule) => [
      ...new Set(
        destinationsIn(rule)
          .filter(({ protocol }) => protocol === 'http')
          .map(({ host, destination }) => `${host}:${destination.port?.number ?? 0}`),
      ),
    ]),
    namespaceIsKnown: graph.query<string, boolean>('namespaceIsKnown', {
      reads: [namespaces.byName, services.byNamespace, workloads.byNamespace, virtualServices.byNamespace],
      compute: (read, namespace) =>
        [namespaces.byName, services.byNamespace, workloads.byNamespace, virtualServices.byNamespace].some(
          (index) => read.keys(index, namespace).length > 0,
        ),
    }),
    knows: graph.query<Observed, boolean>('knows', {
      reads: Object.values(observed),
      compute: (read, what) => read.groups(observed[what]).length > 0,
    }),
  };
}

/**
 * The workloads that have the labels, in a namespace or in any. Only those with the rarest of the labels are looked at; a
 * selector without labels is for all, of which nothing is asked.
 */
export function workloadsWith(
  read: Reader,
  { tables, knowledge }: Mesh & { readonly knowledge: Knowledge },
  selector: Labels,
  namespace?: string,
): readonly Workload[] {
  const [fewest = []] = Object.entries(selector)
    .map(([key, value]) => `${namespace === undefined ? '' : `${namespace}/`}${key}=${value}`)
    .map((label) => read.keys(knowledge.workloadsByLabel, label))
    .sort((a, b) => a.length - b.length);
  return read.rows(tables.workloads, fewest).filter(({ labels }) => selects(selector, labels));
}
