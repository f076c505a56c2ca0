/** What the pages show, as of the moment they are asked. */
import type { Config } from '../config/config.ts';
import type { EndpointShard } from '../model/endpoint.ts';
import type { Origin, OriginKey } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { Scope } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import type { Resource } from '../resource/resource.ts';
import type { TypeUrl } from '../resource/types.ts';
import type { Visibility } from '../source/visibility.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';

/** Who of several replicas writes back to the platform. */
export interface Leadership {
  /** `istio-system/fairway-leader` */
  readonly lease: string;
  /** This replica. */
  readonly identity: string;
  readonly isLeader: boolean;
  /** The identity of who holds the Lease, as far as is known. */
  readonly holder?: string;
}

/** A source of objects or a catalog, and how well it can be seen. */
export interface VisibleSource {
  readonly name: string;
  /** The registry that stands on it: `kubernetes/CLUSTER`, `files`, or the name of a catalog. */
  readonly registry: string;
  /** It has delivered its first full list. */
  readonly isSynced: boolean;
  readonly visibility: Visibility;
  /** How long ago it was seen last, in milliseconds. */
  readonly unseenMs: number;
  /** Instances in force that a catalog does not name any more; undefined for what is no catalog. */
  readonly held: number | undefined;
}

export interface ConsoleData {
  readonly version: string;
  /** The id of the cluster that objects come from. */
  readonly cluster: string;
  /** Proxies are served as soon as every source has delivered its first full list, until the process is told to stop. */
  readonly state: () => 'starting' | 'serving' | 'stopping';
  readonly sources: () => readonly VisibleSource[];
  readonly connections: () => readonly ConnectionStatus[];
  readonly services: () => Iterable<Service>;
  readonly endpointShards: () => Iterable<EndpointShard>;
  readonly configs: () => Iterable<Config<unknown> & { readonly apiVersion: string }>;
  /** Every object in force, by its key. */
  readonly origins: () => ReadonlyMap<OriginKey, Origin>;
  readonly problems: () => readonly Problem[];
  /** Undefined for a replica that never writes. */
  readonly leadership: () => Leadership | undefined;
  /** What a scope is to hold of a type. */
  readonly resources: (type: TypeUrl, scope: Scope) => readonly Resource[];
}
