/**
 * What kinds of registries there are: Kubernetes clusters, catalogs of services such as Consul's, and what users state. Each
 * function takes the name of a registry, or the key of one of its rows, which begins with the name.
 */
import { isKubernetes } from './cluster.ts';

/** The registry of what ServiceEntries and WorkloadEntries state. */
export const statedRegistry = 'service-entry';

/** Whether what a registry holds is stated by users. */
export function isStated(registry: string): boolean {
  return registry.startsWith(statedRegistry) && (registry[statedRegistry.length] ?? '/') === '/';
}

/** Whether a registry is a catalog of services: of whatever name, neither a cluster nor what users state. */
export function isCatalog(registry: string): boolean {
  return !isKubernetes(registry) && !isStated(registry);
}
