/** What the hosts that a client sees stand for in DNS, where its agent answers its questions. */
import { isIP } from 'node:net';
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { NameIr, PodName } from '../ir/name.ts';
import { compareTexts } from '../lib/compare.ts';
import { isKubernetes } from '../model/cluster.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { originKey } from '../model/origin.ts';
import type { Client } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import type { EndpointQueries, HostEndpoints } from './endpoints.ts';
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
      const { family, cluster } = at.client;
      if (!found.isHeadless) return toName(found, usable(virtualAddresses(found), family), noEndpoints);
      const all = read.cell(endpoints, `${found.namespace}/${found.hostname}`);
      const { origins } = all;
      const callable = callableIn(found, all.endpoints, cluster);
      return toName(found, usable(addressesOf(callable), family), { endpoints: callable, origins });
    },
  });
  return { hostName };
}

const noEndpoints: HostEndpoints = { endpoints: [], origins: [] };

/**
 * Blocks are no addresses of anybody. One that is made up leads somewhere by interception alone, which leaves UDP alone: a host of
 * UDP is for others to tell.
 */
function virtualAddresses({ addresses, autoAddresses = [], ports }: Service): readonly string[] {
  const isIntercepted = ports.some(({ protocol }) => protocol !== 'UDP');
  const all = addresses.length > 0 ? addresses : isIntercepted ? autoAddresses : [];
  return all.filter((address) => !address.includes('/'));
}

/**
 * Those of the families that the client has: to others there is no way, and no listener that would take them. All of them where none
 * is left, since the host is there all the same.
 */
function usable(addresses: readonly string[], family: Client['family']): readonly string[] {
  const own = addresses.filter((address) => family === 'dual' || family === `v${isIP(address)}`);
  return own.length === 0 ? addresses : own;
}

/** Those that can be called, in the client's own cluster: what DNS says of a headless service elsewhere is its own. */
function callableIn(service: Service, all: readonly Endpoint[], cluster: string): readonly Endpoint[] {
  return all.filter(
    ({ address, health, cluster: other }) =>
      isIP(address) !== 0 &&
      (health === 'healthy' || health === 'unknown' || service.publishNotReadyAddresses === true) &&
      (other === cluster || cluster === ''),
  );
}

function addressesOf(endpoints: readonly Endpoint[]): readonly string[] {
  return [...new Set(endpoints.map(({ address }) => address))].sort();
}

/** `db-0.db.shop.svc.cluster.local` of a pod with that hostname and the Service as its subdomain. */
function podNames(endpoints: readonly Endpoint[]): readonly PodName[] {
  return [...Map.groupBy(endpoints, ({ hostname }) => hostname)]
    .flatMap(([hostname, pods]) => (hostname === undefined ? [] : [{ hostname, addresses: addressesOf(pods) }]))
    .sort((a, b) => compareTexts(a.hostname, b.hostname));
}

function toName(service: Service, addresses: readonly string[], ends: HostEndpoints): NameIr | undefined {
  // Somebody else may know more than nothing.
  if (addresses.length === 0) return undefined;
  const { hostname, namespace, name, registry, origin } = service;
  return {
    host: hostname,
    addresses,
    // Only what a platform says has short names: who states hosts must not take those of a service.
    shortName: isKubernetes(registry) ? name : '',
    namespace,
    registry: isKubernetes(registry) ? 'Kubernetes' : 'External',
    pods: podNames(ends.endpoints),
    origins: [...new Set([originKey(origin), ...ends.origins])].sort(),
  };
}
