/** Objects as plain data, so that a counterexample can be read and shrunk; and the way from there to what a source delivers. */
import { type KubernetesObject, type ObjectChange, objectKey } from '../../src/model/kubernetes-object.ts';
import type { Labels } from '../../src/model/labels.ts';

/** An object of any kind. What its source adds (origin, lines) is made when it is delivered. */
export interface Draft {
  /** Which cluster holds it; the config cluster when left out. */
  readonly cluster?: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Small numbers: ages are compared and often equal. */
  readonly createdAt: number;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  /** Everything beside apiVersion, kind and metadata: `spec`, `endpoints`, … */
  readonly body: { readonly [field: string]: unknown };
  /** Where it stands in its file. Moving an object is a change that changes no byte. */
  readonly line: number;
}

export function draftKey(draft: Draft): string {
  return `${draft.cluster ?? ''}:${objectKey(draft)}`;
}

/** The object as the file source delivers it. */
export function toObject(draft: Draft, file = `${draft.namespace || 'cluster'}.yaml`): KubernetesObject {
  const { group, kind, namespace, name, createdAt, labels = {}, annotations = {}, body, line } = draft;
  return {
    group,
    version: 'v1',
    kind,
    namespace,
    name,
    createdAt,
    labels,
    annotations,
    value: {
      apiVersion: group === '' ? 'v1' : `${group}/v1`,
      kind,
      metadata: { name, namespace, labels, annotations },
      ...body,
    },
    origin: { kind, namespace, name, file, line },
  };
}

export function toChange(draft: Draft, file?: string): ObjectChange {
  const { group, kind, namespace, name } = draft;
  return { group, kind, namespace, name, object: toObject(draft, file) };
}

export function toRemoval({ group, kind, namespace, name }: Draft): ObjectChange {
  return { group, kind, namespace, name };
}
