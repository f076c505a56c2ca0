/** /debug/endpointz: the endpoints behind each port of each service, as registries report them. */
import type { Endpoint, EndpointShard } from '../model/endpoint.ts';
import type { ConsoleData } from './data.ts';
import { json, type Page } from './http-server.ts';

export function endpointzPage({ services, endpointShards }: ConsoleData): Page {
  return () => {
    const byHost = new Map<string, EndpointShard[]>();
    for (const shard of endpointShards()) {
      const key = `${shard.namespace}/${shard.hostname}`;
      byHost.set(key, [...(byHost.get(key) ?? []), shard]);
    }
    return json(
      [...services()]
        .flatMap(({ hostname, namespace, ports }) =>
          ports.map((port) => ({
            svc: `${hostname}:${port.name}`,
            ep: (byHost.get(`${namespace}/${hostname}`) ?? []).flatMap(({ endpoints, name }) =>
              endpoints.flatMap((endpoint) => endpointAt(endpoint, port.name, name)),
            ),
          })),
        )
        .sort((a, b) => (a.svc < b.svc ? -1 : 1)),
    );
  };
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
