/** A replica of the control plane that reads a cluster, in this process. */
import { clusterStore } from '../../../src/auto-registration/cluster-store.ts';
import { clusterStatus } from '../../../src/cluster-status.ts';
import { configCluster } from '../../../src/config-cluster.ts';
import { type DiscoveryServer, startDiscoveryServer } from '../../../src/discovery-server.ts';
import { parseKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { formatAddress } from '../../../src/lib/address.ts';
import type { Log } from '../../../src/lib/log.ts';
import type { ServerAccess } from '../../../src/lib/server-access.ts';

export interface Replica extends DiscoveryServer {
  /** Lines of its log, each with its level first. */
  readonly log: readonly string[];
  /** What a page of it says. */
  page(path: string): Promise<string>;
  /** How many writes of statuses have ended so; all of them without a result. */
  writes(result?: string): Promise<number>;
}

/** Elections that are over within seconds, in milliseconds. */
export const quickElection = { leaseMs: 3000, renewMs: 2000, retryMs: 300 };

/** Replicas that miss each other within seconds, in milliseconds. */
const quickRegistration = { graceMs: 1000, times: { answerMs: 1500, everyMs: 1000 } };

/** Starts a replica that reads and writes as its kubeconfig lets it. */
export async function startReplica(kubeconfig: string): Promise<Replica> {
  const lines: string[] = [];
  const log = recordingLog(lines);
  const access: ServerAccess = parseKubeconfig(kubeconfig, 'test', {});
  const systemNamespace = 'istio-system';
  const cluster = configCluster({
    access,
    id: 'Kubernetes',
    version: 'test',
    systemNamespace,
    meshConfigMap: 'istio',
    log,
  });
  const status = clusterStatus({ client: cluster.client, systemNamespace, log, times: quickElection });
  const server = await startDiscoveryServer({
    sources: cluster.sources.map(status.tap),
    meshConfig: cluster.meshConfig,
    writer: status.writer,
    registration: { ...quickRegistration, store: clusterStore(cluster.client) },
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    version: 'test',
    log,
  });
  const page = async (path: string) => (await fetch(`http://${formatAddress(server.httpAddress)}${path}`)).text();
  return {
    ...server,
    log: lines,
    page,
    async writes(result = '[a-z]+') {
      const found = (await page('/metrics')).matchAll(
        new RegExp(`^fairway_status_writes_total\\{result="${result}"\\} (\\d+)$`, 'gm'),
      );
      return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    close: async (graceMs) => {
      await server.close(graceMs);
      cluster.client.close();
    },
  };
}

function recordingLog(lines: string[]): Log {
  const note = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
}
