import { systemClock } from '../../../src/lib/clock.ts';
import { silent } from '../../../src/lib/log.ts';
import { type Credentials, fixedCredentials } from '../../../src/lib/server-access.ts';
import { watchedText } from '../../../src/lib/watched-text.ts';
import type { Catalog } from '../../../src/model/catalog.ts';
import { consulCatalogs } from '../../../src/registry/consul/consul-catalog.ts';

/** The datacenter that a Consul is of, as a catalog. */
export function consulCatalogAt(
  server: URL,
  { tokenFile, aliases = [] }: { readonly tokenFile?: string; readonly aliases?: readonly string[] } = {},
): Catalog {
  const [catalog] = consulCatalogs({
    access: {
      server,
      trust: { authorities: async () => undefined, isUnverified: false },
      credentials: tokenFile === undefined ? fixedCredentials({}) : tokenIn(tokenFile),
    },
    ...{ datacenters: ['dc1'], namespace: 'default', domain: 'consul', aliases, address: 'lan', connections: 96 },
    ...{ userAgent: 'fairway/test', log: silent },
  });
  if (catalog === undefined) throw new Error('expected a catalog, found none');
  return catalog;
}

function tokenIn(path: string): Credentials {
  const text = watchedText(path, systemClock);
  return { current: async () => ({ token: await text.read() }), refused: () => text.forget() };
}
