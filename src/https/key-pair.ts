/** Which certificate and key a server presents. */
import { expiryOf, type Fault, pairFaults } from '../model/certificate.ts';
import type { Problem } from '../model/problem.ts';

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
  /** In milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** The texts of two files, or why one cannot be read. */
export interface PairTexts {
  readonly certificate: string | Problem;
  readonly key: string | Problem;
}

export interface JudgedPair {
  /** Absent when it cannot be presented. */
  readonly pair?: KeyPair;
  /** What is wrong or soon will be, each in one line with its code; never a word of the key. */
  readonly faults: readonly string[];
}

export function judgePair({ certificate, key }: PairTexts, nowMs: number): JudgedPair {
  if (typeof certificate !== 'string' || typeof key !== 'string')
    return { faults: [certificate, key].flatMap((text) => (typeof text === 'string' ? [] : [lineOf(text)])) };
  const found = pairFaults(certificate, key, nowMs);
  const faults = found.map(lineOf);
  const expiresMs = expiryOf(certificate);
  if (expiresMs === undefined || found.some(({ isRefused }) => isRefused)) return { faults };
  return { pair: { certificate, key, expiresMs }, faults };
}

function lineOf({ code, message, file }: Pick<Fault, 'code' | 'message'> & { readonly file?: string }): string {
  return `${file === undefined ? '' : `${file}: `}${message} [${code}]`;
}
