/** The requests that list and watch a resource. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
import { type ApiRequest, metadataListOnly, metadataOnly } from './api-client.ts';
import type { WatchedResource } from './watched-resource.ts';

export interface PageRequest {
  /** How many objects the page may hold; all of them when undefined. */
  readonly limit: number | undefined;
  /** What the page before said; undefined for the first one. */
  readonly next: string | undefined;
}

export function listRequest(resource: WatchedResource, path: string, { limit, next }: PageRequest): ApiRequest {
  return {
    path,
    query: { ...selectorsOf(resource), limit, continue: next },
    ...(resource.isMetadataOnly === true ? { accept: metadataListOnly } : {}),
  };
}

export interface StreamRequest {
  /** Events after this version. */
  readonly from: string;
  /** After which the server ends the stream. */
  readonly timeoutSeconds: number;
}

export function watchRequest(
  resource: WatchedResource,
  path: string,
  { from, timeoutSeconds }: StreamRequest,
): ApiRequest {
  return {
    path,
    query: { watch: true, allowWatchBookmarks: true, resourceVersion: from, timeoutSeconds, ...selectorsOf(resource) },
    ...(resource.isMetadataOnly === true ? { accept: metadataOnly } : {}),
  };
}

function selectorsOf({ fieldSelector, labelSelector }: WatchedResource): NonNullable<ApiRequest['query']> {
  return { fieldSelector, labelSelector };
}
