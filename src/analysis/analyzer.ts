/**
 * What an analyzer is: one question about one row, answered through a Reader like any query, so that its answer is looked
 * at again exactly when something it has read changes.
 */

import type { QueryOptions, Reader } from '../incremental/query.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Code } from '../model/codes.ts';
import type { Origin } from '../model/origin.ts';
import type { Severity } from '../model/problem.ts';
import type { Knowledge } from './knowledge.ts';

/** Something about an object that only the mesh shows. */
export interface Diagnosis {
  readonly code: Code;
  readonly severity: Severity;
  /** The field, such as `spec.http[0].route[1]`; empty for the object as a whole. */
  readonly path: string;
  /** What was expected and what was found; starts in lower case and ends without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly related?: readonly RelatedOrigin[];
}

/** Another object that has to do with it: the end of a sentence that begins with the object. */
export interface RelatedOrigin {
  readonly origin: Origin;
  readonly path?: string;
  readonly reason: string;
}

export interface Analyzer<Row> {
  /** As its query is called. */
  readonly name: string;
  readonly reads: QueryOptions<string, readonly Diagnosis[]>['reads'];
  readonly analyze: (read: Reader, row: Row) => readonly Diagnosis[];
}

/** What analyzers look at: the mesh, and what follows from it for all of them. */
export interface AnalyzedMesh extends Mesh {
  readonly knowledge: Knowledge;
}
