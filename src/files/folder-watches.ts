/** Events of the file system, for folders that come and go. */
import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import { isHidden, type WatchedFolder } from './scan.ts';

export interface FolderEvents {
  readonly log: Log;
  /** Something has happened to a name in a folder, or (undefined) to the folder itself or nobody knows to what. */
  readonly onEvent: (folder: string, name: string | undefined) => void;
}

interface Watched {
  readonly folder: WatchedFolder;
  readonly watcher: FSWatcher;
}

/**
 * Watches a set of folders. A folder that another one has replaced is watched afresh: events belong to the folder, not to
 * its path. Events of hidden names are left out, but for names in `..`: a mounted ConfigMap swaps its `..data`.
 */
export class FolderWatches {
  readonly #events: FolderEvents;
  readonly #watched = new Map<string, Watched>();
  /** Folders that could not be watched, so that it is said once. */
  readonly #failed = new Set<string>();

  constructor(events: FolderEvents) {
    this.#events = events;
  }

  /** Watches these folders from now on, and no others. */
  follow(folders: readonly WatchedFolder[]): void {
    const wanted = new Map(folders.map((folder) => [folder.path, folder]));
    for (const [path, { folder }] of this.#watched) if (!equal(wanted.get(path), folder)) this.#unwatch(path);
    for (const folder of folders) if (!this.#watched.has(folder.path)) this.#watch(folder);
  }

  close(): void {
    for (const path of [...this.#watched.keys()]) this.#unwatch(path);
  }

  #watch(folder: WatchedFolder): void {
    const { path, names } = folder;
    const { log, onEvent } = this.#events;
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) onEvent(path, undefined);
        else if (name.startsWith('..') || (names?.includes(name) ?? !isHidden(name))) onEvent(path, name);
      });
      watcher.on('error', () => this.#unwatch(path));
      this.#watched.set(path, { folder, watcher });
      this.#failed.delete(path);
    } catch (error) {
      // Too many watches, or a file system without events: the regular comparison finds changes, later.
      if (!this.#failed.has(path)) log.warn(`cannot watch ${path}: its changes are found later`, { error });
      this.#failed.add(path);
    }
  }

  #unwatch(path: string): void {
    this.#watched.get(path)?.watcher.close();
    this.#watched.delete(path);
  }
}
