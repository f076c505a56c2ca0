import type { Hostname } from './hostname.ts';
import type { Labels } from './labels.ts';
import type { Origin } from './origin.ts';
import { isHttp, type Protocol } from './protocol.ts';

/** How a client finds the endpoints of a service. */
export type Resolution =
  /** The control plane knows the endpoints. */
  | 'static'
  /** The proxy asks DNS and uses all addresses. */
  | 'dns'
  /** The proxy asks DNS and uses one address at a time. */
  | 'dns-round-robin'
  /** The proxy connects to the address that the application asked for. */
  | 'passthrough'
  /** The proxy asks DNS for the host that the request names. */
  | 'dynamic-dns'
  /** Another name for another host; has no endpoints of its own. */
  | 'alias';

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  /** The port at the workload: a number, or the name of one of the workload's ports; equal to `number` when not given. */
  readonly targetPort?: number | string;
}

/** Which namespaces see an object: `*` all, `.` its own, `~` none, or names. Absent: what the mesh's configuration says. */
export type ExportTo = readonly string[];

/** How near endpoints should be preferred. */
export type TrafficDistribution = 'PreferSameZone' | 'PreferClose' | 'PreferSameNode' | 'any';

/** A host that can be called, as one platform reports it. */
export interface Service {
  /** The registry that reports it: `kubernetes/east`, `consul/dc1`, `service-entry`, … */
  readonly registry: string;
  readonly hostname: Hostname;
  readonly namespace: string;
  readonly name: string;
  /** In the order of the object. Port numbers are unique. */
  readonly ports: readonly ServicePort[];
  /** Virtual addresses, or CIDR blocks, that stand for the service; empty when there are none. */
  readonly addresses: readonly string[];
  /** Addresses that the platform made up, for clients whose DNS answers with them; used when there are no others. */
  readonly autoAddresses?: readonly string[];
  readonly resolution: Resolution;
  /** Outside the mesh: no identity of the mesh is expected there. */
  readonly isExternal: boolean;
  /** A Kubernetes Service with `clusterIP: None`. */
  readonly isHeadless: boolean;
  readonly exportTo?: ExportTo;
  /**
   * Milliseconds since the epoch; 0 when an object does not say, `youngest` when a catalog does not. Oldest first decides
   * most conflicts.
   */
  readonly createdAt: number;
  readonly labels: Labels;
  /** Workloads that are endpoints of it, by label, beside those that shards report. */
  readonly selector?: Labels;
  /** Which workloads the selector takes: a ServiceEntry takes pods too, a Kubernetes Service gets its pods by EndpointSlice. */
  readonly selects?: 'all-workloads' | 'workload-entries';
  /** The real host of an alias. */
  readonly aliasOf?: Hostname;
  readonly subjectAltNames?: readonly string[];
  readonly isNodeLocal?: boolean;
  readonly trafficDistribution?: TrafficDistribution;
  readonly publishNotReadyAddresses?: boolean;
  /** How it is reached from outside of its cluster. */
  readonly external?: {
    /** IP addresses or DNS names. */
    readonly addresses: readonly string[];
    /** The port there by the service's port, where they are the ports of nodes. */
    readonly ports?: { readonly [port: number]: number };
  };
  readonly origin: Origin;
}

/** Later than any time: what is registered without its age takes nothing from who was there before. */
export const youngest = 8.64e15;

/** The key of a service's row. One registry may report a host in several namespaces. */
export function serviceKey({
  registry,
  namespace,
  name,
  hostname,
}: Pick<Service, 'registry' | 'namespace' | 'name' | 'hostname'>): string {
  return `${registry}/${namespace}/${name}/${hostname}`;
}

/** The namespace in the key of a service's row. */
export function namespaceInServiceKey(key: string): string {
  return key.split('/').at(-3) ?? '';
}

/** Whether requests can come in for a service on a port. */
export function takesRequests({ ports }: Service, port: number): boolean {
  return ports.some(({ number, protocol }) => number === port && (isHttp(protocol) || protocol === 'auto'));
}
