/** A single YAML file that is read again whenever it changes. */
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Finding } from '../model/decode.ts';
import type { Problem } from '../model/problem.ts';
import type { Freshness } from '../model/source.ts';
import { isSameFile, type Signature, sameSignature, signatureOf } from './scan.ts';
import { splitDocuments } from './split.ts';
import { endsItsLastLine, readText } from './text.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface YamlFileOptions {
  readonly path: string;
  /** Gets the document at once and after each change, unless it cannot be read. */
  readonly take: (document: YamlDocument) => void;
  /** Gets what is wrong with a file that cannot be read. */
  readonly problems: (problems: readonly Problem[]) => void;
  readonly freshness: (freshness: Freshness) => void;
  /** How often the file is looked at, in milliseconds. */
  readonly everyMs?: number;
  readonly clock?: Clock;
}

/**
 * Reads the file until `signal` aborts. What cannot be read leaves what was read before in force; so does a file that is
 * empty all of a sudden. A file that is written in place is read when two looks have found it the same.
 */
export function followYamlFile(options: YamlFileOptions, signal: AbortSignal): void {
  const { path, everyMs = 250, clock = systemClock } = options;
  let read: Signature | undefined;
  let seen: Signature | undefined;
  let isFirst = true;
  let hasContent = false;
  let isStale = false;
  const note = (isReadable: boolean) => {
    if (isReadable !== isStale) return;
    isStale = !isReadable;
    options.freshness(
      isReadable ? { state: 'live' } : { state: 'stale', sinceMs: Date.now(), reason: `${path} cannot be read` },
    );
  };
  const readNow = () => {
    const document = readDocument(path, hasContent);
    note(!('code' in document) || document.code !== 'FW0010');
    if ('code' in document) {
      options.problems([document]);
      return;
    }
    hasContent = true;
    options.take(document);
  };
  const look = () => {
    const now = signatureOf(path);
    const isWhole = isFirst || now === undefined || sameSignature(seen, now) || isReplacement(path, read, now);
    if ((isFirst || !sameSignature(read, now)) && isWhole) {
      isFirst = false;
      read = now;
      readNow();
    }
    seen = now;
  };
  const lookOn = () => {
    look();
    if (!signal.aborted) cancel = clock.after(everyMs, lookOn);
  };
  let cancel = () => {};
  signal.addEventListener('abort', () => cancel());
  lookOn();
}

/** Findings in a document that is a file of its own, with their lines. */
export function locateInFile(findings: readonly Finding[], file: string, { root }: YamlDocument): readonly Problem[] {
  return findings.map((finding) => {
    const line = root.lineOf(finding.path);
    return { ...finding, file, ...(line === undefined ? {} : { line }) };
  });
}

function isReplacement(path: string, read: Signature | undefined, now: Signature): boolean {
  return read !== undefined && !isSameFile(read, now) && endsItsLastLine(path);
}

function readDocument(path: string, isKnown: boolean): YamlDocument | Problem {
  const problem = ({ code, message, line }: Pick<Problem, 'code' | 'message' | 'line'>): Problem => ({
    code,
    severity: 'error',
    path: '',
    message: `${message}; ${isKnown ? 'what it said before stays in force' : 'waiting for it'}`,
    file: path,
    ...(line === undefined ? {} : { line }),
  });
  const text = readText(path);
  if (typeof text !== 'string') return problem(text);
  if (isKnown && text.trim() === '')
    return problem({ code: 'FW0010', message: 'expected a document, found an empty file' });
  const [first = { text: '', line: 1 }, second] = splitDocuments(text);
  if (second !== undefined)
    return problem({ code: 'FW0001', message: 'expected one document, found another one', line: second.line });
  const document = parseYaml(first);
  return 'code' in document ? problem(document) : document;
}
