/** Suites that need real Kubernetes servers. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeWith } from '../../support/real-part.ts';

/** Paths of the programs that set-up builds. */
export interface KubernetesPrograms {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly kubectl: string;
  readonly helm: string;
}

const at = (name: string) => fileURLToPath(new URL(`../../../.tools/kubernetes/${name}`, import.meta.url));

/** The programs; undefined unless all are there. */
export function findKubernetes(): KubernetesPrograms | undefined {
  const programs: KubernetesPrograms = {
    etcd: at('etcd'),
    apiserver: at('kube-apiserver'),
    controllerManager: at('kube-controller-manager'),
    kubectl: at('kubectl'),
    helm: at('helm'),
  };
  return Object.values(programs).every((path: string) => existsSync(path)) ? programs : undefined;
}

const kubernetes = {
  name: 'Kubernetes servers',
  found: findKubernetes(),
  remedy: '`npm test -- test/kubernetes/cluster.test.ts` builds them where there is Go',
};

/** A suite with Kubernetes servers; where they are missing it is skipped, but on CI it fails. */
export function describeWithKubernetes(name: string, body: (programs: KubernetesPrograms) => void): void {
  describeWith(kubernetes, name, body);
}
