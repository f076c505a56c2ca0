/**
 * One question, asked again and again so that each answer comes when there is something newer: the rules of Consul's and
 * Nomad's blocking queries (Consul's documentation, "Blocking queries"; observed on Consul 1.8.7 and Nomad 2.0).
 *
 *      first answer ─► wait for what is newer than its index ─► answer ─► …      a fault ─► wait a while ─► ask
 */
import type { Backoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import { AccessError } from '../lib/server-access.ts';
import { type Query, type QueryAnswer, type QueryClient, QueryError } from './client.ts';

export interface BlockingQueryOptions {
  readonly client: Pick<QueryClient, 'get'>;
  readonly query: Omit<Query, 'wait' | 'signal'>;
  /** The index of what is known already, from earlier questions. */
  readonly knownIndex?: number;
  /** How long the server may let one question wait, in milliseconds. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Every good answer, whether or not it differs. When it throws, the answer counts as a fault. */
  readonly onAnswer: (answer: QueryAnswer) => void;
  /** The index went back: the server may have forgotten what it knew. What it says now follows, without a wait. */
  readonly onReset: () => void;
  readonly onFault: (reason: string, error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Answers that come faster than this, in milliseconds, are not asked for again at once: an index may move all the time. */
const leastPeriodMs = 100;
/** So many answers may come at once before that. */
const burst = 2;

/** A server that has too much to do is left alone for so long, in milliseconds, when it does not say how long itself. */
const respiteMs = 1000;
/** No server can ask for more, in milliseconds. */
const mostRespiteMs = 60_000;

/** Resolves when the signal aborts; never rejected. */
export async function blockingQuery(options: BlockingQueryOptions): Promise<void> {
  const { clock, backoff, knownIndex = 0, onAnswer, onReset, onFault, signal } = options;
  const tokens = new TokenBucket(clock);
  let known = knownIndex;
  /** What the next answer has to be newer than; undefined when any will do. */
  let index: number | undefined;
  while (!signal.aborted) {
    try {
      const pauseMs = tokens.take();
      if (pauseMs > 0) await delay(clock, pauseMs, signal);
      if (signal.aborted) return;
      const answer = await ask(options, index);
      if (signal.aborted) return;
      const hasWaited = index !== undefined;
      const next = answer.index ?? 0;
      // A server with another past would let the old index wait for as long as it takes to come there again.
      index = undefined;
      if (next < known) {
        known = 0;
        onReset();
        if (hasWaited) continue;
      }
      onAnswer(answer);
      backoff.reset();
      // An index of 0 would not wait at all.
      index = known = Math.max(1, next);
    } catch (error) {
      if (signal.aborted) return;
      onFault((error as Error).message, error);
      // Whoever answers an error may answer from another past next time.
      index = undefined;
      await delay(clock, Math.max(backoff.next(), respiteAskedFor(error)), signal);
    }
  }
}

function ask({ client, query, waitMs, signal }: BlockingQueryOptions, index: number | undefined): Promise<QueryAnswer> {
  return client.get({ ...query, signal, ...(index === undefined ? {} : { wait: { index, ms: waitMs } }) });
}

/** How long to leave alone, in milliseconds, who has answered so. A credential that cannot be read is not looked for all the time. */
export function respiteAskedFor(error: unknown): number {
  if (error instanceof AccessError) return respiteMs;
  if (!(error instanceof QueryError)) return 0;
  const { status, retryAfterMs = status === 429 || status === 503 ? respiteMs : 0 } = error;
  return Math.min(retryAfterMs, mostRespiteMs);
}

/** Says how long to wait before the next question, in milliseconds. */
class TokenBucket {
  readonly #clock: Clock;
  #tokens = burst;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  take(): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#atMs) / leastPeriodMs) - 1;
    this.#atMs = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens * leastPeriodMs;
  }
}
