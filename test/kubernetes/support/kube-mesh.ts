/** A mesh whose objects are in a real cluster, with real Envoys. */
import { type ConfigClusterOptions, configCluster } from '../../../src/config-cluster.ts';
import { readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { silent } from '../../../src/lib/log.ts';
import { type LiveMesh, type LiveMeshOptions, startLiveMesh } from '../../envoy/support/live-mesh.ts';

export interface KubeMeshOptions extends Omit<LiveMeshOptions, 'server'> {
  readonly kubeconfig: string;
  readonly cluster?: Partial<ConfigClusterOptions>;
}

export async function startKubeMesh({ kubeconfig, cluster: options, ...mesh }: KubeMeshOptions): Promise<LiveMesh> {
  const cluster = configCluster({
    access: readKubeconfig(kubeconfig),
    id: 'Kubernetes',
    version: 'test',
    systemNamespace: 'istio-system',
    meshConfigMap: 'istio',
    log: silent,
    ...options,
  });
  const { sources, meshConfig, others: otherClusters } = cluster;
  const live = await startLiveMesh({ ...mesh, server: { sources, meshConfig, otherClusters } });
  return {
    ...live,
    async stop() {
      await live.stop();
      cluster.client.close();
    },
  };
}
