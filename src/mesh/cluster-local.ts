/** Hosts that are another service in each cluster: a client gets the endpoints of its own cluster alone. */
import type { MeshConfig } from '../config/mesh-config.ts';
import { compareSpecificity, covers, type Hostname, namespaceInName } from '../model/hostname.ts';

type ServiceSettings = NonNullable<MeshConfig['serviceSettings']>;

/** What MeshConfig's serviceSettings say of hosts, the most specific first. */
export interface LocalHost {
  readonly host: Hostname;
  readonly isLocal: boolean;
}

export function localHosts(settings: ServiceSettings = []): readonly LocalHost[] {
  return settings
    .flatMap(({ settings: { clusterLocal: isLocal } = {}, hosts = [] }) =>
      isLocal === undefined ? [] : hosts.map((host) => ({ host: host.toLowerCase(), isLocal })),
    )
    .sort((a, b) => compareSpecificity(a.host, b.host));
}

/** Whether a host stays in each cluster: by what is said of it, and without that when it is a part of the cluster itself. */
export function isClusterLocal(host: Hostname, stated: readonly LocalHost[]): boolean {
  return stated.find((one) => covers(one.host, host))?.isLocal ?? isPartOfCluster(host);
}

/** The API server, what Kubernetes itself runs, and the control plane of the mesh. */
function isPartOfCluster(host: Hostname): boolean {
  return (
    namespaceInName(host) === 'kube-system' ||
    host.startsWith('kubernetes.default.svc.') ||
    host.startsWith('istiod.istio-system.svc.')
  );
}
