/** What the hosts that a client sees stand for in DNS, where its agent answers its questions. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { NameIr } from '../ir/name.ts';
import { isKubernetes } from '../model/cluster.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { namespaceInName } from '../model/hostname.ts';
import { originKey } from '../model/origin.ts';
import type { Service } from '../model/service.ts';
import type { EndpointQueries } from './endpoints.ts';
import { type ClientHost, clientHostKey, type ServiceQueries } from './services.ts';

export interface HostNameQueries {
  /** Undefined for a host whose addresses only DNS itself knows. Asked for clients whose agents answer DNS. */
  readonly hostName: Query<ClientHost, NameIr | undefined>;
}

export function hostNameQueries(
  graph: Graph,
  { service }: ServiceQueries,
  { endpoints }: EndpointQueries,
): HostNameQueries {
  const hostName = graph.query<ClientHost, NameIr | undefined>('hostName', {
    reads: [service, endpoints],
    keyOf: clientHostKey,
    compute(read, at) {
      const found = read.cell(service, at);
      if (found === undefined) return undefined;
      if (!found.isHeadless) return toName(found, virtualAddresses(found), []);
      const { endpoints: all, origins } = read.cell(endpoints, `${found.namespace}/${found.hostname}`);
      return toName(found, endpointAddresses(found, all, at.client.cluster), origins);
    },
  });
  return { hostName };
}

/** Blocks are no addresses of anybody. */
function virtualAddresses({ addresses, autoAddresses = [] }: Service): readonly string[] {
  return (addresses.length > 0 ? addresses : autoAddresses).filter((address) => !address.includes('/'));
}

/** Those that can be called, in the client's own cluster: what DNS says of a headless service elsewhere is its own. */
function endpointAddresses(service: Service, all: readonly Endpoint[], cluster: string): readonly string[] {
  const callable = all.filter(
    ({ health, cluster: other }) =>
      (health === 'healthy' || health === 'unknown' || service.publishNotReadyAddresses === true) &&
      (other === cluster || cluster === ''),
  );
  return [...new Set(callable.map(({ address }) => address))].sort();
}

function toName(
  service: Service,
  addresses: readonly string[],
  endpointOrigins: NameIr['origins'],
): NameIr | undefined {
  // Somebody else may know more than nothing.
  if (addresses.length === 0) return undefined;
  const { hostname, namespace, name, registry, origin } = service;
  const isNamed = namespaceInName(hostname) !== undefined;
  return {
    host: hostname,
    addresses,
    shortName: isNamed ? (isKubernetes(registry) ? name : (hostname.split('.')[0] ?? '')) : '',
    namespace,
    registry: isKubernetes(registry) ? 'Kubernetes' : 'External',
    origins: [...new Set([originKey(origin), ...endpointOrigins])].sort(),
  };
}
