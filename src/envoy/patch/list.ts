import type { PatchOperation } from '../../ir/patch.ts';

/**
 * A list after an operation that adds to it, inserts, replaces or removes; undefined when the operation changes nothing.
 * What is inserted stands beside the first item that is meant, and at the end of the list when no item is spoken of.
 */
export function patchList<T>(
  list: readonly T[],
  operation: PatchOperation,
  make: () => T,
  isMeant: ((item: T) => boolean) | undefined,
): T[] | undefined {
  const at = isMeant === undefined ? -1 : list.findIndex(isMeant);
  switch (operation) {
    case 'ADD':
      return [...list, make()];
    case 'INSERT_FIRST':
      return [make(), ...list];
    case 'INSERT_BEFORE':
      if (isMeant === undefined) return [make(), ...list];
      return at < 0 ? undefined : list.toSpliced(at, 0, make());
    case 'INSERT_AFTER':
      if (isMeant === undefined) return [...list, make()];
      return at < 0 ? undefined : list.toSpliced(at + 1, 0, make());
    case 'REPLACE':
      return at < 0 ? undefined : list.toSpliced(at, 1, make());
    case 'REMOVE':
      return isMeant === undefined || at < 0 ? undefined : list.filter((item) => !isMeant(item));
    case 'MERGE':
    case 'MERGE_AND_REPLACE_LIST':
      return undefined;
  }
}
