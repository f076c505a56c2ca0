/** The fields of a RouteConfiguration around its virtual hosts. */
import type { RouteConfiguration } from '../../proto/envoy/config/route/v3/route.ts';

/**
 * Clusters are not validated, because a rule may come before its destination: Envoy then answers 503 for that route
 * alone. Bodies of direct responses may have 1 MiB. Where domains name ports, requests are matched with theirs: Envoy
 * takes the port off the request alone, and would never find such a domain otherwise.
 */
export function routeConfiguration(name: string, namesPorts: boolean): RouteConfiguration {
  return {
    name,
    validateClusters: false,
    maxDirectResponseBodySizeBytes: 1 << 20,
    ignorePortInHostMatching: !namesPorts,
  };
}
