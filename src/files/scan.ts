/** Which files a set of paths stands for, and how to tell that one has changed. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Changes whenever a file is replaced or written. */
export interface Signature {
  readonly inode: bigint;
  readonly modified: bigint;
  readonly size: bigint;
}

export interface Scan {
  readonly files: ReadonlyMap<string, Signature>;
  /** Folders whose events matter. */
  readonly folders: ReadonlySet<string>;
}

export function isManifest(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) && !basename(path).startsWith('.');
}

/** The file that a path leads to, through links; undefined when there is none. */
export function signatureOf(path: string): Signature | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() ? { inode: stat.ino, modified: stat.mtimeNs, size: stat.size } : undefined;
}

export function sameSignature(a: Signature | undefined, b: Signature | undefined): boolean {
  return a?.inode === b?.inode && a?.modified === b?.modified && a?.size === b?.size;
}

/**
 * All manifests under a path: the file itself, or every .yaml, .yml and .json file of the folder and its subfolders.
 * Hidden files and folders are left out. Undefined when the path leads nowhere.
 */
export function scan(path: string): Scan | undefined {
  const root = statSync(path, { throwIfNoEntry: false });
  if (root === undefined) return undefined;
  const files = new Map<string, Signature>();
  const folders = new Set<string>();
  const visit = (folder: string, depth: number): void => {
    folders.add(folder);
    if (depth > 32) return;
    for (const name of readdirSync(folder).sort()) {
      if (name.startsWith('.')) continue;
      const child = join(folder, name);
      const stat = statSync(child, { throwIfNoEntry: false });
      if (stat?.isDirectory()) visit(child, depth + 1);
      else if (stat?.isFile() && isManifest(name)) {
        const signature = signatureOf(child);
        if (signature !== undefined) files.set(child, signature);
      }
    }
  };
  if (root.isDirectory()) {
    visit(path, 0);
  } else {
    const signature = signatureOf(path);
    if (signature !== undefined) files.set(path, signature);
    folders.add(join(path, '..'));
  }
  return { files, folders };
}
