/**
 * A mesh whose objects are in a real cluster, with real Envoys.
 *
 *      kubectl ─► API server ─► list and watch ─► control plane ─► xDS ─► Envoys
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigClusterOptions, configCluster } from '../../../src/config-cluster.ts';
import { type DiscoveryServer, startDiscoveryServer } from '../../../src/discovery-server.ts';
import { readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { silent } from '../../../src/lib/log.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { answered } from '../../envoy/support/answered.ts';
import { call, landing, tally } from '../../envoy/support/call.ts';
import { untilReady } from '../../envoy/support/envoy.ts';
import { type ProxySpec, portsOf, proxyNamed, startProxy, type TestProxy } from '../../envoy/support/test-proxy.ts';
import { until } from '../../support/until.ts';

export interface KubeMesh {
  readonly server: DiscoveryServer;
  proxy(name: string): TestProxy;
  /** Waits until calls of a proxy's application land there and nowhere else: at applications, or with a status such as `502`. */
  untilLands(proxy: string, url: string, where: () => readonly string[]): Promise<void>;
  /** Resolves when every proxy has in force what the control plane means it to have; fails on a NACK. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface KubeMeshOptions {
  readonly kubeconfig: string;
  readonly envoy: string;
  readonly block: AddressBlock;
  readonly proxies: readonly ProxySpec[];
  readonly cluster?: Partial<ConfigClusterOptions>;
}

/** So many calls in a row tell where calls land. */
const manyCalls = 40;

export async function startKubeMesh(options: KubeMeshOptions): Promise<KubeMesh> {
  const { kubeconfig, envoy, block, proxies: specs } = options;
  const cluster = configCluster({
    access: readKubeconfig(kubeconfig),
    id: 'Kubernetes',
    version: 'test',
    systemNamespace: 'istio-system',
    meshConfigMap: 'istio',
    log: silent,
    ...options.cluster,
  });
  const server = await startDiscoveryServer({
    sources: cluster.sources,
    meshConfig: cluster.meshConfig,
    otherClusters: cluster.others,
    meshDefaults: portsOf(block),
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    version: 'test',
    log: silent,
  });
  const folder = mkdtempSync(join(tmpdir(), 'fairway-kube-mesh-'));
  const place = { program: envoy, folder, block, xds: server.xdsAddress };
  const proxies = new Map(specs.map((spec, i) => [spec.name, startProxy(spec, i + 1, place)]));
  const envoys = [...proxies.values()].map((proxy) => proxy.envoy);
  const stop = async () => {
    await Promise.all(envoys.map((one) => one.stop()));
    await server.close(0);
    cluster.client.close();
    rmSync(folder, { recursive: true });
  };
  const settle = async () => assert.deepEqual(await answered(server, envoys), [], 'expected no rejection');
  try {
    await Promise.all(envoys.map(untilReady));
    await settle();
  } catch (error) {
    await stop();
    throw error;
  }
  const proxyOf = (name: string) => proxyNamed(proxies, name);
  return {
    server,
    proxy: proxyOf,
    async untilLands(name, url, where) {
      const { httpProxy } = proxyOf(name);
      let seen: readonly string[] = [];
      const isThere = async () => {
        const calls = Array.from({ length: manyCalls }, () => call(httpProxy, { url }).then(landing, String));
        seen = [...tally(await Promise.all(calls)).keys()].sort();
        return seen.join() === [...where()].sort().join();
      };
      await until(isThere, { what: `calls of ${url} to land there alone`, mostMs: 20_000 }).catch((error) => {
        throw new Error(`${error.message}; expected ${where().join(', ')}, found ${seen.join(', ')}`, { cause: error });
      });
    },
    settle,
    stop,
  };
}
