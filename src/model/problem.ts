import { compareTexts } from '../lib/compare.ts';
import type { Code } from './codes.ts';
import { describeOrigin, type Origin } from './origin.ts';

/**
 * Of an object by itself, `error` means that it is refused and its last good version stays in force; of the mesh, that
 * requests fail. `warning`: it is used, but something of it has no effect or another one than it seems. `info`: good to know.
 */
export type Severity = 'error' | 'warning' | 'info';

export const severities: readonly Severity[] = ['error', 'warning', 'info'];

type ObjectName = Pick<Origin, 'kind' | 'namespace' | 'name' | 'cluster'>;

/** Something wrong with what a user wrote: data, never thrown. */
export interface Problem {
  readonly code: Code;
  readonly severity: Severity;
  /** What was expected and what was found; starts in lower case and ends without a full stop. */
  readonly message: string;
  /** The field, such as `spec.http[0].route[1].weight`; empty for the object or file as a whole. */
  readonly path: string;
  /** The object it is about, when that much could be read. */
  readonly object?: ObjectName;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** Other objects that it comes from: the one that wins, that hides something, that lacks what is asked for. */
  readonly related?: readonly RelatedObject[];
  /** What to do about it; starts in lower case and ends without a full stop. */
  readonly hint?: string;
}

export interface RelatedObject {
  readonly object: ObjectName;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** What it has to do with the problem, as the end of a sentence that begins with the object. */
  readonly reason: string;
}

/** Where a problem of an object stands, with the line that is known of it. */
export function placeOf(
  { kind, namespace, name, cluster, file }: Origin,
  line: number | undefined,
): Required<Pick<Problem, 'object'>> & Pick<Problem, 'file' | 'line'> {
  return {
    object: { kind, namespace, name, ...(cluster === undefined ? {} : { cluster }) },
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** One line for people: `shop.yaml:12: VirtualService shop/reviews: spec.hosts: expected … [FW0101]`. */
export function formatProblem({ code, message, path, object, file, line }: Problem): string {
  const parts = formatPlace(file, line);
  if (object !== undefined) parts.push(describeOrigin(object));
  if (path !== '') parts.push(path);
  return `${[...parts, message].join(': ')} [${code}]`;
}

/** `shop.yaml:3: VirtualService shop/reviews-old is older and has the host` */
export function formatRelated({ object, file, line, reason }: RelatedObject): string {
  return [...formatPlace(file, line), `${describeOrigin(object)} ${reason}`].join(': ');
}

function formatPlace(file: string | undefined, line: number | undefined): string[] {
  return file === undefined ? [] : [line === undefined ? file : `${file}:${line}`];
}

/** The order in which people read them: by file and line, then by object, field and code. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareTexts(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareTexts(objectText(a), objectText(b)) ||
    compareTexts(inOrder(a.path), inOrder(b.path)) ||
    compareTexts(a.code, b.code) ||
    compareTexts(a.message, b.message)
  );
}

/** A path by which the tenth item comes after the ninth. */
function inOrder(path: string): string {
  return path.replace(/\d+/g, (digits) => digits.padStart(10, '0'));
}

function objectText({ object }: Problem): string {
  return object === undefined ? '' : describeOrigin(object);
}
