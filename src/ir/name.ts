import type { OriginKey } from '../model/origin.ts';

/** What a host stands for in DNS, to those whose agent answers for it. */
export interface NameIr {
  /** Perhaps a wildcard. */
  readonly host: string;
  /** In the order of the service; of a headless service those of its endpoints, sorted. */
  readonly addresses: readonly string[];
  /** What names it within its namespace, such as `reviews`; empty for hosts that are called by their full name alone. */
  readonly shortName: string;
  readonly namespace: string;
  /** Which kind of registry states it, as Istio's agents know them. */
  readonly registry: 'Kubernetes' | 'External';
  /** The pods of a headless service that have names of their own, such as `db-0`; sorted by them. */
  readonly pods: readonly PodName[];
  /** The objects behind it, sorted. */
  readonly origins: readonly OriginKey[];
}

export interface PodName {
  /** A label, which stands before the host with a dot. */
  readonly hostname: string;
  /** Sorted; mostly one. */
  readonly addresses: readonly string[];
}
