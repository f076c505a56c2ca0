import type { Code } from './codes.ts';
import type { Origin } from './origin.ts';

/** `error`: the object is refused and its last good version stays in force; `warning`: it is used, with this in mind. */
export type Severity = 'error' | 'warning';

/** Something wrong with what a user wrote: data, never thrown. */
export interface Problem {
  readonly code: Code;
  readonly severity: Severity;
  /** What was expected and what was found; starts in lower case and ends without a full stop. */
  readonly message: string;
  /** The field, such as `spec.http[0].route[1].weight`; empty for the object or file as a whole. */
  readonly path: string;
  /** The object it is about, when that much could be read. */
  readonly object?: Pick<Origin, 'kind' | 'namespace' | 'name'>;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
}

/** One line for people: `shop.yaml:12: VirtualService shop/reviews: spec.hosts: expected … [FW0101]`. */
export function formatProblem({ code, message, path, object, file, line }: Problem): string {
  const parts: string[] = [];
  if (file !== undefined) parts.push(line === undefined ? file : `${file}:${line}`);
  if (object !== undefined) {
    const { kind, namespace, name } = object;
    parts.push(`${kind} ${namespace === '' ? name : `${namespace}/${name}`}`);
  }
  if (path !== '') parts.push(path);
  return `${[...parts, message].join(': ')} [${code}]`;
}
