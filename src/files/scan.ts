/** Which files a set of paths stands for, and how to tell that one has changed. */
import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { faultOf, nowhere } from './text.ts';

/** Changes whenever a file is replaced or written, or may be read again. */
export interface Signature {
  readonly device: bigint;
  readonly inode: bigint;
  /** When content, length or rights have changed last, in nanoseconds. */
  readonly changed: bigint;
  readonly size: bigint;
}

export interface Scan {
  readonly files: ReadonlyMap<string, Signature>;
  /** Folders whose events matter. */
  readonly folders: readonly WatchedFolder[];
  /** Paths of which nothing can be said, and so of nothing under them, with what was found there instead. */
  readonly unseen: ReadonlyMap<string, string>;
}

export interface WatchedFolder {
  readonly path: string;
  /** Differs when another folder has taken the place. */
  readonly identity: string;
  /** The only names in it that matter; all when absent. */
  readonly names?: readonly string[];
}

export function isManifest(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) && !isHidden(basename(path));
}

export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** The file that a path leads to, through links; undefined when there is none, or none that can be looked at. */
export function signatureOf(path: string): Signature | undefined {
  const stat = look(path);
  return typeof stat === 'string' || !stat.isFile() ? undefined : toSignature(stat);
}

export function sameSignature(a: Signature | undefined, b: Signature | undefined): boolean {
  return isSameFile(a, b) && a?.changed === b?.changed && a?.size === b?.size;
}

/** Whether it is one file, though perhaps written to. */
export function isSameFile(a: Signature | undefined, b: Signature | undefined): boolean {
  return a?.device === b?.device && a?.inode === b?.inode;
}

/** Paths are as the user gave them: `rules`, `./rules/`, `.`. */
export function isUnder(path: string, roots: Iterable<string>): boolean {
  for (const root of roots) if (!/^\.\.(\/|$)/.test(relative(root, path))) return true;
  return false;
}

/**
 * All manifests under some paths: a file itself, or every .yaml, .yml and .json file of a folder and its subfolders, links
 * followed. Hidden files and folders are left out. What several paths lead to is found once, under the first of them.
 */
export function scan(paths: readonly string[]): Scan {
  const files = new Map<string, Signature>();
  const folders = new Map<string, WatchedFolder>();
  const unseen = new Map<string, string>();
  const found = new Set<string>();
  const isNew = (stat: BigIntStats) => {
    const size = found.size;
    return found.add(identityOf(stat)).size > size;
  };
  const visitFolder = (path: string, stat: BigIntStats) => {
    folders.set(path, { path, identity: identityOf(stat) });
    const names = listFolder(path);
    if (typeof names === 'string') unseen.set(path, names);
    else for (const name of names) if (!isHidden(name)) visit(join(path, name));
  };
  const visit = (path: string) => {
    const stat = look(path);
    if (typeof stat !== 'string') {
      if (stat.isDirectory() && isNew(stat)) visitFolder(path, stat);
      else if (stat.isFile() && isManifest(path) && isNew(stat)) files.set(path, toSignature(stat));
    } else if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      // What has gone since its folder was listed is simply gone.
      unseen.set(path, stat === nowhere ? 'a link that leads nowhere' : stat);
    }
  };
  for (const path of paths) {
    const stat = look(path);
    if (typeof stat === 'string') unseen.set(path, stat);
    else if (!stat.isDirectory() && !stat.isFile()) unseen.set(path, 'something else');
    else if (isNew(stat)) {
      if (stat.isDirectory()) visitFolder(path, stat);
      else files.set(path, toSignature(stat));
    }
  }
  for (const path of paths) followParent(path, folders);
  return { files, folders: [...folders.values()], unseen };
}

/** The folder around a path tells when the path itself comes, goes or leads elsewhere. */
function followParent(path: string, folders: Map<string, WatchedFolder>): void {
  const parent = dirname(path);
  const known = folders.get(parent);
  if (known !== undefined && known.names === undefined) return;
  const stat = look(parent);
  if (typeof stat === 'string') return;
  const names = [...(known?.names ?? []), basename(path)];
  folders.set(parent, { path: parent, identity: identityOf(stat), names });
}

/** What a path leads to, or what was found instead. */
function look(path: string): BigIntStats | string {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    return faultOf(error);
  }
}

function listFolder(path: string): readonly string[] | string {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    return faultOf(error);
  }
}

/** Numbers of inodes are used again, so that the time of birth counts too. */
function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}

function toSignature({ dev, ino, ctimeNs, size }: BigIntStats): Signature {
  return { device: dev, inode: ino, changed: ctimeNs, size };
}
