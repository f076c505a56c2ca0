/** The Helm chart, installed in a real cluster of its own. */
import { readFileSync } from 'node:fs';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';
import { type ChartValues, chartFolder, release, runHelm, valueArguments } from './chart.ts';
import { type Cluster, startCluster } from './cluster.ts';

export interface InstalledChart {
  readonly cluster: Cluster;
  /** For files of the test. */
  readonly folder: TempFolder;
  /** What Helm said at the end of the installation. */
  readonly notes: string;
  upgrade(values: ChartValues): void;
  uninstall(): void;
  /** Ends the cluster and removes all files. */
  stop(): Promise<void>;
}

/** A kind that the cluster had before, from somebody else. */
export const foreignDefinition = 'sidecars.networking.istio.io';

/** Starts a cluster without controllers and installs the chart with its own values. */
export async function installChart(helm: string): Promise<InstalledChart> {
  const cleanups: (() => void)[] = [];
  const folder = tempFolder({ after: (cleanup) => cleanups.push(cleanup) });
  const cluster = await startCluster();
  const { name, namespace } = release;

  /** What Helm remembers stays in the folder. */
  function run(...args: readonly string[]): string {
    const home = { HELM_CACHE_HOME: folder.path, HELM_CONFIG_HOME: folder.path, HELM_DATA_HOME: folder.path };
    return runHelm(helm, [...args, '--namespace', namespace, '--kubeconfig', cluster.kubeconfigPath], home);
  }
  async function stop(): Promise<void> {
    await cluster.stop();
    for (const cleanup of cleanups) cleanup();
  }

  try {
    const definition = readFileSync(`${chartFolder}/crds/${foreignDefinition}.yaml`, 'utf8');
    await cluster.kubectl(['create', '-f', '-'], definition.replace('name: fairway', 'name: istio'));
    return {
      cluster,
      folder,
      notes: run('install', name, chartFolder, '--create-namespace'),
      upgrade: (values) => run('upgrade', name, chartFolder, ...valueArguments(values)),
      uninstall: () => run('uninstall', name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
