import type { ObjectChange } from './kubernetes-object.ts';
import type { Problem } from './problem.ts';

/** How far a source can be trusted right now. */
export type Freshness =
  /** What was reported is what the platform holds. */
  | { readonly state: 'live' }
  /** The platform cannot be seen; what was reported last stays in force. */
  | { readonly state: 'stale'; readonly sinceMs: number; readonly reason: string }
  /** The platform has nothing of this kind, and says so. */
  | { readonly state: 'absent'; readonly reason: string };

/** Takes what a source of Kubernetes objects finds. Calls of one source never overlap. */
export interface ObjectSink {
  /** New, different and gone objects; a change without an object means that the source confirms its absence. */
  apply(changes: readonly ObjectChange[]): void;
  /** The first full list has been applied. */
  synced(): void;
  /** All that is wrong with one part of the source (a file), replacing what was said of it before. */
  problems(part: string, problems: readonly Problem[]): void;
  freshness(freshness: Freshness): void;
}

/** Something that can be listed and then watched: a set of files, an API server. */
export interface ObjectSource {
  readonly name: string;
  /** Applies the first full list, calls `synced`, then applies changes until `signal` aborts. Survives faults by itself. */
  run(sink: ObjectSink, signal: AbortSignal): Promise<void>;
}
