import type { Hostname } from './hostname.ts';
import type { Labels } from './labels.ts';
import type { Locality } from './locality.ts';
import type { Origin } from './origin.ts';

/** What the platform says of an endpoint's health; `unknown` when it says nothing. */
export type Health = 'healthy' | 'unhealthy' | 'draining' | 'unknown';

/** One place where a service is served. */
export interface Endpoint {
  /** An IP address, a DNS name, or the path of a Unix socket. */
  readonly address: string;
  /** The port at the address by the name of the service's port. A port that is absent is not served here. */
  readonly ports: { readonly [portName: string]: number };
  readonly labels: Labels;
  readonly locality: Locality;
  /** Share of the traffic among endpoints, in whole numbers; 1 unless the platform says otherwise, 0 for none. */
  readonly weight: number;
  readonly health: Health;
  readonly network: string;
  readonly serviceAccount: string;
  readonly nodeName: string;
  /** The workload behind it, for telemetry; empty when not known. */
  readonly workload: string;
  /** Its own name in DNS, before that of a headless service. */
  readonly hostname?: string;
  readonly namespace: string;
  readonly cluster: string;
}

/**
 * The endpoints that a platform reports together: one EndpointSlice, the endpoints of one ServiceEntry. The unit in which
 * they change, so that one event replaces one row.
 */
export interface EndpointShard {
  readonly registry: string;
  readonly hostname: Hostname;
  readonly namespace: string;
  /** The platform's name of the shard, unique within the registry and namespace. */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly origin: Origin;
}

export function shardKey({
  registry,
  namespace,
  name,
  hostname,
}: Pick<EndpointShard, 'registry' | 'namespace' | 'name' | 'hostname'>): string {
  return `${registry}/${namespace}/${name}/${hostname}`;
}
