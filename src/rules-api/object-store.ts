/** Objects that people put over HTTP: kept in a folder, and a source of objects. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equal } from '../lib/equal.ts';
import type { KubernetesObject, ObjectChange } from '../model/kubernetes-object.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import type { Problem } from '../model/problem.ts';
import { removeFile, writeFileWhole } from '../state/write-file.ts';
import type { Stated } from './judge.ts';
import { fileNameOf, type KeptObject, keptObject, objectOf, readKept } from './kept-object.ts';
import type { ObjectPlace, Place } from './place.ts';

export interface ObjectStoreOptions {
  /** The path of a folder that is nobody else's. */
  readonly folder: string;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** What must be so for a change to be made. */
export interface Condition {
  /** The object is one of these versions; `*` means any. */
  readonly ifMatch?: readonly string[];
  /** The object is not there yet. */
  readonly ifAbsent?: boolean;
}

export type Change = 'created' | 'configured' | 'unchanged' | 'deleted';

export type Changed =
  | { readonly change: Change; readonly object: KeptObject }
  /** The condition does not hold for what is there. */
  | { readonly conflict: KeptObject | undefined }
  | 'absent'
  | 'full';

/** A mesh has hundreds of rules; these bounds keep a script that has gone wrong from filling memory and disk. */
const mostObjects = 10_000;
const mostText = 128 * 1024 * 1024;

export class ObjectStore {
  readonly source: ObjectSource = { name: 'api', run: (sink) => this.#load(sink) };
  readonly #options: ObjectStoreOptions;
  readonly #objects = new Map<string, KeptObject>();
  /** Files that could not be used, until their object is put or deleted. */
  readonly #broken = new Set<string>();
  readonly #loaded = Promise.withResolvers<ObjectSink>();
  #textSize = 0;
  /** Changes are made one after the other. */
  #last: Promise<unknown> = this.#loaded.promise;

  constructor(options: ObjectStoreOptions) {
    this.#options = options;
  }

  async get(place: ObjectPlace): Promise<KeptObject | undefined> {
    await this.#loaded.promise;
    return this.#objects.get(fileNameOf(place));
  }

  /** Those of a kind, in a namespace if the place has one, by namespace and name. */
  async list({ resource, namespace }: Place): Promise<readonly KeptObject[]> {
    await this.#loaded.promise;
    return [...this.#objects.values()]
      .filter(({ place }) => place.resource === resource && (namespace === undefined || place.namespace === namespace))
      .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  }

  /** Keeps an object; it is on the disk and in force when this resolves. Rejected when it cannot be kept. */
  put(place: ObjectPlace, stated: Stated, condition: Condition): Promise<Changed> {
    return this.#inTurn(async (sink) => {
      const name = fileNameOf(place);
      const before = this.#objects.get(name);
      if (!holds(condition, before)) return { conflict: before };
      if (before !== undefined && equal(before.stated, stated)) return { change: 'unchanged', object: before };
      const created = before?.created ?? new Date(this.#options.now()).toISOString().replace(/\.\d+/, '');
      const object = keptObject(place, { stated, created, generation: (before?.generation ?? 0) + 1 });
      const size = this.#textSize + object.text.length - (before?.text.length ?? 0);
      if ((before === undefined && this.#objects.size >= mostObjects) || size > mostText) return 'full';
      await writeFileWhole(this.#pathOf(name), [object.text]);
      this.#hold(name, object);
      this.#mend(name, sink);
      sink.apply([changeOf(place, objectOf(object))]);
      return { change: before === undefined ? 'created' : 'configured', object };
    });
  }

  /** Forgets an object; it is gone from the disk and no longer in force when this resolves. */
  remove(place: ObjectPlace, condition: Condition): Promise<Changed> {
    return this.#inTurn(async (sink) => {
      const name = fileNameOf(place);
      const before = this.#objects.get(name);
      if (!holds(condition, before)) return { conflict: before };
      if (before === undefined && !this.#broken.has(name)) return 'absent';
      await removeFile(this.#pathOf(name));
      this.#mend(name, sink);
      if (before === undefined) return 'absent';
      this.#drop(name);
      sink.apply([changeOf(place, undefined)]);
      return { change: 'deleted', object: before };
    });
  }

  #inTurn<T>(work: (sink: ObjectSink) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => work(await this.#loaded.promise));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Reads what was kept; a file that cannot be used is a problem of this file alone. */
  async #load(sink: ObjectSink): Promise<void> {
    const names = await readdir(this.#options.folder);
    for (const name of names.sort()) {
      const path = this.#pathOf(name);
      // A process that was killed amid a change has left it; what was there before stands beside it.
      if (name.endsWith('.json.new')) await removeFile(path);
      if (!name.endsWith('.json')) continue;
      const found = await readFile(path, 'utf8').then(readKept, (error: Error) => error.message);
      if (typeof found !== 'string' && fileNameOf(found.place) === name) this.#hold(name, found);
      else {
        this.#broken.add(name);
        sink.problems(path, [unusable(path, typeof found === 'string' ? found : 'one of another name')]);
      }
    }
    sink.apply([...this.#objects.values()].map((kept) => changeOf(kept.place, objectOf(kept))));
    sink.synced();
    this.#loaded.resolve(sink);
  }

  #hold(name: string, object: KeptObject): void {
    this.#drop(name);
    this.#objects.set(name, object);
    this.#textSize += object.text.length;
  }

  #drop(name: string): void {
    this.#textSize -= this.#objects.get(name)?.text.length ?? 0;
    this.#objects.delete(name);
  }

  #mend(name: string, sink: ObjectSink): void {
    if (this.#broken.delete(name)) sink.problems(this.#pathOf(name), []);
  }

  #pathOf(name: string): string {
    return join(this.#options.folder, name);
  }
}

function holds({ ifMatch, ifAbsent = false }: Condition, object: KeptObject | undefined): boolean {
  if (ifAbsent && object !== undefined) return false;
  if (ifMatch === undefined) return true;
  return object !== undefined && (ifMatch.includes('*') || ifMatch.includes(object.tag));
}

function changeOf(place: ObjectPlace, object: KubernetesObject | undefined): ObjectChange {
  const { resource, namespace, name } = place;
  const { group, kind } = resource;
  return { group, kind, namespace, name, ...(object === undefined ? {} : { object }) };
}

function unusable(file: string, found: string): Problem {
  const message = `expected the object as it was kept, found ${found}; it is left out until it is put again or deleted`;
  return { code: 'FW3152', severity: 'error', path: '', message, file };
}

function sortKey({ place: { namespace, name } }: KeptObject): string {
  return `${namespace}/${name}`;
}
