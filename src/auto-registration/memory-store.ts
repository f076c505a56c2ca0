/** Entries of one process alone, where there is no API server; on its disk if it has a folder for them. */
import { configKey } from '../config/config.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import type { EntryObject } from './entry.ts';
import type { EntryFolder } from './entry-folder.ts';
import { ChangedError, type EntryStore } from './entry-store.ts';

/** `apply` gets each entry that is new, different or gone, those that the folder holds at once. */
export function memoryStore(apply: (changes: readonly ObjectChange[]) => void, folder?: EntryFolder): EntryStore {
  const entries = new Map<string, EntryObject>();
  const turns = new Map<string, Promise<void>>();
  let version = 0;

  function hold(entry: EntryObject): EntryObject {
    version += 1;
    const held = { ...entry, metadata: { ...entry.metadata, resourceVersion: String(version) } };
    entries.set(configKey(held.metadata), held);
    apply([changeOf(held)]);
    return held;
  }
  function check({ metadata }: EntryObject): void {
    if (entries.get(configKey(metadata))?.metadata.resourceVersion !== metadata.resourceVersion)
      throw new ChangedError(`${configKey(metadata)} is another one`);
  }
  /** What is written of one entry is written in turn. */
  async function inTurn<T>(entry: EntryObject, work: () => Promise<T>): Promise<T> {
    const key = configKey(entry.metadata);
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => {
      check(entry);
      return work();
    });
    const end = turn.then(
      () => {},
      () => {},
    );
    turns.set(key, end);
    void end.then(() => turns.get(key) === end && turns.delete(key));
    return turn;
  }
  const put = (entry: EntryObject) =>
    inTurn(entry, async () => {
      await folder?.put(entry);
      return hold(entry);
    });

  // Versions count within a process.
  for (const { metadata, ...entry } of folder?.load() ?? []) {
    const { resourceVersion: _, ...rest } = metadata;
    hold({ ...entry, metadata: rest });
  }
  return {
    read: async (key) => entries.get(configKey(key)),
    create: put,
    replace: put,
    async setConditions(entry, conditions) {
      await put({ ...entry, status: { conditions } });
    },
    remove: (entry) =>
      inTurn(entry, async () => {
        await folder?.remove(entry.metadata);
        entries.delete(configKey(entry.metadata));
        const { object: _, ...gone } = changeOf(entry);
        apply([gone]);
      }),
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
