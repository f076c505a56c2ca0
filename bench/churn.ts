/**
 * `npm run bench -- churn`: how soon real Envoys lose Pods that are gone, while Pods come and go and watches break. The apiserver,
 * its controllers, two Envoys and `fairway serve` share the machine. At rest Envoys must have what the apiserver lists.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy } from '../src/agent/envoy-program.ts';
import { churn, percentile, untilEqual } from '../test/kubernetes/support/churn.ts';
import { type ChurnReader, startChurnWorld } from '../test/kubernetes/support/churn-world.ts';
import type { Cluster } from '../test/kubernetes/support/cluster.ts';
import type { FaultProxy } from '../test/kubernetes/support/fault-proxy.ts';
import { randomOf } from '../test/kubernetes/support/random.ts';
import { numbersOf } from './options.ts';
import { usageOf } from './process-usage.ts';
import { startServer } from './server.ts';

/** `fairway serve` with a kubeconfig that leads through the proxy. */
async function startReader(cluster: Cluster, proxy: FaultProxy): Promise<ChurnReader & { readonly pid: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-churn-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfigOf(cluster.adminToken).replaceAll(cluster.url, proxy.url.origin));
  const server = await startServer(['--kubeconfig', kubeconfig]);
  const [host = '', port] = server.address.split(':');
  return {
    pid: server.pid,
    xdsAddress: { host, port: Number(port) },
    async stop() {
      const gone = once(server.process, 'exit');
      server.process.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

async function main(): Promise<void> {
  const { seconds, rate, seed } = numbersOf('churn', { seconds: 180, rate: 50, seed: 1 });
  const envoy = findEnvoy();
  if (envoy === undefined) throw new Error('expected an Envoy, found none: set ENVOY or run `npm run setup`');
  console.log(`${rate} Pods made or deleted a second for ${seconds} s, 10 Services, 2 Envoys`);
  console.log(`Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})\n`);
  let pid = 0;
  const world = await startChurnWorld(envoy.path, async (cluster, proxy) => {
    const reader = await startReader(cluster, proxy);
    pid = reader.pid;
    return reader;
  });
  try {
    await untilEqual(world.cluster, world.envoys);
    const before = usageOf(pid);
    const figures = await churn({ ...world, seconds, changesPerSecond: rate, random: randomOf(seed) }, world.pods);
    const after = usageOf(pid);
    await untilEqual(world.cluster, world.envoys);
    const { added, removed, brokenWatches } = figures;
    console.log(
      `${added} added, ${removed} removed, ${brokenWatches} watches broken; at rest Envoys have what the apiserver lists`,
    );
    for (const [what, times] of [
      ['EndpointSlice told until Envoy lacks it', figures.sinceTold],
      ['Pod deleted until Envoy lacks it', figures.sinceDeleted],
    ] as const) {
      const [half, most, max] = [0.5, 0.99, 1].map((share) => Math.round(percentile(times, share)));
      console.log(`${what}: median ${half} ms, p99 ${most} ms, longest ${max} ms`);
    }
    const share = ((after.cpuMs - before.cpuMs) / (seconds * 1000)) * 100;
    console.log(`fairway serve: ${share.toFixed(1)} % of a core, ${Math.round(after.residentMb)} MB resident`);
  } finally {
    await world.stop();
  }
}

await main();
