/** Kubernetes clusters, each of which is a registry of its own. Whatever else states services is one for all clusters. */

/** A cluster that is known. */
export interface Cluster {
  readonly id: string;
  /** The one that rules come from. */
  readonly isConfig: boolean;
}

const prefix = 'kubernetes/';

/** The registry that files are, and the name of their source: they state for the config cluster what its API server would. */
export const filesRegistry = 'files';

/** The name of the registry that a cluster is. */
export function kubernetesRegistry(cluster: string): string {
  return `${prefix}${cluster}`;
}

/** Whether a registry is a Kubernetes cluster. */
export function isKubernetes(registry: string): boolean {
  return registry.startsWith(prefix);
}

/** The cluster that a registry is; empty when it is none. */
export function kubernetesCluster(registry: string): string {
  return isKubernetes(registry) ? registry.slice(prefix.length) : '';
}

/** Whether what a registry reports may be about what runs in a cluster: addresses of two clusters may coincide. */
export function isAbout(registry: string, cluster: string): boolean {
  return !isKubernetes(registry) || registry === kubernetesRegistry(cluster);
}
