/** Where requests and connections for a destination of a rule go. */
import type { Hostname } from '../model/hostname.ts';
import { type DestinationPolicy, type PortPolicy, policyOfSubset } from './destination-policy.ts';
import { outboundCluster } from './names.ts';

export interface DestinationTarget {
  readonly cluster: string;
  /** What the DestinationRule in force says of it. */
  readonly policy: PortPolicy;
  /** The destination names no subset, or one that the rule defines. */
  readonly isDefined: boolean;
}

/**
 * Of a subset that the rule in force does not define, the service as a whole: rules come in any order, and a route that is there
 * before its subset, or after, goes on reaching the service (docs/errors/FW1006.md).
 */
export function destinationTarget(
  rule: DestinationPolicy | undefined,
  { host, port, subset = '' }: { readonly host: Hostname; readonly port: number; readonly subset?: string | undefined },
): DestinationTarget {
  const isDefined = subset === '' || rule?.subsets.some(({ name }) => name === subset) === true;
  const defined = isDefined ? subset : '';
  return { cluster: outboundCluster(port, defined, host), policy: policyOfSubset(rule, defined, port), isDefined };
}
