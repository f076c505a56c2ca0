/** Computing that nothing on its own thread could end, in another one with a bound on time and memory. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, systemClock } from './clock.ts';
import type { Log } from './log.ts';

export interface BoundedThreadOptions {
  /** The module that runs in it, which says `Said`. */
  readonly module: URL;
  readonly workerData?: unknown;
  /** What it is asked, as people read it: `reviews`. */
  readonly questions: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** How long one question may take, in milliseconds. */
  readonly budgetMs: number;
  /** How much memory a question may take, in MiB. */
  readonly heapMb: number;
}

/** What the module says. */
export type Said<Note, Answer> =
  /** The next question may come. */
  | { readonly ready: true }
  /** Worth knowing of the question that is being answered, should there never be an answer. */
  | { readonly note: Note }
  | { readonly answer: Answer }
  /** A bug of ours. */
  | { readonly error: string };

export type Outcome<Note, Answer> =
  | { readonly answer: Answer }
  /** There is no answer within the bound, which is in words. */
  | { readonly exceeded: string; readonly note?: Note }
  /** It was not tried, or failed, and why. */
  | { readonly reason: string };

/** Questions take milliseconds: more than this wait only when something is wrong. */
const mostWaiting = 64;
/** Before a thread that did not even start is started again, in milliseconds. */
const restartMs = 1000;

interface Job<Question, Note, Answer> {
  readonly question: Question;
  readonly settle: (outcome: Outcome<Note, Answer>) => void;
  note?: Note;
}

/** Answers one question after the other. */
export class BoundedThread<Question, Note, Answer> {
  readonly #options: BoundedThreadOptions;
  readonly #clock: Clock;
  readonly #waiting = new Set<Job<Question, Note, Answer>>();
  readonly #stopping = { reason: 'the server is stopping' };
  #worker: Worker | undefined;
  #isReady = false;
  #isClosed = false;
  #job: Job<Question, Note, Answer> | undefined;
  #cancel: Cancel = () => {};

  constructor(options: BoundedThreadOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#start();
  }

  /** Asks what can be cloned into the thread. Whoever has lost interest says so by the signal. Never rejected. */
  ask(question: Question, signal: AbortSignal): Promise<Outcome<Note, Answer>> {
    if (this.#isClosed) return Promise.resolve(this.#stopping);
    if (this.#waiting.size >= mostWaiting)
      return Promise.resolve({ reason: `${mostWaiting} ${this.#options.questions} are waiting already` });
    return new Promise((resolve) => {
      const job: Job<Question, Note, Answer> = { question, settle: resolve };
      this.#waiting.add(job);
      signal.addEventListener('abort', () => {
        if (this.#waiting.delete(job)) resolve({ reason: 'nobody waits for the answer any more' });
      });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { settle } of this.#waiting) settle(this.#stopping);
    this.#waiting.clear();
    this.#settle(this.#stopping);
    await this.#worker?.terminate();
  }

  #start(): void {
    const { module, heapMb, workerData } = this.#options;
    const worker = new Worker(module, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    worker.on('message', (said: Said<Note, Answer>) => this.#hear(said));
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
    this.#cancel = this.#clock.after(this.#options.budgetMs, () => this.#giveUp());
    this.#worker?.postMessage(job.question);
  }

  #hear(said: Said<Note, Answer>): void {
    if ('ready' in said) this.#isReady = true;
    else if ('note' in said) {
      if (this.#job !== undefined) this.#job.note = said.note;
      return;
    } else if ('answer' in said) this.#settle({ answer: said.answer });
    else {
      const { log, questions } = this.#options;
      log.error(`the thread for ${questions} failed`, { error: said.error });
      this.#settle({ reason: 'internal error; the log says more' });
    }
    this.#next();
  }

  #settle(outcome: Outcome<Note, Answer>): void {
    this.#cancel();
    this.#job?.settle(outcome);
    this.#job = undefined;
  }

  /** Ends the thread: nothing else stops what it does. */
  #giveUp(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker, undefined, `${this.#options.budgetMs / 1000} s`);
    void worker.terminate();
  }

  /** The thread has ended, by its memory or its time; whoever asked is told what was noted until then. */
  #lose(worker: Worker, error: unknown, bound = 'the memory there is for it'): void {
    if (worker !== this.#worker || this.#isClosed) return;
    const { log, questions } = this.#options;
    const wasReady = this.#isReady;
    this.#worker = undefined;
    this.#isReady = false;
    const fields = error === undefined ? { bound } : { bound, error };
    const job = this.#job;
    if (job === undefined) log.error(`the thread for ${questions} has ended`, fields);
    else log.warn(`one of the ${questions} could not be answered`, fields);
    this.#settle(job?.note === undefined ? { exceeded: bound } : { exceeded: bound, note: job.note });
    if (wasReady) this.#start();
    else this.#clock.after(restartMs, () => this.#isClosed || this.#start());
  }
}

/** The module beside another one, as source or compiled. */
export function moduleBeside(name: string, importer: string): URL {
  return new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}
