/** The endpoints of a host: those that platforms report, and the workloads that its services select. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { selects } from '../model/labels.ts';
import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import type { Tables } from './tables.ts';

export interface EndpointQueries {
  /** All endpoints of a host in a namespace, keyed `namespace/host`: in order of shards, then of selected workloads. */
  readonly endpoints: Query<string, readonly Endpoint[]>;
}

export function endpointQueries(graph: Graph, { services, shards, workloads }: Tables): EndpointQueries {
  const endpoints = graph.query<string, readonly Endpoint[]>('endpoints', {
    reads: [services, services.byHost, shards, shards.byHost, workloads, workloads.byNamespace],
    compute(read, key) {
      const at = key.indexOf('/');
      const namespace = key.slice(0, at);
      const reported = read.rows(shards, read.keys(shards.byHost, key)).flatMap((shard) => shard.endpoints);
      const selecting = read
        .rows(services, read.keys(services.byHost, key.slice(at + 1)))
        .filter((service) => service.namespace === namespace && service.selector !== undefined);
      if (selecting.length === 0) return reported;
      const candidates = read.rows(workloads, read.keys(workloads.byNamespace, namespace));
      return [...reported, ...selecting.flatMap((service) => selected(service, candidates))];
    },
  });
  return { endpoints };
}

function selected(service: Service, candidates: readonly Workload[]): readonly Endpoint[] {
  const { selector = {}, selects: kinds } = service;
  return candidates
    .filter(
      (workload) =>
        (workload.kind === 'workload-entry' || kinds === 'all-workloads') && selects(selector, workload.labels),
    )
    .filter((workload) => workload.kind !== 'pod' || workload.health === 'healthy')
    .flatMap((workload) => toEndpoints(workload, service));
}

function toEndpoints(workload: Workload, service: Service): readonly Endpoint[] {
  const [address] = workload.addresses;
  if (address === undefined) return [];
  const { labels, locality, weight, network, serviceAccount, nodeName, namespace, cluster } = workload;
  return [
    {
      address,
      ports: portsAt(workload, service),
      labels,
      locality,
      weight,
      health: 'unknown',
      network,
      serviceAccount,
      nodeName,
      workload: workload.name,
      namespace,
      cluster,
    },
  ];
}

/** The workload's own number for a port's name wins; then the port's target, by number or by the workload's name for it. */
function portsAt({ ports, addresses }: Workload, service: Service): { readonly [name: string]: number } {
  const isSocket = addresses[0]?.startsWith('/') === true || addresses[0]?.startsWith('@') === true;
  const numbers: { [name: string]: number } = {};
  for (const { name, number, targetPort } of service.ports) {
    const target = typeof targetPort === 'string' ? ports[targetPort] : (targetPort ?? number);
    const port = isSocket ? 0 : (ports[name] ?? target);
    if (port !== undefined) numbers[name] = port;
  }
  return numbers;
}
