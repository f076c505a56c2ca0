/** Reviews are judged in a thread of their own, which has a bound on time and memory: proxies are served meanwhile. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Answer, type Identified, refuseCostly } from './judge.ts';
import type { Said } from './judge-thread.ts';
import type { MeshConfigPlace } from './verdict.ts';

export interface JudgeThreadOptions {
  readonly meshConfig: MeshConfigPlace;
  readonly log: Log;
  readonly clock?: Clock;
  /** How long one review may take to judge, in milliseconds. */
  readonly budgetMs?: number;
  /** How much memory objects may take while they are judged, in MiB. */
  readonly heapMb?: number;
}

/** No verdict, and why; the API server does then what its `failurePolicy` says. */
export interface NoVerdict {
  readonly reason: string;
}

/** An API server waits for five seconds, as our configuration asks. */
const usualBudgetMs = 3000;
/** An object has a MiB and a half at most; read and decoded it is some twenty times as large. */
const usualHeapMb = 256;
/** Reviews take milliseconds: more than this wait only when something is wrong. */
const mostWaiting = 64;
/** Before a thread that did not even start is started again, in milliseconds. */
const restartMs = 1000;

interface Job {
  readonly body: Uint8Array;
  readonly settle: (answer: Answer | NoVerdict) => void;
  identified?: Identified;
}

export class JudgeThread {
  readonly #options: JudgeThreadOptions;
  readonly #budgetMs: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<Job>();
  #worker: Worker | undefined;
  #isReady = false;
  #isClosed = false;
  #job: Job | undefined;
  #cancel: Cancel = () => {};

  constructor(options: JudgeThreadOptions) {
    this.#options = options;
    this.#budgetMs = options.budgetMs ?? usualBudgetMs;
    this.#clock = options.clock ?? systemClock;
    this.#start();
  }

  /** Judges the body of a request, which the thread takes over. Whoever has lost interest says so by the signal. Never rejected. */
  judge(body: Uint8Array, signal: AbortSignal): Promise<Answer | NoVerdict> {
    if (this.#isClosed) return Promise.resolve({ reason: 'the webhook is stopping' });
    if (this.#waiting.size >= mostWaiting)
      return Promise.resolve({ reason: `${mostWaiting} reviews are waiting already` });
    return new Promise((resolve) => {
      const job: Job = { body, settle: resolve };
      this.#waiting.add(job);
      signal.addEventListener('abort', () => {
        if (this.#waiting.delete(job)) resolve({ reason: 'nobody waits for the verdict any more' });
      });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { settle } of this.#waiting) settle({ reason: 'the webhook is stopping' });
    this.#waiting.clear();
    this.#settle({ reason: 'the webhook is stopping' });
    await this.#worker?.terminate();
  }

  #start(): void {
    const { heapMb = usualHeapMb, meshConfig } = this.#options;
    const name = import.meta.url.endsWith('.ts') ? './judge-thread.ts' : './judge-thread.js';
    const worker = new Worker(new URL(name, import.meta.url), {
      workerData: meshConfig,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    worker.on('message', (said: Said) => this.#hear(said));
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, undefined));
    this.#worker = worker;
  }

  #next(): void {
    if (!this.#isReady || this.#job !== undefined) return;
    const [job] = this.#waiting;
    if (job === undefined) return;
    this.#waiting.delete(job);
    this.#job = job;
    this.#cancel = this.#clock.after(this.#budgetMs, () => this.#giveUp());
    this.#worker?.postMessage(job.body);
  }

  #hear(said: Said): void {
    if ('ready' in said) this.#isReady = true;
    else if ('identified' in said) {
      if (this.#job !== undefined) this.#job.identified = said.identified;
      return;
    } else if ('answer' in said) this.#settle(said.answer);
    else {
      this.#options.log.error('a review failed', { error: said.error });
      this.#settle({ reason: 'internal error; the log says more' });
    }
    this.#next();
  }

  #settle(answer: Answer | NoVerdict): void {
    this.#cancel();
    this.#job?.settle(answer);
    this.#job = undefined;
  }

  /** Ends the thread: nothing else stops what it does. */
  #giveUp(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker, undefined, `${this.#budgetMs / 1000} s`);
    void worker.terminate();
  }

  /** The thread has ended, by its memory or its time; what it was about is refused if that much is known of it. */
  #lose(worker: Worker, error: unknown, bound = 'the memory there is for it'): void {
    if (worker !== this.#worker || this.#isClosed) return;
    const { log } = this.#options;
    const job = this.#job;
    const wasReady = this.#isReady;
    this.#worker = undefined;
    this.#isReady = false;
    const found = job?.identified;
    const fields = error === undefined ? { bound } : { bound, error };
    if (job === undefined) log.error('the thread for reviews has ended', fields);
    else if (found === undefined) log.warn('a review could not be read to its end', fields);
    else
      log.warn('an object could not be checked to its end', {
        ...fields,
        resource: `${found.kind} ${found.namespace}/${found.name}`,
      });
    this.#settle(found === undefined ? { reason: `not read within ${bound}` } : refuseCostly(found, bound));
    if (wasReady) this.#start();
    else this.#clock.after(restartMs, () => this.#isClosed || this.#start());
  }
}
