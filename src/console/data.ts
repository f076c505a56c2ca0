/** What the pages show, as of the moment they are asked. */
import type { Config } from '../config/config.ts';
import type { EndpointShard } from '../model/endpoint.ts';
import type { Origin, OriginKey } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { Scope } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import type { Freshness } from '../model/source.ts';
import type { Resource } from '../resource/resource.ts';
import type { TypeUrl } from '../resource/types.ts';
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

export interface ConsoleData {
  readonly version: string;
  /** The id of the cluster that objects come from. */
  readonly cluster: string;
  /** Proxies are served as soon as every source has delivered its first full list, until the process is told to stop. */
  readonly state: () => 'starting' | 'serving' | 'stopping';
  readonly sources: () => readonly {
    readonly name: string;
    readonly isSynced: boolean;
    readonly freshness: Freshness;
  }[];
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
