/** From a cell back to the rows it came from. */
import type { Cell, Source } from './cell.ts';
import type { Declared, Query } from './query.ts';

/** A row that a result depends on. */
export interface RowRead {
  readonly table: string;
  readonly key: string;
}

/**
 * The rows that a query's value depends on, directly or through other cells, each once, sorted by table and key. It
 * names rows that were looked at and made no difference too. Empty when nobody watches or reads that value.
 */
export function rowsBehind<K, V>(query: Query<K, V>, key: K): readonly RowRead[] {
  const declared = query as Declared<K, V>;
  const start = declared.cells.get(declared.idOf(key));
  if (start === undefined) return [];
  const rows = new Map<string, RowRead>();
  const seen = new Set<Source>();
  const pending: Cell[] = [start];
  for (let cell = pending.pop(); cell !== undefined; cell = pending.pop()) {
    for (const source of cell.reads) {
      if (seen.has(source)) continue;
      seen.add(source);
      const description = source.describe();
      if (description.kind === 'row') rows.set(`${description.table}\0${description.key}`, description);
      if (description.kind === 'cell') pending.push(source as Cell);
    }
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { table, key }]) => ({ table, key }));
}
