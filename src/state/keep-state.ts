/** Sources that remember what they said, each in a file of one folder. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../lib/clock.ts';
import { ensure } from '../lib/ensure.ts';
import type { Log } from '../lib/log.ts';
import { someOf } from '../lib/some-of.ts';
import type { Catalog } from '../model/catalog.ts';
import type { ObjectSource } from '../model/object-source.ts';
import type { Source } from '../model/source.ts';
import { catalogMemory, objectMemory } from './memory.ts';
import { type RememberedOptions, remembered } from './remembered.ts';
import type { StateFolder } from './state-folder.ts';

export interface KeepStateOptions {
  readonly folder: StateFolder;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface KeptState {
  /** For what else is kept. */
  readonly folder: StateFolder;
  catalog(catalog: Catalog): Catalog;
  /** Of Secrets nothing is kept: a source of them is synced with none when the platform does not answer. */
  objects(source: ObjectSource): ObjectSource;
  /** Resolves when all that sources said is written; they have been told to stop. */
  close(): Promise<void>;
}

/** Throws StateFolderError. */
export function keepState({ folder, log, clock = systemClock }: KeepStateOptions): KeptState {
  const path = folder.folder('sources');
  const running = new Set<Promise<void>>();
  const recalls = new RecallLog(log, clock);
  const common = { log, clock, onRecall: recalls.note };
  const wrap = <Change>(
    source: Source<Change>,
    options: Pick<RememberedOptions<Change>, 'memory' | 'doubter'>,
  ): Source<Change> => {
    const file = join(path, `${encodeURIComponent(source.name)}.jsonl`);
    const { name, run } = remembered(source, { ...common, ...options, path: file });
    return {
      name,
      run(sink, signal) {
        const ended = run(sink, signal);
        running.add(ended);
        return ended;
      },
    };
  };
  return {
    folder,
    catalog: (catalog) => ({
      ...wrap(catalog, { memory: catalogMemory, doubter: 'sink' }),
      kind: catalog.kind,
      ...(catalog.reread === undefined ? {} : { reread: (name, signal) => rereadOf(catalog, name, signal) }),
    }),
    objects: (source) => wrap(source, { memory: objectMemory, doubter: 'source' }),
    async close() {
      await Promise.allSettled(running);
      folder.close();
    },
  };
}

function rereadOf(catalog: Catalog, name: string, signal: AbortSignal): ReturnType<NonNullable<Catalog['reread']>> {
  return catalog.reread?.(name, signal) ?? Promise.resolve(undefined);
}

/** What happens within this time is told together, in milliseconds: a cluster is two dozen sources. */
const togetherMs = 1000;

/** Tells the log that files are in force, in one line for those with the same reason. */
class RecallLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { readonly names: string[]; oldestMs: number }>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly note: RememberedOptions<unknown>['onRecall'] = (name, seenAtMs, reason) => {
    if (this.#waiting.size === 0) this.#clock.after(togetherMs, () => this.#tell());
    const recall = ensure(this.#waiting, reason, () => ({ names: [] as string[], oldestMs: seenAtMs }));
    recall.names.push(name);
    recall.oldestMs = Math.min(recall.oldestMs, seenAtMs);
  };

  #tell(): void {
    for (const [reason, { names, oldestMs }] of this.#waiting)
      this.#log.warn(
        `${someOf(names)}: not seen since the start; what was known at ${new Date(oldestMs).toISOString()} is in force: ${reason}`,
      );
    this.#waiting.clear();
  }
}
