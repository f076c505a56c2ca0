/** What a sidecar must know of a port of its workload. */
import type { ConnectionPool } from '../config/destination-rule.ts';
import type { OriginKey } from '../model/origin.ts';
import type { Protocol } from '../model/protocol.ts';
import type { Capture, Serving } from '../model/scope.ts';
import type { Service, ServicePort } from '../model/service.ts';
import type { MeshSettings } from './settings.ts';

/** A port of the workload, and the oldest service that defines it. */
export interface InboundPort {
  readonly targetPort: number;
  readonly protocol: Protocol;
  readonly service: Service;
  readonly port: ServicePort;
  /** The services that share the port and its number, the oldest first. */
  readonly services: readonly Service[];
  readonly connectionPool: ConnectionPool | undefined;
  /** What a Sidecar's ingress listener says of where it listens; absent for a port that follows from a service. */
  readonly listener?: { readonly bind: string; readonly captureMode: 'DEFAULT' | 'IPTABLES' | 'NONE' };
  /** Where connections go; absent: where they were for. */
  readonly endpoint?: InboundEndpoint;
  /** The API path of the rule that shaped it. */
  readonly config?: string;
  readonly origins: readonly OriginKey[];
}

/** The application behind an ingress listener. */
export interface InboundEndpoint {
  /** An address, or the path of a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly isLoopback: boolean;
}

export interface InboundContext {
  readonly settings: MeshSettings;
  readonly capture: Capture;
  readonly serving: Serving;
}
