import { readFile } from 'node:fs/promises';
import type { Clock } from './clock.ts';

/** A short file that somebody replaces now and then, such as a token: Kubernetes renews them with hours to spare. */
export interface WatchedText {
  /** Its content of at most `maxAgeMs` ago, without space around it. Rejected with the system's error when it cannot be read. */
  read(): Promise<string>;
  /** What was read is of no use: the next read goes to the disk. */
  forget(): void;
}

const maxAgeMs = 10_000;

/** Of a file that cannot be read any more the last content stays good until `forget`: its owner may be replacing it. */
export function watchedText(path: string, clock: Clock): WatchedText {
  let known: { readonly text: string; readonly atMs: number } | undefined;
  return {
    async read() {
      if (known !== undefined && clock.now() - known.atMs < maxAgeMs) return known.text;
      try {
        known = { text: (await readFile(path, 'utf8')).trim(), atMs: clock.now() };
      } catch (error) {
        if (known === undefined) throw error;
      }
      return known.text;
    },
    forget() {
      known = undefined;
    },
  };
}
