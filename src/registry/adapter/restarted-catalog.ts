import type { Catalog, CatalogChange } from '../../model/catalog.ts';
import { type Identity, type RestartedOptions, restarted } from '../../source/restarted.ts';

const identity: Identity<CatalogChange> = {
  key: ({ name }) => name,
  isGone: ({ service }) => service === undefined,
  gone: ({ name }) => ({ name, service: undefined }),
};

/** A catalog that is run again when a run fails. */
export function restartedCatalog(
  catalog: Catalog,
  options: Omit<RestartedOptions<CatalogChange>, 'identity'>,
): Catalog {
  const { kind } = catalog;
  return {
    ...restarted(catalog, { ...options, identity }),
    kind,
    ...(catalog.reread === undefined ? {} : { reread: (name, signal) => rereadOf(catalog, name, signal) }),
  };
}

function rereadOf(catalog: Catalog, name: string, signal: AbortSignal): ReturnType<NonNullable<Catalog['reread']>> {
  return catalog.reread?.(name, signal) ?? Promise.resolve(undefined);
}
