/**
 * Rows in, changed cells out: the incremental engine. It knows nothing of meshes, does no I/O, reads no clock and makes
 * no promises.
 *
 *      table.put ─► staged ─► commit ─► rows, index entries ─► cells, rank by rank ─► watches
 *
 * Each call of a Reader records a dependency, so a cell is recomputed exactly when something it read has changed.
 */
import { assert } from '../lib/assert.ts';
import type { Cell, Source } from './cell.ts';
import { Declared, type Query, type QueryEvents, type QueryOptions, valueOf } from './query.ts';
import { Rows, type Table } from './table.ts';

/** Counts commits; 0 before the first. */
export type Revision = number;

/** Keeps a cell alive and tells of its changes. */
export interface Watch<V> {
  /** The value as of the last commit; undefined while the query fails and has no earlier value. */
  readonly value: V | undefined;
  close(): void;
}

export interface GraphOptions {
  /** Told of each computation, for tests that count them. */
  readonly onCompute?: (query: string, key: string) => void;
  /** Told when a query throws (its cell keeps its last good value), an index (the row does), or a watcher. */
  readonly onFailure?: (query: string, key: string, error: unknown) => void;
}

export class Graph {
  readonly #events: QueryEvents;
  readonly #tables: Rows<unknown>[] = [];
  readonly #queries: Declared<never, unknown>[] = [];
  /** Cells to recompute, by rank. */
  readonly #queues: Cell[][] = [];
  readonly #unused = new Set<Cell>();
  #revision: Revision = 0;
  #isCommitting = false;

  constructor({ onCompute = () => {}, onFailure = () => {} }: GraphOptions = {}) {
    this.#events = { computing: onCompute, failed: onFailure, unused: (cell) => this.#unused.add(cell) };
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** How many cells are alive. */
  get size(): number {
    return this.#queries.reduce((sum, { cells }) => sum + cells.size, 0);
  }

  table<V>(name: string): Table<V> {
    const rows = new Rows<V>(name);
    this.#tables.push(rows as Rows<unknown>);
    return rows;
  }

  query<K, V>(name: string, options: QueryOptions<K, V>): Query<K, V> {
    const query = new Declared(name, options, this.#events);
    this.#queries.push(query as Declared<never, unknown>);
    while (this.#queues.length <= query.rank) this.#queues.push([]);
    return query;
  }

  /** Keeps a cell alive until `close`; `onChange` is called after each commit that changed its value. */
  watch<K, V>(query: Query<K, V>, key: K, onChange: (value: V) => void): Watch<V> {
    assert(!this.#isCommitting, 'a watch cannot be opened while a commit is running');
    const cell = (query as Declared<K, V>).cell(key);
    const watcher = () => onChange(cell.value as V);
    cell.watchers.add(watcher);
    return {
      get value() {
        return cell.value as V | undefined;
      },
      close: () => {
        cell.watchers.delete(watcher);
        cell.abandoned();
        if (!this.#isCommitting) this.#sweep();
      },
    };
  }

  /** The value of a query as of the last commit, for one-off questions. Throws CellFailure when it has never had one. */
  read<K, V>(query: Query<K, V>, key: K): V {
    const watch = this.watch(query, key, () => {});
    try {
      return valueOf((query as Declared<K, V>).cell(key));
    } finally {
      watch.close();
    }
  }

  /** The rows of a table as of the last commit, in no particular order: for dumps, never for queries. */
  rows<V>(table: Table<V>): Iterable<readonly [string, V]> {
    return (table as Rows<V>).entries();
  }

  /** One atomic step: makes staged rows visible, recomputes what read them, then tells the watches. */
  commit(): Revision {
    assert(!this.#isCommitting, 'commit is not reentrant');
    if (!this.#tables.some((table) => table.isStaged)) return this.#revision;
    const changed: Cell[] = [];
    this.#isCommitting = true;
    try {
      this.#revision += 1;
      for (const table of this.#tables)
        table.settle(
          (source) => this.#enqueueReaders(source),
          (key, error) => this.#events.failed(table.name, key, error),
        );
      for (const queue of this.#queues) this.#settle(queue, changed);
    } finally {
      this.#isCommitting = false;
    }
    this.#notify(changed);
    this.#sweep();
    return this.#revision;
  }

  /** Calls those that watched before the commit and still do. One that throws keeps nobody else from being told. */
  #notify(changed: readonly Cell[]): void {
    const calls = changed.flatMap((cell) => [...cell.watchers].map((watcher) => ({ cell, watcher })));
    for (const { cell, watcher } of calls) {
      if (!cell.watchers.has(watcher)) continue;
      try {
        watcher();
      } catch (error) {
        this.#events.failed(cell.query.name, cell.id, error);
      }
    }
  }

  /** Runs the cells of one rank. Their readers are of higher ranks, and new cells run at once: the queue does not grow. */
  #settle(queue: Cell[], changed: Cell[]): void {
    for (const cell of queue) {
      cell.isQueued = false;
      if (!cell.isAlive || !cell.recompute()) continue;
      this.#enqueueReaders(cell);
      if (cell.watchers.size > 0) changed.push(cell);
    }
    queue.length = 0;
  }

  #enqueueReaders(source: Source): void {
    for (const cell of source.readers) {
      if (cell.isQueued) continue;
      cell.isQueued = true;
      this.#queues[cell.query.rank]?.push(cell);
    }
  }

  /** Drops the cells that nobody reads or watches any more, and then what only they read. */
  #sweep(): void {
    for (const cell of this.#unused) {
      this.#unused.delete(cell);
      if (cell.isAlive && !cell.isUsed) cell.dispose();
    }
  }
}
