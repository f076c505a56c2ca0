/**
 * What a registry is: an adapter that turns what one platform reports into rows of the neutral model. It only emits rows;
 * nobody asks it anything.
 */
import type { EndpointShard } from '../model/endpoint.ts';
import type { Namespace } from '../model/namespace.ts';
import type { Problem } from '../model/problem.ts';
import type { Secret } from '../model/secret.ts';
import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';

/** A row that is new or different, or (undefined) gone. Keys are those of the model's key functions. */
export type RegistryChange =
  | { readonly table: 'service'; readonly key: string; readonly row: Service | undefined }
  | { readonly table: 'endpointShard'; readonly key: string; readonly row: EndpointShard | undefined }
  | { readonly table: 'workload'; readonly key: string; readonly row: Workload | undefined }
  /** Virtual addresses that were made up for a host; by `namespace/host`. */
  | { readonly table: 'autoAddress'; readonly key: string; readonly row: readonly string[] | undefined }
  | { readonly table: 'namespace'; readonly key: string; readonly row: Namespace | undefined }
  | { readonly table: 'secret'; readonly key: string; readonly row: Secret | undefined };

export interface RegistrySink {
  apply(changes: readonly RegistryChange[]): void;
  /** All that is wrong with one object of the platform, replacing what was said of it before. */
  problems(object: string, problems: readonly Problem[]): void;
}
