/** From an object as an API server sends it to the neutral form, without what nobody here reads. */
import { describe, isRecord } from '../lib/schema.ts';
import { textsIn } from '../lib/texts.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Origin } from '../model/origin.ts';

export interface ObjectType {
  /** `discovery.k8s.io`; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly trim?: Trim;
}

/** An object with what the server counts it by. */
export interface ServedObject {
  readonly object: KubernetesObject;
  readonly resourceVersion: string;
  readonly uid: string;
}

/** Keeps of an object what is read later: a Pod is mostly what its node wants to know. */
export type Trim = (value: JsonObject) => JsonObject;

export interface JsonObject {
  readonly [field: string]: unknown;
}

/** What kubectl notes for itself: a whole second copy of the object. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Yields the object, or what is wrong with it in one sentence. */
export function readObject(value: unknown, { group, kind, trim }: ObjectType): ServedObject | string {
  if (!isRecord(value)) return `expected an object, found ${describe(value)}`;
  const whole = trim === undefined ? value : trim(value);
  const { metadata } = whole;
  if (!isRecord(metadata)) return `expected metadata, found ${describe(metadata)}`;
  const { name, namespace = '', uid = '', generation, resourceVersion } = metadata;
  if (typeof name !== 'string' || name === '') return `expected a name in metadata.name, found ${describe(name)}`;
  if (typeof namespace !== 'string') return `expected a text in metadata.namespace, found ${describe(namespace)}`;
  if (typeof resourceVersion !== 'string' || typeof uid !== 'string')
    return 'expected metadata with resourceVersion and uid, found none';
  const { managedFields: _, ...kept } = metadata;
  const { [lastApplied]: __, ...annotations } = textsIn(metadata.annotations);
  const apiVersion = typeof value.apiVersion === 'string' ? value.apiVersion : '';
  const origin: Origin = {
    kind,
    namespace,
    name,
    uid,
    ...(typeof generation === 'number' ? { generation } : {}),
  };
  const object: KubernetesObject = {
    group,
    version: apiVersion.slice(apiVersion.indexOf('/') + 1),
    kind,
    namespace,
    name,
    createdAt: typeof metadata.creationTimestamp === 'string' ? Date.parse(metadata.creationTimestamp) || 0 : 0,
    labels: textsIn(metadata.labels),
    annotations,
    value: { ...whole, metadata: { ...kept, annotations } },
    origin,
  };
  return { object, resourceVersion, uid };
}
