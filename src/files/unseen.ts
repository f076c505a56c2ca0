import type { ObjectSink } from '../model/object-source.ts';
import { isUnder, type Scan } from './scan.ts';

/** Which paths cannot be looked into right now, so that what they held stays, and telling the sink of it. */
export class UnseenPaths {
  readonly #roots: readonly string[];
  readonly #sink: ObjectSink;
  /** With the time of day since when. */
  readonly #unseen = new Map<string, number>();
  readonly #identities = new Map<string, string>();
  /** Given paths that have been away or replaced, and have held nothing since. */
  readonly #doubtful = new Set<string>();

  /** `roots` are the paths that the user gave. */
  constructor(roots: readonly string[], sink: ObjectSink) {
    this.#roots = roots;
    this.#sink = sink;
  }

  /** Takes what a scan has seen and yields what it has not; `heldFiles` tells whether there were files under a path. */
  note(scan: Scan, heldFiles: (path: string) => boolean): ReadonlySet<string> {
    const unseen = new Map([...scan.unseen, ...this.#cameBackEmpty(scan, heldFiles)]);
    for (const path of this.#unseen.keys()) {
      if (unseen.has(path)) continue;
      this.#unseen.delete(path);
      this.#sink.problems(`place ${path}`, []);
    }
    for (const [path, found] of unseen) {
      if (!this.#unseen.has(path)) this.#unseen.set(path, Date.now());
      const consequence = heldFiles(path) ? 'what it held stays in force until it is back' : 'waiting for it';
      const message = `expected a file or folder, found ${found}; ${consequence}`;
      this.#sink.problems(`place ${path}`, [{ code: 'FW0010', severity: 'error', path: '', message, file: path }]);
    }
    const [oldest] = [...this.#unseen].sort(([, a], [, b]) => a - b);
    if (oldest === undefined) this.#sink.freshness({ state: 'live' });
    else this.#sink.freshness({ state: 'stale', sinceMs: oldest[1], reason: `${oldest[0]} cannot be read` });
    return new Set(unseen.keys());
  }

  #cameBackEmpty({ files, folders, unseen }: Scan, heldFiles: (path: string) => boolean): ReadonlyMap<string, string> {
    const empty = new Map<string, string>();
    for (const root of this.#roots) {
      const identity = folders.find(({ path, names }) => path === root && names === undefined)?.identity;
      const before = this.#identities.get(root);
      if (identity !== undefined) this.#identities.set(root, identity);
      if (unseen.has(root) || (before !== undefined && before !== identity)) this.#doubtful.add(root);
      if (unseen.has(root) || !this.#doubtful.has(root)) continue;
      if (heldFiles(root) && ![...files.keys()].some((file) => isUnder(file, [root])))
        empty.set(root, 'an empty folder where files were before');
      else this.#doubtful.delete(root);
    }
    return empty;
  }
}
