/**
 * What writers of adapters import: `fairway/registry`. Whatever stands here is kept as docs/adr/0036 says; whatever does not may
 * change any day. docs/writing-a-registry.md explains it.
 */
// The one door to outsiders is this list; inside, everything is imported from where it is.
// biome-ignore-start lint/performance/noBarrelFile: a package has no other way to say what of it is public
export { type Backoff, type BackoffOptions, backoff } from '../lib/backoff.ts';
export { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
export { delay } from '../lib/delay.ts';
export type { Log, LogFields } from '../lib/log.ts';
export type { Catalog, CatalogChange, CatalogInstance, CatalogService } from '../model/catalog.ts';
export type { Health } from '../model/endpoint.ts';
export type { Hostname } from '../model/hostname.ts';
export type { Labels } from '../model/labels.ts';
export { type Locality, parseLocality } from '../model/locality.ts';
export type { Problem, Severity } from '../model/problem.ts';
export { type Protocol, parseProtocol } from '../model/protocol.ts';
export type { ServicePort } from '../model/service.ts';
export type { Freshness, Sink, Source } from '../model/source.ts';
export type { CatalogContext, CreateCatalog } from '../registry/adapter/adapter.ts';
export {
  type PolledCatalogOptions,
  polledCatalog,
  type ReadService,
  unreadable,
} from '../registry/adapter/polled-catalog.ts';
// biome-ignore-end lint/performance/noBarrelFile: see above
