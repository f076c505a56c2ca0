/** A patch of an EnvoyFilter that is in force: what it is for and what it does, complete. */
import type { RuleOrigin } from './route.ts';

export interface PatchIr {
  readonly target: PatchTarget;
  readonly operation: PatchOperation;
  /** Of the three at most the one that fits the target; absent for everything. */
  readonly cluster?: ClusterMatchIr;
  readonly listener?: ListenerMatchIr;
  readonly routeConfiguration?: RouteConfigurationMatchIr;
  /** The message to add or to merge, in protobuf's JSON form as it was written; absent for what removes. */
  readonly value?: { readonly [field: string]: unknown };
  readonly origin: RuleOrigin;
}

export type PatchTarget =
  | 'CLUSTER'
  | 'LISTENER'
  | 'FILTER_CHAIN'
  | 'NETWORK_FILTER'
  | 'HTTP_FILTER'
  | 'LISTENER_FILTER'
  | 'ROUTE_CONFIGURATION'
  | 'VIRTUAL_HOST'
  | 'HTTP_ROUTE'
  | 'EXTENSION_CONFIG';

export type PatchOperation =
  | 'MERGE'
  | 'MERGE_AND_REPLACE_LIST'
  | 'ADD'
  | 'REMOVE'
  | 'INSERT_BEFORE'
  | 'INSERT_AFTER'
  | 'INSERT_FIRST'
  | 'REPLACE';

/** In matches an absent or empty field, and a port 0, means any. */
export interface ClusterMatchIr {
  /** When it is there nothing else counts. */
  readonly name?: string;
  readonly service?: string;
  readonly subset?: string;
  readonly portNumber?: number;
}

export interface ListenerMatchIr {
  readonly name?: string;
  readonly portNumber?: number;
  /** The name of a listener filter. */
  readonly listenerFilter?: string;
  readonly filterChain?: {
    readonly name?: string;
    readonly sni?: string;
    readonly transportProtocol?: string;
    /** Separated by commas; all of them. */
    readonly applicationProtocols?: string;
    readonly destinationPort?: number;
    readonly filter?: { readonly name?: string; readonly subFilter?: { readonly name?: string } };
  };
}

export interface RouteConfigurationMatchIr {
  readonly name?: string;
  readonly portNumber?: number;
  /** The name of a server's port and `namespace/name` of its Gateway: for the routes of HTTPS servers alone. */
  readonly portName?: string;
  readonly gateway?: string;
  readonly vhost?: {
    readonly name?: string;
    readonly domainName?: string;
    readonly route?: {
      readonly name?: string;
      readonly action?: 'ANY' | 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE';
    };
  };
}
