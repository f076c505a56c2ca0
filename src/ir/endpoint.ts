/** What a ClusterLoadAssignment is to be, complete. */
import type { Locality } from '../model/locality.ts';
import type { OriginKey } from '../model/origin.ts';

export interface LoadAssignmentIr {
  readonly cluster: string;
  /** Grouped by locality and priority, in order of locality. */
  readonly localities: readonly LocalityEndpointsIr[];
  /** In percent, above 100: how far health may fall before traffic spills to the next priority. */
  readonly overprovisioningFactor?: number;
  readonly origins: readonly OriginKey[];
}

export interface LocalityEndpointsIr {
  /** Absent for an endpoint of the proxy's own machine. */
  readonly locality?: Locality;
  /** 0 is used first. */
  readonly priority: number;
  readonly weight: number;
  readonly endpoints: readonly EndpointIr[];
}

export interface EndpointIr {
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** 0 for the only endpoint, which needs none. */
  readonly weight: number;
  readonly health: 'HEALTHY' | 'UNHEALTHY' | 'DRAINING' | 'unknown';
  /** `workload;namespace;canonical name;canonical revision;cluster`, which telemetry reads. */
  readonly workload: string;
  readonly tlsMode?: 'istio';
}
