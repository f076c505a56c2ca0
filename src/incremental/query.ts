/**
 * Queries and the Reader through which they see data.
 *
 * A query names what it may read when it is declared. Its rank is one more than the highest rank among these, so that a
 * commit can settle rank after rank and no cell runs twice.
 */
import { assert } from '../lib/assert.ts';
import { equal as sameContent } from '../lib/equal.ts';
import { Cell, CellFailure, type CellQuery, type Computation } from './cell.ts';
import { GroupedKeys, type Index, Rows, type Table } from './table.ts';

/** A declared computation. `K` is a string, or a value that the query's `keyOf` names. */
export interface Query<K, V> {
  readonly name: string;
  readonly rank: number;
  /** Never there; it carries the types. */
  readonly types?: (key: K) => V;
}

/** The only way a query sees data. */
export interface Reader {
  /** The row of that key, if there is one. */
  row<V>(table: Table<V>, key: string): V | undefined;
  /** The rows of those keys, in their order; keys without a row are passed over. */
  rows<V>(table: Table<V>, keys: readonly string[]): readonly V[];
  /** The keys of the rows in a group, sorted; depends on membership, not on the rows. */
  keys(index: Index, group: string): readonly string[];
  /** The keys of the groups that have members, sorted. */
  groups(index: Index): readonly string[];
  /** The value of another query. Throws CellFailure when that has never had one. */
  cell<K, V>(query: Query<K, V>, key: K): V;
  /** Like `cell`, but undefined when that query fails and has no earlier value: for lists that one bad item must not break. */
  cellUnlessFailed<K, V>(query: Query<K, V>, key: K): V | undefined;
}

export interface QueryOptions<K, V> {
  // biome-ignore lint/suspicious/noExplicitAny: what is read may have any type; only its rank matters here
  readonly reads: readonly (Table<any> | Index | Query<any, any>)[];
  readonly compute: (read: Reader, key: K) => V;
  /** A text that is equal for equal keys; needed unless keys are strings. */
  readonly keyOf?: (key: K) => string;
  /** When two results count as the same, so that readers are left alone. By content unless told otherwise. */
  readonly equal?: (a: V, b: V) => boolean;
}

/** What a query tells its graph. */
export interface QueryEvents {
  computing(query: string, key: string): void;
  failed(query: string, key: string, error: unknown): void;
  unused(cell: Cell): void;
}

/** A query with its cells. */
export class Declared<K, V> implements Query<K, V>, CellQuery {
  readonly name: string;
  readonly rank: number;
  readonly equal: (a: V, b: V) => boolean;
  readonly cells = new Map<string, Cell>();
  readonly #compute: (read: Reader, key: K) => V;
  readonly #keyOf: (key: K) => string;
  readonly #events: QueryEvents;

  constructor(
    name: string,
    { reads, compute, keyOf = String, equal = sameContent }: QueryOptions<K, V>,
    events: QueryEvents,
  ) {
    this.name = name;
    this.rank = 1 + Math.max(0, ...reads.map(rankOf));
    this.equal = equal;
    this.#compute = compute;
    this.#keyOf = keyOf;
    this.#events = events;
  }

  idOf(key: K): string {
    return typeof key === 'string' ? key : this.#keyOf(key);
  }

  /** The live cell for a key; a new one is computed at once. */
  cell(key: K): Cell {
    const id = this.idOf(key);
    let cell = this.cells.get(id);
    if (cell === undefined) {
      cell = new Cell(this, id, key);
      this.cells.set(id, cell);
      cell.recompute();
    }
    return cell;
  }

  compute(computation: Computation, key: K): V {
    this.#events.computing(this.name, computation.cell.id);
    return this.#compute(new TrackedReader(computation), key);
  }

  failed({ id }: Cell, error: unknown): void {
    this.#events.failed(this.name, id, error);
  }

  unused(cell: Cell): void {
    this.#events.unused(cell);
  }

  forget({ id }: Cell): void {
    this.cells.delete(id);
  }
}

/** The value of a cell; throws CellFailure when it has never had one. */
export function valueOf<V>(cell: Cell): V {
  if (!cell.hasValue) throw new CellFailure(cell.query.name, cell.id, cell.error);
  return cell.value as V;
}

function rankOf(source: object): number {
  if (source instanceof Declared) return source.rank;
  assert(source instanceof Rows || source instanceof GroupedKeys, 'a query can only read tables, indexes and queries');
  return 0;
}

class TrackedReader implements Reader {
  readonly #computation: Computation;

  constructor(computation: Computation) {
    this.#computation = computation;
  }

  row<V>(table: Table<V>, key: string): V | undefined {
    const row = (table as Rows<V>).row(key);
    this.#computation.note(row);
    return row.value;
  }

  rows<V>(table: Table<V>, keys: readonly string[]): readonly V[] {
    const rows: V[] = [];
    for (const key of keys) {
      const row = this.row(table, key);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  keys(index: Index, group: string): readonly string[] {
    const source = (index as GroupedKeys).group(group);
    this.#computation.note(source);
    return source.sorted;
  }

  groups(index: Index): readonly string[] {
    const grouped = index as GroupedKeys;
    this.#computation.note(grouped.groups);
    return grouped.sortedGroups;
  }

  cell<K, V>(query: Query<K, V>, key: K): V {
    return valueOf(this.#lookUp(query, key));
  }

  cellUnlessFailed<K, V>(query: Query<K, V>, key: K): V | undefined {
    return this.#lookUp(query, key).value as V | undefined;
  }

  #lookUp<K, V>(query: Query<K, V>, key: K): Cell {
    const reader = this.#computation.cell.query;
    assert(query.rank < reader.rank, `${reader.name} must name ${query.name} among what it reads`);
    const cell = (query as Declared<K, V>).cell(key);
    this.#computation.note(cell);
    return cell;
  }
}
