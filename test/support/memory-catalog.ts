import type { Catalog, CatalogChange } from '../../src/model/catalog.ts';
import type { Sink } from '../../src/model/source.ts';
import { serviceOf } from './guarded-catalog.ts';

/** A catalog whose services a test states: instances by letter. */
export interface MemoryCatalog extends Catalog {
  /** Reports services whole; undefined for one that is gone. */
  say(services: { readonly [name: string]: string | undefined }): void;
  /** The sink, for what else a catalog may say. Throws before the catalog runs. */
  readonly sink: Sink<CatalogChange>;
}

export function memoryCatalog(name = 'consul/dc1'): MemoryCatalog {
  let sink: Sink<CatalogChange> | undefined;
  const running = () => {
    if (sink === undefined) throw new Error(`expected catalog ${name} to run`);
    return sink;
  };
  return {
    name,
    kind: 'ConsulService',
    async run(given) {
      sink = given;
    },
    say: (services) =>
      running().apply(
        Object.entries(services).map(([of, letters]) => ({
          name: of,
          service: letters === undefined ? undefined : { ...serviceOf(letters), hostnames: [`${of}.service.consul`] },
        })),
      ),
    get sink() {
      return running();
    },
  };
}
