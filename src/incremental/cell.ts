/**
 * One memoised result of a query: its value, what it read, and who reads it.
 *
 *      rows, index entries ──read by──► cell (rank 1) ──read by──► cell (rank 2) ──► watches
 *
 * A cell is recomputed at most once per commit, when something it read has changed and all lower ranks are settled.
 */
import { sameItems } from '../lib/equal.ts';

/** Anything that a cell can read: a row, an index entry, another cell. */
export interface Source {
  /** The cells that read this in their last computation. */
  readonly readers: Set<Cell>;
  /** The id of the computation that last noted this source; keeps a computation's list of reads short. */
  notedBy: number;
  /** Called when the last reader has gone. */
  abandoned(): void;
  describe(): SourceDescription;
}

export type SourceDescription =
  | { readonly kind: 'row'; readonly table: string; readonly key: string }
  | { readonly kind: 'index'; readonly index: string; readonly key: string }
  | { readonly kind: 'groups'; readonly index: string }
  | { readonly kind: 'cell'; readonly query: string; readonly key: string };

/** Thrown to a reader of a cell that has never had a value because its computation fails. */
export class CellFailure extends Error {
  override readonly name = 'CellFailure';
  constructor(query: string, key: string, cause: unknown) {
    super(`${query}(${key}) has failed and has no earlier value`, { cause });
  }
}

/** What a computation is doing right now: the cell it is for and what it has read so far. */
export class Computation {
  static #lastId = 0;
  readonly id = ++Computation.#lastId;
  readonly cell: Cell;
  readonly reads: Source[] = [];

  constructor(cell: Cell) {
    this.cell = cell;
  }

  note(source: Source): void {
    if (source.notedBy === this.id) return;
    source.notedBy = this.id;
    this.reads.push(source);
  }
}

/** The part of a query that a cell needs. Types are erased here: cells of all queries share the graph's queues. */
export interface CellQuery {
  readonly name: string;
  readonly rank: number;
  // biome-ignore lint/suspicious/noExplicitAny: a queue holds cells of every value type
  readonly equal: (a: any, b: any) => boolean;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  compute(computation: Computation, key: any): unknown;
  failed(cell: Cell, error: unknown): void;
  unused(cell: Cell): void;
  forget(cell: Cell): void;
}

export class Cell implements Source {
  readonly readers = new Set<Cell>();
  readonly watchers = new Set<() => void>();
  notedBy = 0;
  isQueued = false;
  isAlive = true;
  value: unknown = undefined;
  hasValue = false;
  /** Why the last computation failed; the value is then that of the last one that did not. */
  error: unknown = undefined;
  reads: Source[] = [];
  readonly query: CellQuery;
  readonly id: string;
  readonly #key: unknown;

  constructor(query: CellQuery, id: string, key: unknown) {
    this.query = query;
    this.id = id;
    this.#key = key;
  }

  get isUsed(): boolean {
    return this.readers.size > 0 || this.watchers.size > 0;
  }

  /** Computes the value afresh and tells whether readers can see a difference. */
  recompute(): boolean {
    const computation = new Computation(this);
    let value: unknown;
    let isSame: boolean;
    try {
      value = this.query.compute(computation, this.#key);
      isSame = this.hasValue && this.query.equal(this.value, value);
    } catch (error) {
      this.#adopt(computation);
      const isNew = this.error === undefined;
      this.error = error;
      if (isNew && !(error instanceof CellFailure)) this.query.failed(this, error);
      return false;
    }
    this.#adopt(computation);
    this.error = undefined;
    if (isSame) return false;
    this.value = value;
    this.hasValue = true;
    return true;
  }

  abandoned(): void {
    if (!this.isUsed) this.query.unused(this);
  }

  /** Lets go of everything it read; the cell is gone afterwards. */
  dispose(): void {
    this.isAlive = false;
    for (const source of this.reads) leave(this, source);
    this.reads = [];
    this.query.forget(this);
  }

  describe(): SourceDescription {
    return { kind: 'cell', query: this.query.name, key: this.id };
  }

  #adopt({ reads }: Computation): void {
    const before = this.reads;
    if (sameItems(before, reads)) return;
    this.reads = reads;
    const kept = new Set(reads);
    for (const source of reads) source.readers.add(this);
    for (const source of before) if (!kept.has(source)) leave(this, source);
  }
}

function leave(reader: Cell, source: Source): void {
  source.readers.delete(reader);
  if (source.readers.size === 0) source.abandoned();
}
