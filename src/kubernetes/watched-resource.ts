import type { ObjectType } from './read-object.ts';

/** A resource of an API server that is listed and watched. */
export interface WatchedResource extends ObjectType {
  /** As people call it: `endpointslices.discovery.k8s.io`. */
  readonly name: string;
  /** Where it is listed, by the versions that will do: the first one that the server has is used. */
  readonly paths: readonly string[];
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Only metadata are asked for. */
  readonly isMetadataOnly?: boolean;
  /** The name of its CustomResourceDefinition, without which it is no kind. */
  readonly definition?: string;
  /** Nobody is kept waiting because this may not be listed. */
  readonly isOptional?: boolean;
}
