import { runFairway } from '../../support/run-fairway.ts';
import type { Cluster } from './cluster.ts';

/** Installs Istio's kinds as `fairway crds` prints them, and waits until the server takes objects of them. */
export async function installDefinitions({ kubectl }: Cluster): Promise<void> {
  const { stdout } = await runFairway('.', ['crds']);
  await kubectl(['apply', '--server-side', '-f', '-'], stdout);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
}
