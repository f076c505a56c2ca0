/** Reviews are judged in a thread of their own, which has a bound on time and memory: proxies are served meanwhile. */
import { BoundedThread, moduleBeside } from '../lib/bounded-thread.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Answer, type Identified, refuseCostly } from './judge.ts';
import type { MeshConfigPlace } from './verdict.ts';

export interface JudgeThreadOptions {
  readonly meshConfig: MeshConfigPlace;
  readonly log: Log;
  readonly clock?: Clock;
  /** How long one review may take to judge, in milliseconds. An API server waits for five seconds, as our configuration asks. */
  readonly budgetMs?: number;
  /**
   * How much memory objects may take while they are judged, in MiB. An object has a MiB and a half at most; read and decoded
   * it is some twenty times as large.
   */
  readonly heapMb?: number;
}

/** No verdict, and why; the API server does then what its `failurePolicy` says. */
export interface NoVerdict {
  readonly reason: string;
}

export class JudgeThread {
  readonly #thread: BoundedThread<Uint8Array, Identified, Answer>;
  readonly #log: Log;

  constructor({ meshConfig, log, clock, budgetMs = 3000, heapMb = 256 }: JudgeThreadOptions) {
    this.#log = log;
    this.#thread = new BoundedThread({
      module: moduleBeside('judge-thread', import.meta.url),
      workerData: meshConfig,
      questions: 'reviews',
      log,
      ...(clock === undefined ? {} : { clock }),
      budgetMs,
      heapMb,
    });
  }

  /**
   * Judges the body of a request. What could not be judged to its end is refused if that much is
   * known of it. Whoever has lost interest says so by the signal. Never rejected.
   */
  async judge(body: Uint8Array, signal: AbortSignal): Promise<Answer | NoVerdict> {
    const outcome = await this.#thread.ask(body, signal);
    if ('answer' in outcome) return outcome.answer;
    if ('reason' in outcome) return outcome;
    const { exceeded: bound, note: found } = outcome;
    if (found === undefined) return { reason: `not read within ${bound}` };
    const resource = `${found.kind} ${found.namespace}/${found.name}`;
    this.#log.warn('an object could not be checked to its end', { bound, resource });
    return refuseCostly(found, bound);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
