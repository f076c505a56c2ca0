import type { OriginKey } from '../model/origin.ts';

/** What a name stands for in DNS, to those whose agent answers for it. */
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
  /** The objects behind it, sorted. */
  readonly origins: readonly OriginKey[];
}
