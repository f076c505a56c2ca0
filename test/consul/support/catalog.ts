/** Catalogs of datacenters as `fairway serve --consul` makes them. */
import { describedCatalogs } from '../../../src/cli/catalogs.ts';
import { must } from '../../../src/lib/assert.ts';
import { silent } from '../../../src/lib/log.ts';
import type { Catalog } from '../../../src/model/catalog.ts';

/** Other parameters as docs/consul.md has them, such as `token-file`. */
export type Parameters = { readonly [name: string]: string };

/** One for each datacenter, in their order. */
export async function consulCatalogsAt(
  server: URL,
  datacenters: readonly string[],
  parameters: Parameters = {},
): Promise<readonly Catalog[]> {
  const url = new URL(server);
  for (const dc of datacenters) url.searchParams.append('dc', dc);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const catalogs = await describedCatalogs(
    { consul: [url.href], nomad: [], registry: [] },
    { environment: {}, log: silent, domainSuffix: 'cluster.local', folder: '.' },
  );
  if (typeof catalogs === 'string') throw new Error(catalogs);
  return catalogs;
}

/** That of `dc1`. */
export async function consulCatalogAt(server: URL, parameters?: Parameters): Promise<Catalog> {
  const [catalog] = await consulCatalogsAt(server, ['dc1'], parameters);
  return must(catalog, 'a catalog');
}
