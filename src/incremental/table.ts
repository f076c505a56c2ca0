/**
 * Rows by key, and indexes over them. A table's writes are staged and become visible at the next commit; what a commit
 * changed is reported as the sources (rows, index entries) whose readers have to look again.
 */
import { ensure } from '../lib/ensure.ts';
import { equal } from '../lib/equal.ts';
import type { Cell, Source, SourceDescription } from './cell.ts';

/** A set of rows of one kind. Rows are frozen by convention: a change is a new row. */
export interface Table<V> {
  readonly name: string;
  /** Stages a row; it is visible after the next commit. */
  put(key: string, row: V): void;
  /** Stages the removal of a row. */
  remove(key: string): void;
  /** Groups the rows by what `keysOf` says of them; a row may be in any number of groups. Declared before the first commit. */
  index(name: string, keysOf: (row: V) => readonly string[]): Index;
}

export interface Index {
  readonly name: string;
}

class RowSource<V> implements Source {
  readonly readers = new Set<Cell>();
  notedBy = 0;
  value: V | undefined;
  readonly #rows: Rows<V>;
  readonly #key: string;

  constructor(rows: Rows<V>, key: string, value: V | undefined) {
    this.#rows = rows;
    this.#key = key;
    this.value = value;
  }

  abandoned(): void {
    if (this.value === undefined) this.#rows.forget(this.#key);
  }

  describe(): SourceDescription {
    return { kind: 'row', table: this.#rows.name, key: this.#key };
  }
}

class GroupSource implements Source {
  readonly readers = new Set<Cell>();
  notedBy = 0;
  readonly members = new Set<string>();
  readonly #index: GroupedKeys;
  readonly #key: string;
  #sorted: readonly string[] | undefined;

  constructor(index: GroupedKeys, key: string) {
    this.#index = index;
    this.#key = key;
  }

  get sorted(): readonly string[] {
    this.#sorted ??= [...this.members].sort();
    return this.#sorted;
  }

  changed(): void {
    this.#sorted = undefined;
  }

  abandoned(): void {
    if (this.members.size === 0) this.#index.forget(this.#key);
  }

  describe(): SourceDescription {
    return { kind: 'index', index: this.#index.name, key: this.#key };
  }
}

/** The keys of all groups that have members. */
class GroupsSource implements Source {
  readonly readers = new Set<Cell>();
  notedBy = 0;
  readonly #index: GroupedKeys;

  constructor(index: GroupedKeys) {
    this.#index = index;
  }

  abandoned(): void {}

  describe(): SourceDescription {
    return { kind: 'groups', index: this.#index.name };
  }
}

/** An index: from a group's key to the keys of the rows in it. */
export class GroupedKeys implements Index {
  readonly name: string;
  readonly groups: GroupsSource;
  readonly #groups = new Map<string, GroupSource>();
  #sortedGroups: readonly string[] | undefined;

  constructor(name: string) {
    this.name = name;
    this.groups = new GroupsSource(this);
  }

  group(key: string): GroupSource {
    return ensure(this.#groups, key, () => new GroupSource(this, key));
  }

  get sortedGroups(): readonly string[] {
    this.#sortedGroups ??= [...this.#groups].flatMap(([key, { members }]) => (members.size > 0 ? [key] : [])).sort();
    return this.#sortedGroups;
  }

  forget(key: string): void {
    this.#groups.delete(key);
  }

  /** Moves a row from the groups it was in to those it is in now. */
  move(rowKey: string, before: readonly string[], after: readonly string[], changed: (source: Source) => void): void {
    for (const key of before) {
      if (after.includes(key)) continue;
      const group = this.#groups.get(key);
      if (group?.members.delete(rowKey) !== true) continue;
      group.changed();
      changed(group);
      if (group.members.size > 0) continue;
      this.#groupsChanged(changed);
      if (group.readers.size === 0) this.forget(key);
    }
    for (const key of after) {
      const group = this.group(key);
      if (group.members.has(rowKey)) continue;
      if (group.members.size === 0) this.#groupsChanged(changed);
      group.members.add(rowKey);
      group.changed();
      changed(group);
    }
  }

  #groupsChanged(changed: (source: Source) => void): void {
    this.#sortedGroups = undefined;
    changed(this.groups);
  }
}

/** The implementation of Table, with the side that the graph uses. */
export class Rows<V> implements Table<V> {
  readonly name: string;
  readonly #rows = new Map<string, RowSource<V>>();
  readonly #indexes: { readonly grouped: GroupedKeys; readonly keysOf: (row: V) => readonly string[] }[] = [];
  #staged = new Map<string, V | undefined>();

  constructor(name: string) {
    this.name = name;
  }

  put(key: string, row: V): void {
    this.#staged.set(key, row);
  }

  remove(key: string): void {
    this.#staged.set(key, undefined);
  }

  index(name: string, keysOf: (row: V) => readonly string[]): Index {
    const grouped = new GroupedKeys(`${this.name}.${name}`);
    this.#indexes.push({ grouped, keysOf });
    return grouped;
  }

  /** The source for a key, whether or not there is such a row. */
  row(key: string): RowSource<V> {
    return ensure(this.#rows, key, () => new RowSource(this, key, undefined));
  }

  forget(key: string): void {
    this.#rows.delete(key);
  }

  /** The rows as of the last commit, in no particular order. */
  *entries(): Generator<readonly [string, V]> {
    for (const [key, { value }] of this.#rows) if (value !== undefined) yield [key, value];
  }

  get isStaged(): boolean {
    return this.#staged.size > 0;
  }

  /**
   * Makes the staged rows visible and reports each source that differs now. A row that an index cannot take is reported as
   * failed, and its last good version stays.
   */
  settle(changed: (source: Source) => void, failed: (key: string, error: unknown) => void): void {
    if (this.#staged.size === 0) return;
    const staged = this.#staged;
    this.#staged = new Map();
    for (const [key, after] of staged) {
      const row = this.row(key);
      const before = row.value;
      if (equal(before, after)) {
        if (after === undefined && row.readers.size === 0) this.forget(key);
        continue;
      }
      let groups: readonly (readonly string[])[];
      try {
        groups = this.#indexes.map(({ keysOf }) => (after === undefined ? [] : keysOf(after)));
      } catch (error) {
        failed(key, error);
        if (before === undefined && row.readers.size === 0) this.forget(key);
        continue;
      }
      row.value = after;
      changed(row);
      for (const [i, { grouped, keysOf }] of this.#indexes.entries())
        grouped.move(key, before === undefined ? [] : keysOf(before), groups[i] ?? [], changed);
      if (after === undefined && row.readers.size === 0) this.forget(key);
    }
  }
}
