/** Files that are there whole or not at all, whenever the process or the machine stops. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** So much is handed to the system at once, in characters: few calls, and no file is a single text in memory. */
const mostAtOnce = 64 * 1024;

/**
 * Writes a file beside its place, readable by its owner alone, and moves it there once the disk has it. Rejected with the
 * system's error when it cannot be written; what was there before stays then. Writes of one path must not overlap.
 */
export async function writeFileWhole(path: string, texts: Iterable<string>): Promise<void> {
  const beside = `${path}.new`;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      let waiting = '';
      for (const text of texts) {
        waiting += text;
        if (waiting.length < mostAtOnce) continue;
        await file.writeFile(waiting);
        waiting = '';
      }
      await file.writeFile(waiting);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    // Why it cannot be written matters, not why what was begun cannot be cleared away.
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes a file; that there is none is no fault. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** The name of a file is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
