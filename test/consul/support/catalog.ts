/** The catalog of a datacenter as `fairway serve --consul` makes it. */

import { describedCatalogs } from '../../../src/cli/catalogs.ts';
import { must } from '../../../src/lib/assert.ts';
import { silent } from '../../../src/lib/log.ts';
import type { Catalog } from '../../../src/model/catalog.ts';

/** `parameters`: as docs/serve.md has them, such as `token-file`. */
export function consulCatalogAt(server: URL, parameters: { readonly [name: string]: string } = {}): Catalog {
  const url = new URL(server);
  for (const [name, value] of Object.entries({ dc: 'dc1', ...parameters })) url.searchParams.set(name, value);
  const catalogs = describedCatalogs({ consul: [url.href], nomad: [] }, {}, silent);
  if (typeof catalogs === 'string') throw new Error(catalogs);
  return must(catalogs[0], 'a catalog');
}
