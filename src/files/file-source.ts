/**
 * Files as a source of Kubernetes objects, watched.
 *
 *      events of folders ─► which files differ ─► parse ─► objects by file ─► objects by name ─► changes
 *
 * What the files do not confirm as gone stays. The rules:
 *
 * - The first full list is complete when every path that the user gave has been there once; until then nobody is served.
 * - A document that cannot be read keeps all objects that its file held; so does a file that cannot be read, that is empty,
 *   or that is a link which leads nowhere. A file of nothing but comments states that there are no objects.
 * - An object that a readable file does not hold any more, and all objects of a file that its folder does not list any
 *   more, are looked for a second time after `confirmMs` before they are removed: editors write in more than one step.
 *   In the meantime another file may take the object over without a gap; one that is being written then is waited for.
 * - Files that are gone together with more than half of the files of a given path are looked for after `doubtMs` instead: a
 *   checkout, a copy or a volume takes seconds, and nobody deletes most of a mesh in passing.
 * - A path that the user gave, or a folder under it, which cannot be looked into confirms nothing. Nor does a path that
 *   comes back as an empty folder, as when a volume is not mounted.
 * - Of two files that state one object the first by path counts.
 * - A file is read when it seems to be whole: at once when another file has taken its place, after `quietMs` without a
 *   change when it is written in place, and after `confirmMs` when its last line has no end.
 */
import { join, normalize } from 'node:path';
import { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
import { ensure } from '../lib/ensure.ts';
import type { Log } from '../lib/log.ts';
import { filesRegistry } from '../model/cluster.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import { DoubtedFiles } from './doubted-files.ts';
import { type FileContent, FileParser, nothing } from './file.ts';
import { FolderWatches } from './folder-watches.ts';
import { MergedObjects } from './merge.ts';
import { isSameFile, isUnder, type Signature, sameSignature, scan, signatureOf } from './scan.ts';
import { endsItsLastLine, readText } from './text.ts';
import { UnseenPaths } from './unseen.ts';

export interface FileSourceOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  readonly log: Log;
  /** A file that is written in place is read when it has been quiet for this long. */
  readonly quietMs?: number;
  /** An object is removed when it is still missing after this long. */
  readonly confirmMs?: number;
  /** The same for files that are gone together with most others. */
  readonly doubtMs?: number;
  /** All files are compared again this often, should an event be lost. */
  readonly rescanMs?: number;
  readonly clock?: Clock;
}

interface WatchedFile {
  readonly parser: FileParser;
  /** Of what was read; undefined when the file is gone or has not been read yet. */
  signature: Signature | undefined;
  content: FileContent;
  /**
   * Objects that the last reads did not find, in force until confirmed as gone; with the moment since when they are missing,
   * undefined while the file cannot be read as a whole.
   */
  readonly missing: Map<string, number | undefined>;
  /** What it was seen to have become, before it was read. */
  changing: { readonly signature: Signature; readonly sinceMs: number } | undefined;
}

export function fileSource(options: FileSourceOptions): ObjectSource {
  return {
    name: filesRegistry,
    run: (sink, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const files = new WatchedFiles(options, sink);
        signal.addEventListener('abort', () => {
          files.close();
          resolve();
        });
        files.start();
      }),
  };
}

