import type { Config } from '../../config/config.ts';
import type { ServiceEntry, WorkloadEntry } from '../../config/service-entry.ts';
import type { Endpoint, EndpointShard } from '../../model/endpoint.ts';
import { nowhere, parseLocality } from '../../model/locality.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import { isItsOwnEndpoint } from './service.ts';

/** The endpoints that a ServiceEntry lists, for one of its hosts; undefined when it lists none. */
export function toShard(config: Config<ServiceEntry>, host: string, cluster: string): EndpointShard | undefined {
  const { spec, namespace, name, origin } = config;
  const listed: readonly WorkloadEntry[] = isItsOwnEndpoint(config, host)
    ? [{ address: host.toLowerCase() }]
    : (spec.endpoints ?? []);
  if (listed.length === 0) return undefined;
  const endpoints = listed.map((endpoint) => toEndpoint(endpoint, spec, namespace, cluster));
  return { registry: statedRegistry, hostname: host.toLowerCase(), namespace, name, endpoints, origin };
}

function toEndpoint(
  endpoint: WorkloadEntry,
  { ports = [] }: ServiceEntry,
  namespace: string,
  cluster: string,
): Endpoint {
  const { address = '', labels = {}, locality = '', weight = 0, network = '', serviceAccount = '' } = endpoint;
  const isSocket = address.startsWith('unix://');
  return {
    address: isSocket ? address.slice('unix://'.length) : address,
    ports: Object.fromEntries(
      ports.map(({ name = '', number, targetPort = 0 }) => [
        name,
        isSocket ? 0 : (endpoint.ports?.[name] ?? (targetPort || number)),
      ]),
    ),
    labels,
    locality: locality === '' ? nowhere : parseLocality(locality),
    weight: weight === 0 ? 1 : weight,
    health: 'unknown',
    network: network === '' ? (labels['topology.istio.io/network'] ?? '') : network,
    serviceAccount,
    nodeName: '',
    workload: '',
    namespace,
    cluster,
  };
}
