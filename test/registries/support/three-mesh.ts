/**
 * One mesh of files, a real Kubernetes and a real Consul, which `fairway serve --state-dir` reads, and an Envoy before all of it.
 *
 *      files, API server, Consul ─► fairway serve ─► xDS ─► Envoy ◄─ calls of the client
 *
 * It lives in a network namespace, where Fairway's own ports are free.
 */
import { spawn } from 'node:child_process';
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { must } from '../../../src/lib/assert.ts';
import { findConsul } from '../../../src/up/consul-program.ts';
import { type Consul, startConsul } from '../../consul/support/consul.ts';
import { startHttpApplication } from '../../envoy/support/application.ts';
import { untilReady } from '../../envoy/support/envoy.ts';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { startProxy, type TestProxy } from '../../envoy/support/test-proxy.ts';
import { type Cluster, startCluster } from '../../kubernetes/support/cluster.ts';
import { installDefinitions } from '../../kubernetes/support/definitions.ts';
import { type Kubelet, startKubelet } from '../../kubernetes/support/kubelet.ts';
import { fairwayProgram } from '../../support/run-fairway.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { type Fairway, follow } from '../../up/support/fairway.ts';

/** What /debug/registryz says of a service. */
export interface Registered {
  readonly hostname: string;
  readonly registry: string;
  readonly freshness: { readonly state: string; readonly reason?: string };
}

export interface ThreeMesh {
  readonly cluster: Cluster;
  readonly kubelet: Kubelet;
  readonly consul: Consul;
  readonly proxy: TestProxy;
  /** Starts an application at port 8080. */
  start(name: string, address: string): Promise<void>;
  writeFile(name: string, text: string): void;
  moveFilesAway(): void;
  bringFilesBack(): void;
  /** What is kept of a source by now. */
  kept(source: string): string;
  /** Starts Fairway, which reads all three, at the same ports each time. */
  serve(): Promise<void>;
  kill(): Promise<void>;
  ready(): Promise<string>;
  registryz(): Promise<readonly Registered[]>;
  stop(): Promise<void>;
}

const pages = 'http://127.0.0.1:15014';

export async function startThreeMesh(): Promise<ThreeMesh> {
  const cleanups: (() => unknown)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  const ending = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
  try {
    return { ...(await assemble(ending)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(test: { after(cleanup: () => unknown): void }): Promise<Omit<ThreeMesh, 'stop'>> {
  const folder = tempFolder(test);
  folder.makeFolder('mesh');
  const block = await takeTestBlock();
  test.after(() => block.release());
  const cluster = await startCluster({ controllers: true });
  test.after(() => cluster.stop());
  const consul = await startConsul({ program: must(findConsul(), 'a Consul').path, block });
  test.after(() => consul.close());
  await installDefinitions(cluster);
  const kubelet = await startKubelet(cluster, (n) => `10.200.0.${n}`);
  test.after(() => kubelet.stop());
  const place = { program: must(findEnvoy(), 'an Envoy').path, folder: folder.path, block };
  const proxy = startProxy({ name: 'client', namespace: 'shop', labels: { app: 'client' } }, 1, {
    ...place,
    xds: { host: '127.0.0.1', port: 15010 },
  });
  test.after(() => proxy.envoy.stop());
  const args = [
    ...['serve', '--no-status', '--kubeconfig', cluster.kubeconfigPath, '--config', 'mesh', '--state-dir', 'state'],
    ...['--consul', `${consul.url}?dc=dc1&alias={name}.shop.svc.cluster.local`],
  ];
  let fairway: Fairway | undefined;
  return {
    ...{ cluster, kubelet, consul, proxy },
    async start(name, address) {
      const application = await startHttpApplication({ name, address, port: 8080 });
      test.after(() => application.close());
    },
    writeFile: (name, text) => folder.replace(name, text),
    moveFilesAway: () => folder.rename('mesh', 'away'),
    bringFilesBack: () => folder.rename('away', 'mesh'),
    kept: (source) => folder.read(`state/sources/${encodeURIComponent(source)}.jsonl`),
    async serve() {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, ...args], {
        cwd: folder.path,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      fairway = follow(test, child);
      await fairway.untilSays(/serving xDS on/, 30_000);
      await untilReady(proxy.envoy);
    },
    async kill() {
      fairway?.signal('SIGKILL');
      await fairway?.exit;
    },
    ready: async () => (await fetch(`${pages}/ready`)).text(),
    registryz: async () => (await fetch(`${pages}/debug/registryz`)).json() as Promise<readonly Registered[]>,
  };
}
