/** Which objects have pods in them, and which workload a pod is of. */
import { isRecord } from '../lib/schema.ts';
import type { Pod } from './pod.ts';

export interface Workload {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

const template = ['spec', 'template'] as const;

/** By kind: in which groups, and at which path the pod is. */
const kinds: { readonly [kind: string]: { readonly groups: readonly string[]; readonly path: readonly string[] } } = {
  Pod: { groups: [''], path: [] },
  ReplicationController: { groups: [''], path: template },
  Deployment: { groups: ['apps', 'extensions'], path: template },
  ReplicaSet: { groups: ['apps', 'extensions'], path: template },
  DaemonSet: { groups: ['apps', 'extensions'], path: template },
  StatefulSet: { groups: ['apps'], path: template },
  Job: { groups: ['batch'], path: template },
  CronJob: { groups: ['batch'], path: ['spec', 'jobTemplate', 'spec', 'template'] },
};

/** The path to the pod in an object; undefined for an object that has none. */
export function podPathIn(object: { readonly [field: string]: unknown }): readonly string[] | undefined {
  const { apiVersion, kind } = object;
  const found = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] ?? '') : '';
  return found?.groups.includes(group) ? found.path : undefined;
}

/** Whether an object of another kind looks as if it made pods, as an Argo Rollout does. */
export function hasPodsOfItsOwn(object: { readonly [field: string]: unknown }): boolean {
  return podPathIn(object) === undefined && Array.isArray(valueAt(object, [...template, 'spec', 'containers']));
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), value);
}

/** A copy of an object with another value at a path that is there. */
export function withValueAt(object: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const fields = isRecord(object) ? object : {};
  return { ...fields, [key]: withValueAt(fields[key], rest, value) };
}

/**
 * The workload that a pod belongs to, by the name that its controllers gave it: a ReplicaSet of a Deployment bears its
 * template's hash, a Job of a CronJob its time.
 */
export function workloadOf({ metadata = {} }: Pod): Workload {
  const { ownerReferences, labels, generateName, name } = metadata;
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind === undefined || owner.name === undefined)
    return { apiVersion: 'v1', kind: 'Pod', name: generateName?.replace(/-+$/, '') || name || '' };
  const { apiVersion = 'v1', kind } = owner;
  const hash = labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { apiVersion, kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  const [, cronJob] = /^(.+)-\d{8,10}$/.exec(owner.name) ?? [];
  if (kind === 'Job' && cronJob !== undefined) return { apiVersion, kind: 'CronJob', name: cronJob };
  return { apiVersion, kind, name: owner.name };
}

/** As Istio writes it into ISTIO_META_OWNER. */
export function ownerText({ apiVersion, kind, name }: Workload, namespace: string): string {
  return `kubernetes://apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}
