import type { Endpoint, EndpointShard, Health } from '../../model/endpoint.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { nowhere } from '../../model/locality.ts';
import type { Workload } from '../../model/workload.ts';
import type { EndpointSlice, Endpoints, SliceEndpoint } from './schema.ts';
import { serviceHostname } from './service.ts';
import type { NodeRow } from './workload.ts';

export interface ShardContext {
  readonly registry: string;
  readonly cluster: string;
  /** Of endpoints whose pod is not known. */
  readonly network: string;
  readonly domainSuffix: string;
  /** The Pod of that `namespace/name`, when it is known. It enriches an endpoint and never holds it back. */
  pod(key: string): Workload | undefined;
  /** The only Pod of a namespace at an address: for endpoints that name none. */
  podAt(address: string, namespace: string): Workload | undefined;
  node(name: string): NodeRow | undefined;
}

/** The Service that an EndpointSlice belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** An EndpointSlice as a row; undefined when it belongs to no Service or holds DNS names. */
export function sliceToShard(
  object: KubernetesObject,
  slice: EndpointSlice,
  context: ShardContext,
): EndpointShard | undefined {
  const service = object.labels[serviceNameLabel] ?? '';
  if (service === '' || slice.addressType === 'FQDN') return undefined;
  const ports: { [name: string]: number } = {};
  for (const { name = '', port, protocol = 'TCP' } of slice.ports ?? [])
    if (port !== undefined && protocol !== 'UDP') ports[name] = port;
  return {
    registry: context.registry,
    hostname: serviceHostname(service, object.namespace, context.domainSuffix),
    namespace: object.namespace,
    name: object.name,
    endpoints: (slice.endpoints ?? []).flatMap((endpoint) => {
      const health = healthOf(endpoint.conditions);
      if (health === undefined) return [];
      const { targetRef, nodeName, hostname } = endpoint;
      const podKey = podKeyOf(targetRef, object);
      return endpoint.addresses.map((address) =>
        toEndpoint({ address, ports, health, podKey, nodeName, hostname, service }, object, context),
      );
    }),
    origin: object.origin,
  };
}

/**
 * Absent readiness counts as ready. What is not ready and not said to stay is on its way out: it may still drain, if it
 * serves, and is dropped otherwise.
 */
function healthOf(conditions: SliceEndpoint['conditions']): Health | undefined {
  const { ready = true, serving = ready, terminating = true } = conditions ?? {};
  if (ready) return 'healthy';
  if (!terminating) return 'unhealthy';
  return serving ? 'draining' : undefined;
}

/** A legacy Endpoints object as a row, for Services that have no EndpointSlice. */
export function endpointsToShard(
  object: KubernetesObject,
  { subsets = [] }: Endpoints,
  context: ShardContext,
): EndpointShard {
  return {
    registry: context.registry,
    hostname: serviceHostname(object.name, object.namespace, context.domainSuffix),
    namespace: object.namespace,
    name: `${object.name}/endpoints`,
    endpoints: subsets.flatMap((subset) => {
      const ports: { [name: string]: number } = {};
      for (const { name = '', port, protocol = 'TCP' } of subset.ports ?? [])
        if (protocol !== 'UDP') ports[name] = port;
      const all = [
        ...(subset.addresses ?? []).map((address) => [address, 'healthy'] as const),
        ...(subset.notReadyAddresses ?? []).map((address) => [address, 'unhealthy'] as const),
      ];
      return all.map(([{ ip, nodeName, targetRef, hostname }, health]) => {
        const podKey = podKeyOf(targetRef, object);
        const reported = { address: ip, ports, health, podKey, nodeName, hostname, service: object.name };
        return toEndpoint(reported, object, context);
      });
    }),
    origin: object.origin,
  };
}

/** The `namespace/name` of the Pod that an address belongs to; undefined when it names none. */
function podKeyOf(reference: SliceEndpoint['targetRef'], { namespace }: KubernetesObject): string | undefined {
  return reference?.kind === 'Pod' ? `${reference.namespace ?? namespace}/${reference.name ?? ''}` : undefined;
}

interface Reported {
  readonly address: string;
  readonly ports: { readonly [name: string]: number };
  readonly health: Health;
  readonly podKey: string | undefined;
  readonly nodeName: string | undefined;
  readonly hostname: string | undefined;
  /** The name of the Service. */
  readonly service: string;
}

function toEndpoint(
  { address, ports, health, podKey, nodeName = '', hostname, service }: Reported,
  object: KubernetesObject,
  context: ShardContext,
): Endpoint {
  const pod = podKey === undefined ? context.podAt(address, object.namespace) : context.pod(podKey);
  // Kubernetes' own controllers repeat a pod's name where its subdomain is the Service; slices of others need not.
  const own = hostname ?? (pod?.dnsName?.subdomain === service ? pod.dnsName.hostname : undefined);
  return {
    address,
    ports,
    health,
    labels: pod?.labels ?? {},
    locality: pod?.locality ?? context.node(nodeName)?.locality ?? nowhere,
    weight: 1,
    network: pod?.network ?? context.network,
    serviceAccount: pod?.serviceAccount ?? '',
    nodeName: pod?.nodeName === undefined || pod.nodeName === '' ? nodeName : pod.nodeName,
    workload: pod?.name ?? '',
    ...(own === undefined || own === '' ? {} : { hostname: own.toLowerCase() }),
    namespace: object.namespace,
    cluster: context.cluster,
  };
}
