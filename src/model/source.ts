import type { Problem } from './problem.ts';

/** How far a source can be trusted right now. */
export type Freshness =
  /** What was reported is what the platform holds. */
  | { readonly state: 'live' }
  /** The platform cannot be seen; what was reported last stays in force. */
  | { readonly state: 'stale'; readonly sinceMs: number; readonly reason: string }
  /** The platform has nothing of this kind, and says so. */
  | { readonly state: 'absent'; readonly reason: string };

/** Takes what a source finds. Calls of one source never overlap. */
export interface Sink<Change> {
  /** What is new, different and gone. A change that says that something is gone means that the platform confirms it. */
  apply(changes: readonly Change[]): void;
  /** The first full list has been applied. */
  synced(): void;
  /** All that is wrong with one part of the source (a file, an object), replacing what was said of it before. */
  problems(part: string, problems: readonly Problem[]): void;
  freshness(freshness: Freshness): void;
}

/** Something that can be listed and then watched: a set of files, an API server, a catalog of services. */
export interface Source<Change> {
  /** `consul/dc1`: unique in a mesh, for logs, metrics and pages. */
  readonly name: string;
  /** Applies the first full list, calls `synced`, then applies changes until `signal` aborts. Survives faults by itself. */
  run(sink: Sink<Change>, signal: AbortSignal): Promise<void>;
}
