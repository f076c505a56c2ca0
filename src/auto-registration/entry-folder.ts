/** Entries of one process on its disk, so that a restart without an API server forgets nobody. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configKey } from '../config/config.ts';
import type { Log } from '../lib/log.ts';
import { isRecord } from '../lib/schema.ts';
import { removeFile, writeFileWhole } from '../state/write-file.ts';
import { type EntryKey, type EntryObject, stateIn } from './entry.ts';

export interface EntryFolder {
  /** What was kept; what cannot be used is left out, and the log says so. */
  load(): readonly EntryObject[];
  put(entry: EntryObject): Promise<void>;
  remove(key: EntryKey): Promise<void>;
}

/** `path` is a folder that is there and nobody else's. */
export function entryFolder(path: string, log: Log): EntryFolder {
  const fileOf = (key: EntryKey) => join(path, `${encodeURIComponent(configKey(key))}.json`);
  return {
    load: () =>
      readdirSync(path)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .flatMap((name) => {
          try {
            const entry = entryIn(readFileSync(join(path, name), 'utf8'));
            if (fileOf(entry.metadata) === join(path, name)) return [entry];
            throw new Error(`expected ${fileOf(entry.metadata)} to hold it`);
          } catch (error) {
            log.warn('a workload that was registered is forgotten: its file cannot be used', { resource: name, error });
            return [];
          }
        }),
    put: (entry) => writeFileWhole(fileOf(entry.metadata), [JSON.stringify(entry)]),
    remove: (key) => removeFile(fileOf(key)),
  };
}

/** Throws for what is no entry of a workload that has registered itself; its spec is read as that of any other. */
function entryIn(text: string): EntryObject {
  const value: unknown = JSON.parse(text);
  const { metadata } = isRecord(value) ? value : {};
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  const isNamed = typeof namespace === 'string' && typeof name === 'string';
  if (!isNamed || typeof stateIn(value as EntryObject) === 'string')
    throw new Error('expected the entry of a workload that has registered itself, found something else');
  return value as EntryObject;
}
