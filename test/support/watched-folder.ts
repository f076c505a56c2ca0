import type { TestContext } from 'node:test';
import { fileSource } from '../../src/files/file-source.ts';
import { silent } from '../../src/lib/log.ts';
import type { Freshness } from '../../src/model/source.ts';
import { fakeClock } from './fake-clock.ts';
import { recordingSink } from './recording-sink.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

/** A folder with a file source over it, whose time passes only in `wait`. */
export interface WatchedFolder extends TempFolder {
  /** Follows paths in the folder until the test ends; all of it when none are given. */
  follow(...paths: readonly string[]): void;
  stop(): void;
  /** Lets time pass: 30 ms make an in-place change quiet, 500 ms confirm a removal. A new look is taken every 10 ms. */
  wait(ms: number): void;
  /** `Service shop/a 1`: objects in force, with the version that `service` gave them. */
  objects(): readonly string[];
  /** What is wrong, with paths in the folder. */
  problems(): readonly string[];
  takeChanges(): readonly string[];
  isSynced(): boolean;
  state(): Freshness['state'];
}

export function watchedFolder(test: Pick<TestContext, 'after'>): WatchedFolder {
  const folder = tempFolder(test);
  const clock = fakeClock();
  const sink = recordingSink();
  const stop = new AbortController();
  test.after(() => stop.abort());
  return {
    ...folder,
    follow(...paths) {
      const all = paths.length === 0 ? [folder.path] : paths.map((path) => folder.at(path));
      void fileSource({ paths: all, log: silent, clock, rescanMs: 10 }).run(sink, stop.signal);
    },
    stop: () => stop.abort(),
    wait: (ms) => clock.advance(ms),
    objects: () => sink.objects('version'),
    problems: () => sink.current().map((line) => line.replaceAll(`${folder.path}/`, '').replaceAll(folder.path, '.')),
    takeChanges: () => sink.takeChanges(),
    isSynced: () => sink.isSynced,
    state: () => sink.state,
  };
}

/** Services by name and version, as documents of one file: `service('a')`, `service('a 2', 'b')`. */
export function services(...all: readonly string[]): string {
  return all
    .map((text) => {
      const [name, version = '1'] = text.split(' ');
      return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop, annotations: {version: ${version}}}\n`;
    })
    .join('---\n');
}
