/**
 * A cluster as sources of objects: one for each resource, so that one which cannot be seen leaves the others as they are.
 *
 *      API server ─► services, endpointslices, pods, …, virtualservices, … ─► objects
 */
import type { Log } from '../lib/log.ts';
import type { ObjectSource } from '../model/object-source.ts';
import type { VisibilityLog } from '../source/visibility-log.ts';
import type { ApiClient } from './api-client.ts';
import { InstalledKinds } from './installed-kinds.ts';
import { resourceWatch, type WatchTimes } from './resource-watch.ts';
import { definitionResource } from './resources.ts';
import type { WatchedResource } from './watched-resource.ts';

export interface ClusterSourcesOptions {
  readonly client: ApiClient;
  /** What names of sources start with, such as `kubernetes`. */
  readonly name: string;
  readonly resources: readonly WatchedResource[];
  readonly log: Log;
  readonly visibility: VisibilityLog;
  readonly times?: Partial<WatchTimes>;
}

/** One source per resource; where a resource may be missing, one more that tells when it comes. */
export function clusterSources({ name, resources, ...common }: ClusterSourcesOptions): readonly ObjectSource[] {
  const installed = new InstalledKinds();
  const watch = (resource: WatchedResource) =>
    resourceWatch({ ...common, name: `${name}/${resource.name}`, resource, installed });
  const sources = resources.map(watch);
  if (resources.every(({ definition }) => definition === undefined)) return sources;
  const definitions = watch(definitionResource);
  const telling: ObjectSource = {
    name: definitions.name,
    run: (sink, signal) => definitions.run({ ...sink, apply: (changes) => installed.apply(changes) }, signal),
  };
  return [telling, ...sources];
}
