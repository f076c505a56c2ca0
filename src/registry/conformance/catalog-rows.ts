import type { Catalog } from '../../model/catalog.ts';
import type { Source } from '../../model/source.ts';
import { checkedSink } from '../adapter/checked-sink.ts';
import { CatalogRegistry } from '../catalog/registry.ts';
import type { RegistryChange } from '../registry.ts';

/** A catalog as the source of the rows that come of it, without what Fairway does about its faults: `World.source`. */
export function catalogRows(catalog: Catalog): Source<RegistryChange> {
  const { name, kind } = catalog;
  return {
    name,
    run(sink, signal) {
      const registry = new CatalogRegistry(
        { name, kind, cluster: 'Kubernetes' },
        { apply: (rows) => sink.apply(rows), problems: (part, problems) => sink.problems(part, problems) },
      );
      return catalog.run(checkedSink(catalog, { ...sink, apply: (changes) => registry.apply(changes) }), signal);
    },
  };
}
