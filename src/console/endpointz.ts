/** The endpoints behind services, as registries report them: by port of each service, and by host and source. */
import { type Endpoint, type EndpointShard, shardKey } from '../model/endpoint.ts';
import { isCatalog } from '../model/registry-kind.ts';
import { type Service, serviceKey } from '../model/service.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';
import { platformOf } from './registries.ts';

export function endpointzPage({ services, endpointShards }: ConsoleData): Answer {
  return () => {
    const byHost = Map.groupBy(endpointShards(), ({ namespace, hostname }) => `${namespace}/${hostname}`);
    return json(
      [...services()]
        .flatMap((service) =>
          service.ports.map((port) => ({
            svc: `${service.hostname}:${port.name}`,
            ep: (byHost.get(`${service.namespace}/${service.hostname}`) ?? [])
              .filter((shard) => namesPortsLike(shard, service))
              .flatMap(({ endpoints, name }) => endpoints.flatMap((endpoint) => endpointAt(endpoint, port.name, name))),
          })),
        )
        .sort((a, b) => (a.svc < b.svc ? -1 : 1)),
    );
  };
}

/** Whether a shard calls its ports as a service does: a catalog's are called as its own service calls them. */
function namesPortsLike(shard: EndpointShard, service: Service): boolean {
  const isOfCatalog = isCatalog(shard.registry) || isCatalog(service.registry);
  return !isOfCatalog || shardKey(shard) === serviceKey(service);
}

/** By host, then by namespace: the endpoints of each shard, by `registry/cluster`, once for each port. */
export function endpointShardzPage({ endpointShards, cluster }: ConsoleData): Answer {
  return () => {
    const hosts: { [host: string]: { [namespace: string]: { readonly Shards: { [shard: string]: object[] } } } } = {};
    const shards = [...endpointShards()].sort((a, b) => (shardKey(a) < shardKey(b) ? -1 : 1));
    for (const { hostname, namespace, registry, name, endpoints } of shards) {
      hosts[hostname] ??= {};
      hosts[hostname][namespace] ??= { Shards: {} };
      const known = hosts[hostname][namespace].Shards;
      const shard = shardName(registry, cluster);
      const found = endpoints.flatMap((endpoint) =>
        Object.keys(endpoint.ports).flatMap((port) => endpointAt(endpoint, port, name)),
      );
      known[shard] = [...(known[shard] ?? []), ...found];
    }
    return json(hosts);
  };
}

/** `Kubernetes/CLUSTER`; what is no cluster has a name after its platform's, or belongs to the config cluster. */
function shardName(registry: string, configCluster: string): string {
  if (registry === 'service-entry') return `External/${configCluster}`;
  return `${platformOf(registry)}/${registry.slice(registry.indexOf('/') + 1)}`;
}

function endpointAt(endpoint: Endpoint, portName: string, shard: string): readonly object[] {
  const { address, ports, labels, locality, health, weight, network, serviceAccount } = endpoint;
  const port = ports[portName];
  if (port === undefined) return [];
  const { region, zone, subzone } = locality;
  return [
    {
      Addresses: [address],
      EndpointPort: port,
      ServicePortName: portName,
      Labels: labels,
      Locality: { Label: [region, zone, subzone].filter((part) => part !== '').join('/') },
      HealthStatus: health,
      LbWeight: weight,
      Network: network,
      ServiceAccount: serviceAccount,
      WorkloadName: endpoint.workload,
      Namespace: endpoint.namespace,
      NodeName: endpoint.nodeName,
      Cluster: endpoint.cluster,
      Shard: shard,
    },
  ];
}
