/** Entries of one process alone, where there is no API server: as a source of objects that ends with it. */
import type { ObjectChange } from '../model/kubernetes-object.ts';
import type { EntryKey, EntryObject } from './entry.ts';
import { ChangedError, type EntryStore } from './entry-store.ts';

/** `apply` gets each entry that is new, different or gone. */
export function memoryStore(apply: (changes: readonly ObjectChange[]) => void): EntryStore {
  const entries = new Map<string, EntryObject>();
  let version = 0;
  const keyOf = ({ namespace, name }: EntryKey) => `${namespace}/${name}`;

  function put(entry: EntryObject): EntryObject {
    version += 1;
    const kept = { ...entry, metadata: { ...entry.metadata, resourceVersion: String(version) } };
    entries.set(keyOf(kept.metadata), kept);
    apply([changeOf(kept)]);
    return kept;
  }
  function check({ metadata }: EntryObject): void {
    if (entries.get(keyOf(metadata))?.metadata.resourceVersion !== metadata.resourceVersion)
      throw new ChangedError(`${keyOf(metadata)} is another one`);
  }

  return {
    read: async (key) => entries.get(keyOf(key)),
    async create(entry) {
      check(entry);
      return put(entry);
    },
    async replace(entry) {
      check(entry);
      return put(entry);
    },
    async setConditions(entry, conditions) {
      check(entry);
      put({ ...entry, status: { conditions } });
    },
    async remove(entry) {
      check(entry);
      entries.delete(keyOf(entry.metadata));
      const { object: _, ...gone } = changeOf(entry);
      apply([gone]);
    },
  };
}

function changeOf(entry: EntryObject): ObjectChange {
  const { kind, metadata } = entry;
  const { namespace, name, labels = {}, annotations = {} } = metadata;
  const [group = '', version = ''] = entry.apiVersion.split('/');
  const origin = { kind, namespace, name };
  const object = {
    group,
    version,
    kind,
    namespace,
    name,
    labels,
    annotations,
    origin,
    createdAt: 0,
    value: { ...entry },
  };
  return { group, kind, namespace, name, object };
}
