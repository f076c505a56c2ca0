/** What a churn run needs: a cluster with controllers, a proxy before it, and Envoys of whatever control plane reads there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Envoy, untilReady } from '../../envoy/support/envoy.ts';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { startProxy } from '../../envoy/support/test-proxy.ts';
import { type Pods, populate } from './churn.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

export interface ChurnWorld {
  readonly cluster: Cluster;
  readonly proxy: FaultProxy;
  readonly pods: Pods;
  readonly envoys: readonly Envoy[];
  stop(): Promise<void>;
}

/** A control plane that reads through the proxy. */
export interface ChurnReader {
  readonly xdsAddress: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

/** `startReader` starts the control plane. */
export async function startChurnWorld(
  program: string,
  startReader: (cluster: Cluster, proxy: FaultProxy) => Promise<ChurnReader>,
): Promise<ChurnWorld> {
  // What has been started, to be stopped the other way round.
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const block = await takeTestBlock();
    stops.push(() => block.release());
    const cluster = await startCluster({ controllers: true });
    stops.push(cluster.stop);
    const pods = await populate(cluster);
    const proxy = await startFaultProxy(cluster);
    stops.push(proxy.close);
    const reader = await startReader(cluster, proxy);
    stops.push(reader.stop);
    const folder = mkdtempSync(join(tmpdir(), 'fairway-churn-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const place = { program, folder, block, xds: reader.xdsAddress };
    const envoys = (['delta', 'sotw'] as const).map((dialect, i) => {
      const spec = { name: `client-${dialect}`, namespace: 'shop', labels: { app: 'client' }, dialect };
      const { envoy } = startProxy(spec, i + 1, place);
      stops.push(envoy.stop);
      return envoy;
    });
    await Promise.all(envoys.map(untilReady));
    return { cluster, proxy, pods, envoys, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
