/** Where entries of workloads that register themselves are kept. */
import type { EntryKey, EntryObject } from './entry.ts';

/** The entry is not what was read: there is another, or none. */
export class ChangedError extends Error {
  override readonly name = 'ChangedError';
}

/** Each write is of the very entry that was read, and rejected with ChangedError when it is another one by now. */
export interface EntryStore {
  /** Undefined when there is none. */
  read(key: EntryKey): Promise<EntryObject | undefined>;
  /** Yields the entry as it is then, as `replace` does. */
  create(entry: EntryObject): Promise<EntryObject>;
  replace(entry: EntryObject): Promise<EntryObject>;
  setConditions(entry: EntryObject, conditions: readonly unknown[]): Promise<void>;
  remove(entry: EntryObject): Promise<void>;
}
