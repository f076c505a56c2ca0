/**
 * Files as a source of Kubernetes objects, watched.
 *
 *      events of folders ─► which files differ ─► parse ─► objects by file ─► objects by name ─► changes
 *
 * What the files do not confirm as gone stays: a document that cannot be read, an empty file and a folder that has
 * vanished keep the last good objects, and an object that disappears is looked for a second time before it is removed,
 * because editors write in more than one step.
 */
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Log } from '../lib/log.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import type { Problem } from '../model/problem.ts';
import { type FileContent, FileParser, nothing } from './file.ts';
import { MergedObjects } from './merge.ts';
import { isManifest, type Signature, sameSignature, scan, signatureOf } from './scan.ts';

export interface FileSourceOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  readonly log: Log;
  /** A file that is written in place is read when it has been quiet for this long; one that is replaced is read at once. */
  readonly quietMs?: number;
  /** An object is removed when it is still missing after this long. */
  readonly confirmMs?: number;
  /** All files are compared again this often, should an event be lost. */
  readonly rescanMs?: number;
}

interface WatchedFile {
  readonly parser: FileParser;
  signature: Signature | undefined;
  content: FileContent;
  /** Objects that the last reads did not find; in force until confirmed as gone. */
  readonly missing: Set<string>;
  confirmation: NodeJS.Timeout | undefined;
}

export function fileSource(options: FileSourceOptions): ObjectSource {
  return {
    name: 'files',
    run: (sink, signal) =>
      new Promise((resolve) => {
        const files = new WatchedFiles(options, sink);
        signal.addEventListener('abort', () => {
          files.close();
          resolve();
        });
        if (signal.aborted) resolve();
        else files.start();
      }),
  };
}

class WatchedFiles {
  readonly #options: Required<FileSourceOptions>;
  readonly #sink: ObjectSink;
  readonly #files = new Map<string, WatchedFile>();
  readonly #objects = new MergedObjects();
  /** Files that were read since the last publication. */
  readonly #read = new Set<string>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #quiet = new Map<string, NodeJS.Timeout>();
  readonly #lost = new Map<string, number>();
  #rescan: NodeJS.Timeout | undefined;

  constructor(options: FileSourceOptions, sink: ObjectSink) {
    this.#options = { quietMs: 30, confirmMs: 500, rescanMs: 5000, ...options };
    this.#sink = sink;
  }

  start(): void {
    this.#compare();
    this.#sink.synced();
    this.#rescan = setInterval(() => this.#compare(), this.#options.rescanMs);
  }

