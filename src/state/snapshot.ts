/**
 * What a source said last, in a file: a line of JSON that says whose it is, one for each thing, and one that says how many they
 * were. A file without that last line was cut off.
 */
import { createReadStream, statSync, utimesSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, isRecord } from '../lib/schema.ts';

/** A file that is not what it should be; the message says what was found. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

export interface Snapshot<Change> {
  readonly changes: readonly Change[];
  /** When the source was known to be as it says here, in milliseconds since the epoch. */
  readonly seenAtMs: number;
}

const format = 'fairway-state';
const version = 1;

/** The lines of a file, each with its end. */
export function* snapshotLines(source: string, savedAtMs: number, values: Iterable<unknown>): Generator<string> {
  yield `${JSON.stringify({ format, version, source, savedAtMs })}\n`;
  let count = 0;
  for (const value of values) {
    yield `${JSON.stringify(value)}\n`;
    count += 1;
  }
  yield `${JSON.stringify({ end: count })}\n`;
}

/**
 * Reads the file of a source; undefined when there is none. `decode` yields undefined for what it does not know. Rejected with
 * SnapshotError when it is not the whole of a file of this source and this version.
 */
export async function readSnapshot<Change>(
  path: string,
  source: string,
  decode: (value: unknown) => Change | undefined,
): Promise<Snapshot<Change> | undefined> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const changes: Change[] = [];
  let savedAtMs: number | undefined;
  let end: number | undefined;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const value = parse(line, number);
    if (savedAtMs === undefined) savedAtMs = readHeader(value, source);
    else if (end !== undefined) throw new SnapshotError(`expected nothing after the last line, found line ${number}`);
    else if (isRecord(value) && typeof value.end === 'number') end = value.end;
    else {
      const change = decode(value);
      if (change === undefined)
        throw new SnapshotError(`expected something that ${source} states, found line ${number}`);
      changes.push(change);
    }
  }
  if (savedAtMs === undefined || end !== changes.length)
    throw new SnapshotError(`expected a file that was written to its end, found one of ${number} lines without it`);
  return { changes, seenAtMs: Math.max(savedAtMs, stat.mtimeMs) };
}

/** Notes that a source is known to be still as its file says. */
export function touchSnapshot(path: string, nowMs: number): void {
  try {
    utimesSync(path, nowMs / 1000, nowMs / 1000);
  } catch {
    // There may be none yet, and whoever has taken it away is told when it is written next.
  }
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new SnapshotError(`expected JSON, found something else in line ${number}`);
  }
}

/** Yields when the file was written. */
function readHeader(value: unknown, source: string): number {
  if (!isRecord(value) || value.format !== format)
    throw new SnapshotError(`expected a file that Fairway has written, found ${describe(value)}`);
  if (value.version !== version)
    throw new SnapshotError(`expected version ${version} of the format, found ${describe(value.version)}`);
  if (value.source !== source || typeof value.savedAtMs !== 'number')
    throw new SnapshotError(`expected what ${source} said, found that of ${describe(value.source)}`);
  return value.savedAtMs;
}
