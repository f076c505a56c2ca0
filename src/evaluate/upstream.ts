/** Where a cluster sends a call. */
import type { SocketAddress } from './call.ts';

export type Upstream =
  | {
      readonly kind: 'endpoints';
      readonly discovery: 'EDS' | 'STATIC' | 'STRICT_DNS' | 'LOGICAL_DNS';
      /** Those that take part first; all others stay in reserve with 0 %. */
      readonly endpoints: readonly EndpointShare[];
      /** Which endpoint a call takes depends on a hash of it; the shares are those of many different calls. */
      readonly isHashed: boolean;
    }
  /** To where the client wanted to go. */
  | { readonly kind: 'original destination'; readonly address: SocketAddress }
  /** To a host that the call names. */
  | { readonly kind: 'named host'; readonly host: string }
  /** There is no such cluster. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'undecided'; readonly because: string };

export interface EndpointShare {
  /** An IP address, a host name for DNS, or the path of a Unix socket; with port 0 then. */
  readonly address: SocketAddress;
  /** From 0, which is tried first. */
  readonly priority: number;
  /** `region/zone/subzone` without what is absent. */
  readonly locality: string;
  readonly weight: number;
  readonly health: 'healthy' | 'degraded' | 'unhealthy';
  /** Of the calls that the cluster takes. */
  readonly percent: number;
}