  close(): void {
    clearInterval(this.#rescan);
    for (const timer of this.#quiet.values()) clearTimeout(timer);
    for (const { confirmation } of this.#files.values()) clearTimeout(confirmation);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** Looks at every path, reads what differs, and watches what is new. */
  #compare(): void {
    const found = new Map<string, Signature>();
    const lostRoots: string[] = [];
    for (const path of this.#options.paths) {
      const result = scanOrNothing(path);
      if (result === undefined) {
        lostRoots.push(path);
        continue;
      }
      for (const [file, signature] of result.files) found.set(file, signature);
      for (const folder of result.folders) this.#watch(folder);
    }
    this.#noteLost(lostRoots);
    for (const [file, signature] of found)
      if (!sameSignature(this.#files.get(file)?.signature, signature)) this.#readFile(file, signature);
    for (const [file, { signature }] of this.#files)
      if (signature !== undefined && !found.has(file) && !isUnder(file, lostRoots)) this.#gone(file);
    this.#publish();
  }

  #noteLost(roots: readonly string[]): void {
    for (const path of [...this.#lost.keys()]) {
      if (roots.includes(path)) continue;
      this.#lost.delete(path);
      this.#sink.problems(path, []);
      this.#options.log.info(`${path} is back`);
    }
    for (const path of roots) {
      if (this.#lost.has(path)) continue;
      this.#lost.set(path, Date.now());
      const message = 'expected a file or folder, found nothing; what it held stays in force until it is back';
      this.#sink.problems(path, [{ code: 'FW0010', severity: 'error', path: '', message, file: path }]);
    }
    const [oldest] = [...this.#lost].sort(([, a], [, b]) => a - b);
    if (oldest === undefined) this.#sink.freshness({ state: 'live' });
    else this.#sink.freshness({ state: 'stale', sinceMs: oldest[1], reason: `${oldest[0]} is not there` });
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#event(folder, name));
      watcher.on('error', () => this.#unwatch(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      // Too many watches, or a file system without events: the regular comparison finds changes, later.
      this.#options.log.warn(`cannot watch ${folder}: changes are found within ${this.#options.rescanMs} ms`, {
        error,
      });
    }
  }

  #unwatch(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #event(folder: string, name: string | null): void {
    if (name !== null && isManifest(name)) this.#look(join(folder, name));
    // A link such as a mounted ConfigMap's ..data, a subfolder, or the folder itself.
    else if (name === null || !name.startsWith('.') || name.startsWith('..') || name === basename(folder)) {
      if (signatureOf(folder) === undefined && scanOrNothing(folder) === undefined) this.#unwatch(folder);
      this.#later('', () => this.#compare());
    }
  }

  /** Reads a file that an event was about: at once when it was replaced whole, after a quiet moment when written in place. */
  #look(path: string): void {
    const before = this.#files.get(path)?.signature;
    const now = signatureOf(path);
    if (now === undefined) {
      this.#later(path, () => this.#compare());
    } else if (before === undefined || before.inode !== now.inode) {
      this.#readAndPublish(path, now);
    } else if (!sameSignature(before, now)) {
      this.#later(path, () => {
        const signature = signatureOf(path);
        if (signature !== undefined && !sameSignature(this.#files.get(path)?.signature, signature))
          this.#readAndPublish(path, signature);
      });
    }
  }

  #later(what: string, work: () => void): void {
    clearTimeout(this.#quiet.get(what));
    this.#quiet.set(
      what,
      setTimeout(() => {
        this.#quiet.delete(what);
        work();
      }, this.#options.quietMs),
    );
  }

  #readAndPublish(path: string, signature: Signature): void {
    // Events of other folders may tell of files that nobody asked for.
    if (!isUnder(path, this.#options.paths)) return;
    this.#readFile(path, signature);
    this.#publish();
  }

  #readFile(path: string, signature: Signature): void {
    const file = this.#file(path);
    file.signature = signature;
    let content: FileContent;
    try {
      content = file.parser.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const problem: Problem = {
        code: 'FW0010',
        severity: 'error',
        path: '',
        message: `expected a readable file, found ${(error as Error).message}`,
        file: path,
      };
      content = { objects: new Map(), problems: [problem], isIncomplete: true };
    }
    this.#replace(path, file, content);
  }

  #gone(path: string): void {
    const file = this.#file(path);
    file.signature = undefined;
    this.#replace(path, file, nothing);
  }

  #file(path: string): WatchedFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = {
        parser: new FileParser(path),
        signature: undefined,
        content: nothing,
        missing: new Set(),
        confirmation: undefined,
      };
      this.#files.set(path, file);
    }
    return file;
  }

  /** Takes what a file holds now; objects that it held before and does not hold any more wait for confirmation. */
  #replace(path: string, file: WatchedFile, content: FileContent): void {
    for (const key of file.content.objects.keys()) if (!content.objects.has(key)) file.missing.add(key);
    for (const [key, object] of content.objects) {
      file.missing.delete(key);
      this.#objects.put(key, path, object);
    }
    file.content = content;
    this.#read.add(path);
    clearTimeout(file.confirmation);
    if (file.missing.size > 0 && !content.isIncomplete)
      file.confirmation = setTimeout(() => this.#confirm(path, file), this.#options.confirmMs);
  }

  #confirm(path: string, file: WatchedFile): void {
    for (const key of file.missing) this.#objects.remove(key, path);
    file.missing.clear();
    if (file.signature === undefined) this.#files.delete(path);
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
}

/** Roots are as the user gave them: `rules`, `./rules/`, `.`. */
function isUnder(file: string, roots: readonly string[]): boolean {
  return roots.some((root) => !relative(root, file).startsWith('..'));
}

/** A folder may vanish while it is being read. */
function scanOrNothing(path: string): ReturnType<typeof scan> {
  try {
    return scan(path);
  } catch {
    return undefined;
  }
}