class WatchedFiles {
  readonly #options: Required<FileSourceOptions>;
  readonly #sink: ObjectSink;
  readonly #roots: readonly string[];
  readonly #files = new Map<string, WatchedFile>();
  readonly #objects = new MergedObjects();
  /** Files that were read since the last publication. */
  readonly #read = new Set<string>();
  readonly #watches: FolderWatches;
  readonly #timers = new Map<string, Cancel>();
  readonly #unseen: UnseenPaths;
  readonly #doubted: DoubtedFiles;
  #isSynced = false;
  #comparedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: FileSourceOptions, sink: ObjectSink) {
    this.#options = { quietMs: 30, confirmMs: 500, doubtMs: 5000, rescanMs: 5000, clock: systemClock, ...options };
    this.#sink = sink;
    this.#roots = options.paths.map((path) => normalize(path).replace(/(?<=.)\/$/, ''));
    this.#unseen = new UnseenPaths(this.#roots, sink);
    this.#doubted = new DoubtedFiles({ ...this.#options, roots: this.#roots });
    this.#watches = new FolderWatches({ log: options.log, onEvent: (folder, name) => this.#event(folder, name) });
  }

  start(): void {
    this.#compare();
    this.#rescanLater();
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#watches.close();
  }

  #rescanLater(): void {
    this.#later('rescan', this.#options.rescanMs, () => {
      this.#compare();
      this.#rescanLater();
    });
  }

  /** Looks at every path, reads what differs, and watches what is new. */
  #compare(): void {
    this.#comparedAtMs = this.#options.clock.now();
    const seen = scan(this.#roots);
    const unseen = this.#unseen.note(seen, (place) => this.#holdsFiles(place));
    this.#watches.follow(seen.folders);
    for (const [path, signature] of seen.files) this.#look(path, signature);
    const gone = [...this.#files].filter(
      ([path, { signature }]) => signature !== undefined && !seen.files.has(path) && !isUnder(path, unseen),
    );
    if (gone.length > 0) this.#doubt(gone.map(([path]) => path));
    for (const [path, file] of gone) this.#gone(path, file);
    this.#publish();
    if (this.#isSynced || this.#roots.some((root) => unseen.has(root))) return;
    this.#isSynced = true;
    this.#sink.synced();
  }

  /** Files that have just gone are told together with those that are gone and in force still. */
  #doubt(gone: readonly string[]): void {
    const known = [...this.#files].filter(([, { content, missing }]) => content.objects.size > 0 || missing.size > 0);
    const isGone = new Set(gone);
    this.#doubted.note(
      known.map(([path]) => path),
      known.flatMap(([path, { signature }]) => (signature === undefined || isGone.has(path) ? [path] : [])),
    );
  }

  /** How long what a file does not hold any more stays in force, in milliseconds. */
  #confirmMs(path: string): number {
    const { confirmMs, doubtMs } = this.#options;
    return this.#doubted.has(path) ? doubtMs : confirmMs;
  }

  #holdsFiles(place: string): boolean {
    return [...this.#files].some(([path, { signature }]) => signature !== undefined && isUnder(path, [place]));
  }

  #event(folder: string, name: string | undefined): void {
    const path = join(folder, name ?? '');
    if (name !== undefined && this.#files.get(path)?.signature !== undefined) this.#lookAgain(path);
    else this.#soon('compare', () => this.#compare());
  }

  #lookAgain(path: string): void {
    const signature = signatureOf(path);
    if (signature === undefined) {
      this.#soon('compare', () => this.#compare());
      return;
    }
    this.#look(path, signature);
    this.#publish();
  }

  /** Reads a file that differs from what was read of it, as soon as it seems to be whole. */
  #look(path: string, signature: Signature): void {
    const file = this.#file(path);
    if (sameSignature(file.signature, signature)) return;
    if (this.#isSynced && !this.#isWhole(path, file, signature)) {
      this.#soon(`look ${path}`, () => this.#lookAgain(path));
      return;
    }
    file.signature = signature;
    file.changing = undefined;
    this.#doubted.back(path);
    const text = readText(path);
    const content =
      typeof text === 'string' ? file.parser.parse(text) : { objects: new Map(), problems: [text], isIncomplete: true };
    this.#replace(path, file, content);
  }

  #isWhole(path: string, file: WatchedFile, signature: Signature): boolean {
    const { clock, quietMs, confirmMs } = this.#options;
    if (file.changing === undefined || !sameSignature(file.changing.signature, signature))
      file.changing = { signature, sinceMs: clock.now() };
    const forMs = clock.now() - file.changing.sinceMs;
    if (forMs >= confirmMs) return true;
    const isReplaced = file.signature !== undefined && !isSameFile(file.signature, signature);
    return (isReplaced || forMs >= quietMs) && endsItsLastLine(path);
  }

  #gone(path: string, file: WatchedFile): void {
    file.signature = undefined;
    file.changing = undefined;
    this.#replace(path, file, nothing);
  }

  #file(path: string): WatchedFile {
    return ensure(this.#files, path, () => {
      const parser = new FileParser(path);
      return { parser, signature: undefined, content: nothing, missing: new Map(), changing: undefined };
    });
  }

  /** Takes what a file holds now; objects that it held before and does not hold any more wait for confirmation. */
  #replace(path: string, file: WatchedFile, content: FileContent): void {
    const { missing } = file;
    for (const key of file.content.objects.keys())
      if (!content.objects.has(key) && !missing.has(key)) missing.set(key, undefined);
    for (const [key, object] of content.objects) {
      missing.delete(key);
      this.#objects.put(key, path, object);
    }
    for (const [key, sinceMs] of missing) {
      if (content.isIncomplete) missing.set(key, undefined);
      else if (sinceMs === undefined) {
        missing.set(key, this.#options.clock.now());
        this.#objects.doubt(key, path);
      }
    }
    file.content = content;
    this.#read.add(path);
    this.#confirmLater(path, file);
  }

  #confirmLater(path: string, file: WatchedFile): void {
    const since = [...file.missing.values()].filter((sinceMs) => sinceMs !== undefined);
    if (since.length === 0) return;
    const waitMs = Math.max(0, Math.min(...since) + this.#confirmMs(path) - this.#options.clock.now());
    this.#later(`confirm ${path}`, waitMs, () => this.#confirm(path, file));
  }

  /** Removes what has been missing for long enough, unless the file has changed unseen or another one is about to be read. */
  #confirm(path: string, file: WatchedFile): void {
    const { clock, quietMs, confirmMs } = this.#options;
    const leastMs = this.#confirmMs(path);
    if (clock.now() - this.#comparedAtMs >= quietMs) this.#compare();
    if (!sameSignature(signatureOf(path), file.signature)) {
      this.#compare();
      this.#later(`confirm ${path}`, confirmMs, () => this.#confirm(path, file));
      return;
    }
    // A file that is being written may state the object; one that never comes to rest is not waited for.
    const waitsMs = [...this.#files.values()].some(({ changing }) => changing !== undefined) ? confirmMs : 0;
    let isPostponed = false;
    for (const [key, sinceMs] of file.missing) {
      const forMs = sinceMs === undefined ? 0 : clock.now() - sinceMs;
      if (forMs < leastMs) continue;
      isPostponed ||= forMs < leastMs + waitsMs;
      if (forMs < leastMs + waitsMs) continue;
      file.missing.delete(key);
      this.#objects.remove(key, path);
    }
    if (file.signature === undefined && file.missing.size === 0) {
      this.#files.delete(path);
      this.#doubted.gone(path);
    }
    if (isPostponed) this.#later(`confirm ${path}`, quietMs, () => this.#confirm(path, file));
    else this.#confirmLater(path, file);
    this.#publish();
  }

  /** Tells the sink which objects differ from what it was told last, and what is wrong with the files concerned. */
  #publish(): void {
    const { changes, files } = this.#objects.takeChanges();
    if (changes.length > 0) this.#sink.apply(changes);
    for (const path of new Set([...this.#read, ...files])) {
      const { objects, problems } = this.#files.get(path)?.content ?? nothing;
      this.#sink.problems(path, [...problems, ...this.#objects.duplicatesIn(path, objects.keys())]);
    }
    this.#read.clear();
  }

  /** Does something after a quiet moment, once for all that ask for it meanwhile. */
  #soon(what: string, work: () => void): void {
    if (!this.#timers.has(what)) this.#later(what, this.#options.quietMs, work);
  }

  /** Does something later, and not when it was to be done before. */
  #later(what: string, ms: number, work: () => void): void {
    this.#timers.get(what)?.();
    this.#timers.set(
      what,
      this.#options.clock.after(ms, () => {
        this.#timers.delete(what);
        work();
      }),
    );
  }
}
