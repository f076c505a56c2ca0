/**
 * An object in Kubernetes' form, as files and API servers hold it: undecoded, but with its identity read. Adapters and
 * the configuration store decode what they know.
 */
import type { Labels } from './labels.ts';
import type { Origin } from './origin.ts';

export interface KubernetesObject {
  /** `networking.istio.io`; empty for the core group. */
  readonly group: string;
  /** `v1` */
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; 0 when the source does not know. */
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The whole object, with apiVersion, kind and metadata. */
  readonly value: { readonly [field: string]: unknown };
  readonly origin: Origin;
  /** The line of a field such as `spec.http[0]`, for objects from files. */
  readonly lineOf?: (path: string) => number | undefined;
}

/** `group/kind/namespace/name`: what a source changes. */
export function objectKey({
  group,
  kind,
  namespace,
  name,
}: Pick<KubernetesObject, 'group' | 'kind' | 'namespace' | 'name'>): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

/** An object that is new or different, or (without `object`) one that the source confirms as gone. */
export interface ObjectChange {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly object?: KubernetesObject;
}
