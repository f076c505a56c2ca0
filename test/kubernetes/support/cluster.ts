/**
 * A real Kubernetes control plane for tests: etcd, kube-apiserver and, if asked for, kube-controller-manager. There is no
 * kubelet and no scheduler: Pods are objects whose status a test patches.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeTestBlock } from '../../envoy/support/test-blocks.ts';
import { type Server, type ServerOptions, startServer } from '../../support/server.ts';
import { type Api, connectApi } from './api.ts';
import { type ClusterFiles, type User, writeClusterFiles } from './cluster-files.ts';
import { apiserver, controllerManager, etcd, type Place } from './cluster-servers.ts';
import { runKubectl } from './kubectl.ts';
import { findKubernetes } from './suite.ts';

export interface ClusterOptions {
  /** Whether controllers run, so that EndpointSlices follow Pods and deleted Namespaces vanish; false when absent. */
  readonly controllers?: boolean;
  /** Who may log in beside the admin. What they may do is up to RBAC objects that the test makes. */
  readonly users?: readonly User[];
}

/** How a server ends: in order, or as in a crash. */
type Ending = 'SIGTERM' | 'SIGKILL';

export interface Cluster extends ClusterFiles {
  /** Runs kubectl as the admin and yields its standard output; rejects with its standard error when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** One request as the admin; see `Api`. */
  readonly api: Api['request'];
  /** Process ids of what runs now, by the server's name. */
  pids(): Readonly<Record<string, number>>;
  /** Ends the apiserver alone, in order when nothing is said. */
  stopApiserver(ending?: Ending): Promise<void>;
  /** Starts it anew at the same address with the same state; resolves when it is ready. */
  startApiserver(): Promise<void>;
  restartApiserver(ending?: Ending): Promise<void>;
  /** Ends exactly what was started and removes its files. */
  stop(): Promise<void>;
}

/** How long each server may take to be up on a machine that does much else, in milliseconds. */
const startMs = 60_000;

/** Starts a cluster at an address of its own and resolves when it is ready. Rejects with the end of the log of the server that is not. */
export async function startCluster({ controllers = false, users = [] }: ClusterOptions = {}): Promise<Cluster> {
  const programs = findKubernetes();
  if (programs === undefined) throw new Error('expected Kubernetes servers, found none');
  const block = await takeTestBlock();
  const place: Place = { programs, folder: mkdtempSync(join(tmpdir(), 'fairway-cluster-')), ip: block.at(200, 1) };
  const files = writeClusterFiles(place, users);
  const api = connectApi({ ...files, token: files.adminToken });
  const running = new Map<string, Server>();

  const start = async (options: ServerOptions, isUp: () => Promise<boolean>) => {
    const server = startServer(options);
    running.set(options.name, server);
    await server.untilUp(isUp, startMs);
  };
  const startApiserver = () => start(apiserver(place), () => isReady(api));
  const stopApiserver = async (ending: Ending = 'SIGTERM') => {
    await running.get('kube-apiserver')?.stop(ending);
    running.delete('kube-apiserver');
    api.disconnect();
  };
  const stop = async () => {
    api.disconnect();
    await Promise.all([...running.values()].map((server) => server.stop('SIGKILL')));
    running.clear();
    rmSync(place.folder, { recursive: true, force: true });
    block.release();
  };

  try {
    await start(etcd(place), async () => (await fetch(`http://${place.ip}:2379/health`)).ok);
    await startApiserver();
    if (controllers) await start(controllerManager(place), () => hasControllers(api));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...files,
    kubectl: (args, input = '') =>
      runKubectl({ program: programs.kubectl, kubeconfig: files.kubeconfigPath, args, input }),
    api: api.request,
    pids: () => Object.fromEntries([...running].map(([name, { pid }]) => [name, pid])),
    stopApiserver,
    startApiserver,
    async restartApiserver(ending) {
      await stopApiserver(ending);
      await startApiserver();
    },
    stop,
  };
}

async function isReady(api: Api): Promise<boolean> {
  if ((await api.request('GET', '/readyz')) !== 'ok') return false;
  // The first start makes these after it has called itself ready.
  for (const name of ['default', 'kube-system']) await api.request('GET', `/api/v1/namespaces/${name}`);
  return true;
}

/** The account that a controller makes in every namespace tells that controllers are at work. */
async function hasControllers(api: Api): Promise<boolean> {
  await api.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return true;
}
