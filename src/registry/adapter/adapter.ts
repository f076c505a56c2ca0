/** What an adapter of somebody else is: a module with one function, which makes a catalog. */
import type { Log } from '../../lib/log.ts';
import type { Catalog } from '../../model/catalog.ts';

/** What the mesh tells an adapter. */
export interface CatalogContext {
  /** Lines go to Fairway's own log. Of what cannot be seen the sink's `freshness` tells, and Fairway logs it. */
  readonly log: Log;
  /** The DNS suffix of the mesh, such as `cluster.local`: for names like `reviews.shop.svc.cluster.local`. */
  readonly domainSuffix: string;
  /** Who asks, for the platform's logs: `fairway/0.1.0`. */
  readonly userAgent: string;
}

/**
 * Exported by an adapter's module under this name. `options` is what stands behind the module's name on the command line; may be
 * empty. Throws an Error whose message says what is wrong with them. Does no I/O: whatever takes time belongs to `run`.
 */
export type CreateCatalog = (options: string, context: CatalogContext) => Catalog;
