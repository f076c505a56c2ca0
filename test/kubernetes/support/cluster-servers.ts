/** The three servers of a cluster: how each is started, and why so. */
import { join } from 'node:path';
import type { ServerOptions } from '../../support/server.ts';
import type { KubernetesPrograms } from './suite.ts';

/** Where a cluster lives. */
export interface Place {
  readonly programs: KubernetesPrograms;
  readonly folder: string;
  /** A loopback address that nobody else uses, so that ports can be fixed. */
  readonly ip: string;
}

export function etcd({ programs, folder, ip }: Place): ServerOptions {
  const clients = `http://${ip}:2379`;
  const peers = `http://${ip}:2380`;
  return serverOf('etcd', programs.etcd, folder, {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `default=${peers}`,
    // The data need to survive a crash of the apiserver, not one of the machine.
    'unsafe-no-fsync': 'true',
  });
}

export function apiserver({ programs, folder, ip }: Place): ServerOptions {
  return serverOf('kube-apiserver', programs.apiserver, folder, {
    'etcd-servers': `http://${ip}:2379`,
    'bind-address': ip,
    'advertise-address': ip,
    'secure-port': '6443',
    'tls-cert-file': join(folder, 'apiserver.crt'),
    'tls-private-key-file': join(folder, 'apiserver.key'),
    'token-auth-file': join(folder, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-signing-key-file': join(folder, 'accounts.key'),
    'service-account-key-file': join(folder, 'accounts.pub'),
    // Both families, so that Services may be dual-stack.
    'service-cluster-ip-range': '10.96.0.0/16,fd00:10:96::/112',
    // A Pod can be made at once in a new Namespace, before (or without) a controller that makes its ServiceAccount.
    'disable-admission-plugins': 'ServiceAccount',
    'allow-privileged': 'true',
    // Otherwise an orderly end waits a minute for whoever watches.
    'shutdown-watch-termination-grace-period': '1s',
    // The addresses of the Service `kubernetes` may not be loopback ones, and nobody calls it.
    'endpoint-reconciler-type': 'none',
    // Tests write thousands of objects as fast as they can.
    'max-requests-inflight': '2000',
    'max-mutating-requests-inflight': '2000',
  });
}

/** What tests rely on; any other controller would only take time and memory. */
const controllersThatRun: readonly string[] = [
  // EndpointSlices of Services with a selector, Endpoints beside them as in every cluster, and slices for Endpoints that a user made.
  'endpointslice-controller',
  'endpoints-controller',
  'endpointslice-mirroring-controller',
  // What a deleted Namespace held goes, and what a deleted owner had (a Service its slices, a ReplicaSet its Pods).
  'namespace-controller',
  'garbage-collector-controller',
  // Pods by number, and rolling restarts.
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  // The roles that people bind: view, edit and admin are gathered from others.
  'clusterrole-aggregation-controller',
  // Accounts, their tokens in Secrets (kubeconfigs for other clusters), and the certificate that goes with them.
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
];

export function controllerManager({ programs, folder }: Place): ServerOptions {
  return serverOf('kube-controller-manager', programs.controllerManager, folder, {
    kubeconfig: join(folder, 'kubeconfig'),
    controllers: controllersThatRun.join(','),
    'service-account-private-key-file': join(folder, 'accounts.key'),
    'root-ca-file': join(folder, 'ca.crt'),
    // There is but one, and it need not be reached.
    'leader-elect': 'false',
    'secure-port': '0',
    // Controllers are to keep up with tests that change hundreds of Pods a second.
    'kube-api-qps': '1000',
    'kube-api-burst': '2000',
    'concurrent-service-endpoint-syncs': '10',
  });
}

function serverOf(
  name: string,
  program: string,
  folder: string,
  flags: Readonly<Record<string, string>>,
): ServerOptions {
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  return { name, program, args, logFile: join(folder, `${name}.log`) };
}
