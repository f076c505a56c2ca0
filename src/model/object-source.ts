import type { ObjectChange } from './kubernetes-object.ts';
import type { Sink, Source } from './source.ts';

/** Takes what a source of Kubernetes objects finds; a change without an object means that its absence is confirmed. */
export type ObjectSink = Sink<ObjectChange>;

/** Kubernetes objects that can be listed and then watched: a set of files, a resource of an API server. */
export type ObjectSource = Source<ObjectChange>;
