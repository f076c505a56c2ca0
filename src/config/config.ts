import { compareTexts } from '../lib/compare.ts';
import type { Labels } from '../model/labels.ts';
import type { Origin } from '../model/origin.ts';

/** One object of Istio's API, decoded and free of errors. */
export interface Config<Spec> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; 0 when the source does not know. */
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: Spec;
  /** The spec as its author wrote it, for people; rules are made of `spec`. */
  readonly stated?: unknown;
  /** As a platform wrote it; undecoded. */
  readonly status?: unknown;
  readonly origin: Origin;
}

/** `namespace/name`, the key of a config's row. */
export function configKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** Istio's order of age, which decides most conflicts: older first, then by name, then by namespace. */
export function byAge(a: AgeAndName, b: AgeAndName): number {
  return a.createdAt - b.createdAt || compareTexts(a.name, b.name) || compareTexts(a.namespace, b.namespace);
}

interface AgeAndName {
  readonly createdAt: number;
  readonly name: string;
  readonly namespace: string;
}
