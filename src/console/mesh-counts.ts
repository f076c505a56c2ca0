import { ensure } from '../lib/ensure.ts';
import { type EndpointShard, shardKey } from '../model/endpoint.ts';
import { selects } from '../model/labels.ts';
import type { Proxy } from '../model/proxy.ts';
import { isCatalog } from '../model/registry-kind.ts';
import { type Service, serviceKey } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';

export interface MeshRows {
  readonly services: Iterable<Service>;
  readonly shards: Iterable<EndpointShard>;
  readonly workloads: Iterable<Workload>;
  readonly proxies: Iterable<Proxy>;
}

/** What is missing in a mesh, as Istio's metrics count it. */
export interface MeshCounts {
  /** Endpoints that their platform calls not ready. */
  readonly endpointsNotReady: number;
  /** Ports of services whose endpoints the control plane is to know, and knows none. */
  readonly portsWithoutEndpoints: number;
  /** Services that DNS is asked for, without a name to ask. */
  readonly dnsWithoutEndpoints: number;
  /** Connected sidecars at whose addresses there is no endpoint and no workload. */
  readonly proxiesWithoutEndpoint: number;
}

export function countMesh({ services, shards, workloads, proxies }: MeshRows): MeshCounts {
  const all = [...services];
  const byKey = new Map(all.map((service) => [serviceKey(service), service]));
  const byHost = new Map<string, EndpointShard[]>();
  const byNamespace = new Map<string, Workload[]>();
  const known = new Set<string>();
  let endpointsNotReady = 0;
  for (const shard of shards) {
    ensure(byHost, `${shard.namespace}/${shard.hostname}`, () => []).push(shard);
    for (const { address, health } of shard.endpoints) {
      known.add(address);
      if (health === 'unhealthy') endpointsNotReady += 1;
    }
  }
  for (const workload of workloads) {
    ensure(byNamespace, workload.namespace, () => []).push(workload);
    for (const address of workload.addresses) known.add(address);
  }
  let portsWithoutEndpoints = 0;
  let dnsWithoutEndpoints = 0;
  for (const service of all) {
    const there = byHost.get(`${service.namespace}/${service.hostname}`) ?? [];
    const reported = there.flatMap((shard) => shard.endpoints);
    const hasWorkloads = (byNamespace.get(service.namespace) ?? []).some((workload) => isSelected(workload, service));
    if (service.resolution === 'static' && !hasWorkloads)
      portsWithoutEndpoints += service.ports.filter(
        ({ name, number, protocol }) =>
          protocol !== 'UDP' && !there.some((shard) => serves(shard, byKey.get(shardKey(shard)), { name, number })),
      ).length;
    if (
      (service.resolution === 'dns' || service.resolution === 'dns-round-robin') &&
      !hasWorkloads &&
      reported.length === 0
    )
      dnsWithoutEndpoints += 1;
  }
  let proxiesWithoutEndpoint = 0;
  for (const { type, addresses } of proxies)
    if (type === 'sidecar' && !addresses.some((address) => known.has(address))) proxiesWithoutEndpoint += 1;
  return { endpointsNotReady, portsWithoutEndpoints, dnsWithoutEndpoints, proxiesWithoutEndpoint };
}

/** Whether some endpoint serves a port: by its name, those of a catalog by its number in the catalog's own service. */
function serves(
  shard: EndpointShard,
  own: Service | undefined,
  { name, number }: { readonly name: string; readonly number: number },
): boolean {
  const called = isCatalog(shard.registry) ? own?.ports.find((port) => port.number === number)?.name : name;
  return called !== undefined && shard.endpoints.some(({ ports }) => ports[called] !== undefined);
}

function isSelected({ kind, labels }: Workload, { selector, selects: kinds }: Service): boolean {
  return (
    selector !== undefined && (kind === 'workload-entry' || kinds === 'all-workloads') && selects(selector, labels)
  );
}
