import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of its own for one test; it is gone when the test ends. Paths are relative to it. */
export interface TempFolder {
  readonly path: string;
  /** The full path of something in it. */
  at(path: string): string;
  read(path: string): string;
  /** Writes in place, as `>` does; missing folders are made. */
  write(path: string, text: string): void;
  /** Writes beside the file and renames, as careful editors and `kubectl` do. */
  replace(path: string, text: string): void;
  makeFolder(path: string): void;
  rename(from: string, to: string): void;
  /** Makes or swaps a symbolic link in one step, as the kubelet does for a mounted ConfigMap. */
  link(path: string, target: string): void;
  remove(path: string): void;
  /** Ends what writes there before the folder goes. */
  endFirst(end: () => Promise<unknown>): void;
}

export function tempFolder(test: { after(cleanup: () => Promise<void>): void }): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'fairway-test-'));
  const writers: (() => Promise<unknown>)[] = [];
  test.after(async () => {
    await Promise.all(writers.map((end) => end()));
    // A file of a writer that no test can end may still be on its way to the disk.
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  const at = (part: string) => join(path, part);
  const write = (part: string, text: string) => {
    mkdirSync(dirname(at(part)), { recursive: true });
    writeFileSync(at(part), text);
  };
  const beside = (part: string) => join(dirname(part), '.being-written');
  return {
    path,
    at,
    read: (part) => readFileSync(at(part), 'utf8'),
    write,
    replace(part, text) {
      write(beside(part), text);
      renameSync(at(beside(part)), at(part));
    },
    makeFolder: (part) => mkdirSync(at(part), { recursive: true }),
    rename: (from, to) => renameSync(at(from), at(to)),
    link(part, target) {
      symlinkSync(target, at(beside(part)));
      renameSync(at(beside(part)), at(part));
    },
    remove: (part) => rmSync(at(part), { recursive: true }),
    endFirst: (end) => void writers.push(end),
  };
}
