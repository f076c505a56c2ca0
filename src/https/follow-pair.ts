/** The files with a server's certificate and key, looked at for as long as it runs. */
import { type Signature, sameSignature, signatureOf } from '../files/scan.ts';
import { readText } from '../files/text.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import { judgePair, type KeyPair, type PairTexts } from './key-pair.ts';

export interface FollowPairOptions {
  /** What presents it, as the log calls it: `webhook`. */
  readonly server: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** Gets each pair that can be presented: at once, and whenever another one has come. */
  readonly take: (pair: KeyPair) => void;
  readonly log: Log;
  readonly clock?: Clock;
  /** The time of day, by which certificates expire. */
  readonly now?: () => number;
}

/** A new certificate comes with weeks to spare. */
const everyMs = 1000;
/** What time alone turns bad is days away. */
const rejudgeMs = 60 * 60 * 1000;

/**
 * Follows two files, through links as Kubernetes swaps them. Files are read when two looks have found them the same, so
 * that a pair which is being written is not taken for one that does not fit. A pair that cannot be presented leaves the one
 * before in use.
 */
export function followPair(options: FollowPairOptions, signal: AbortSignal): void {
  const { certPath, keyPath, clock = systemClock, now = Date.now } = options;
  const judged = new PairInUse(options);
  let seen = look();
  let read = seen;
  let texts = readTexts();
  let judgedMs = clock.now();
  judged.judge(texts, now());

  function look(): readonly (Signature | undefined)[] {
    return [certPath, keyPath].map(signatureOf);
  }
  function readTexts(): PairTexts {
    return { certificate: readText(certPath), key: readText(keyPath) };
  }
  const again = () => {
    const found = look();
    const isNew = !sameAll(found, read) && sameAll(found, seen);
    seen = found;
    if (isNew) {
      read = found;
      texts = readTexts();
    }
    if (isNew || clock.now() - judgedMs >= rejudgeMs) {
      judgedMs = clock.now();
      judged.judge(texts, now());
    }
    cancel = clock.after(everyMs, again);
  };
  let cancel = clock.after(everyMs, again);
  signal.addEventListener('abort', () => cancel());
}

function sameAll(a: readonly (Signature | undefined)[], b: readonly (Signature | undefined)[]): boolean {
  return a.every((one, i) => sameSignature(one, b[i]));
}

/** Remembers the pair in use and what was said last, so that nothing is said twice. */
class PairInUse {
  readonly #options: Pick<FollowPairOptions, 'server' | 'take' | 'log'>;
  #pair: KeyPair | undefined;
  #said = '';

  constructor(options: Pick<FollowPairOptions, 'server' | 'take' | 'log'>) {
    this.#options = options;
  }

  judge(texts: PairTexts, nowMs: number): void {
    const { server, log, take } = this.#options;
    const { pair, faults } = judgePair(texts, nowMs);
    const said = faults.join('; ');
    const otherwise = this.#pair === undefined ? 'nobody is answered until one comes' : 'the one before stays in use';
    if (said !== this.#said && said !== '') {
      if (pair !== undefined) log.warn(`the ${server}'s certificate: ${said}`);
      else log.error(`the ${server}'s certificate: ${said}; ${otherwise}`);
    }
    this.#said = said;
    if (pair === undefined || equal(pair, this.#pair)) return;
    this.#pair = pair;
    log.info(`the ${server} presents a certificate that expires on ${new Date(pair.expiresMs).toISOString()}`);
    take(pair);
  }
}
