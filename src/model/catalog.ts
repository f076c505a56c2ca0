/**
 * What a catalog of services reports: Consul, Nomad, or whatever somebody writes an adapter for. Plain data that can be
 * written to JSON and read back.
 */
import type { Health } from './endpoint.ts';
import type { Hostname } from './hostname.ts';
import type { Labels } from './labels.ts';
import type { Locality } from './locality.ts';
import type { ServicePort } from './service.ts';
import type { Source } from './source.ts';

/** A service as a whole: what it is, and every instance of it. */
export interface CatalogService {
  /** The names that clients call it by, in lower case; the first one is its main name. */
  readonly hostnames: readonly Hostname[];
  /** Where it lives for those of its names that do not say so themselves, as `reviews.shop.svc.cluster.local` does. */
  readonly namespace: string;
  /** Port numbers, and their names, are unique. */
  readonly ports: readonly ServicePort[];
  readonly labels?: Labels;
  /** Milliseconds since the epoch; the youngest of all when absent. Of services that want one listener the oldest has it. */
  readonly createdAt?: number;
  /** In any order. */
  readonly instances: readonly CatalogInstance[];
}

/** One place where a service is served. What is left out is not known. */
export interface CatalogInstance {
  /** Unique within the service, and the same for as long as the instance lives. */
  readonly id: string;
  /** An IP address or a DNS name. */
  readonly address: string;
  /** The port at the address by the name of the service's port. A port that is absent is not served here. */
  readonly ports: { readonly [portName: string]: number };
  /** What subsets choose it by, such as its version. */
  readonly labels?: Labels;
  readonly locality?: Locality;
  /** Share of the traffic among instances, a whole number; 1 when absent, no traffic when 0. */
  readonly weight?: number;
  readonly health?: Health;
  readonly network?: string;
  /** The identity that it runs as. */
  readonly serviceAccount?: string;
  readonly nodeName?: string;
}

/** A service that is new or different, or (undefined) gone: the catalog says that there is none of that name. */
export interface CatalogChange {
  /** The catalog's own name of it, unique there. */
  readonly name: string;
  readonly service: CatalogService | undefined;
}

export interface Catalog extends Source<CatalogChange> {
  /** What messages call its services: `ConsulService`. */
  readonly kind: string;
  /**
   * Asks the platform about one service once more, past every cache: before many instances are dropped, somebody wants to be
   * sure. Yields undefined when there is none; rejected when the platform cannot be asked. Without it, time has to tell.
   */
  reread?(name: string, signal: AbortSignal): Promise<CatalogService | undefined>;
}
