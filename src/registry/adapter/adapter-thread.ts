/** An adapter in a thread of its own, seen from outside: whatever it does, it ends no more than its thread. */
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../../lib/bounded-thread.ts';
import type { Log } from '../../lib/log.ts';
import type { Catalog, CatalogChange } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { AdapterError } from './load.ts';
import type { Said, ThreadData, Told } from './messages.ts';

export interface AdapterThreadOptions extends ThreadData {
  readonly log: Log;
}

/** What an adapter has made. */
export type Created = Pick<Catalog, 'name' | 'kind'> & { readonly canReread: boolean };

/** How long a module may take to load, in milliseconds: whoever opens connections there waits for ever. */
const loadMs = 20_000;
/** How long an adapter that is told to end may take, in milliseconds. */
const endMs = 2000;
/** In MiB: some ten times what 1,000 services of 20 instances take. */
const heapMb = 512;

interface Question {
  readonly resolve: (service: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class AdapterThread {
  readonly created: Promise<Created>;
  readonly #log: Log;
  readonly #worker: Worker;
  readonly #created = Promise.withResolvers<Created>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #questions = new Map<number, Question>();
  #sink: Sink<CatalogChange> | undefined;
  #count = 0;
  /** Why nothing more comes; undefined while something may. */
  #failure: string | undefined;

  /** `created` is rejected with AdapterError when there is no catalog. */
  constructor({ log, ...data }: AdapterThreadOptions) {
    this.#log = log;
    this.created = this.#created.promise;
    // Whether anybody waits for them depends on how far it comes.
    this.created.catch(() => {});
    this.#ended.promise.catch(() => {});
    const workerData: ThreadData = data;
    this.#worker = new Worker(moduleBeside('thread', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    const isLate = setTimeout(() => this.#fail(`not loaded within ${loadMs / 1000} s`), loadMs).unref();
    const isThere = () => {
      clearTimeout(isLate);
      // Somebody waits for the catalog; what it says later holds no process.
      this.#worker.unref();
    };
    void this.created.then(isThere, isThere);
    this.#worker.on('message', (said: Said) => this.#hear(said));
    this.#worker.on('messageerror', (error) => this.#fail(error.message));
    let reason = 'its thread has ended';
    this.#worker.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    // It comes after an error too, and after all that the thread said before it: 'error' may come before.
    this.#worker.on('exit', () => this.#fail(reason));
  }

  /** Once for a thread. Resolves when the adapter does, or a while after the signal has aborted; rejected when it fails. */
  async run(sink: Sink<CatalogChange>, signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    const onAbort = () => {
      this.#sink = undefined;
      this.#tell({ abort: true });
      setTimeout(() => this.#ended.resolve(), endMs).unref();
    };
    signal.addEventListener('abort', onAbort);
    try {
      this.#tell({ run: true });
      if (signal.aborted) onAbort();
      await this.#ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#sink = undefined;
      await this.close();
    }
  }

  /** What the adapter says of one service when it is asked; rejected when it cannot say. */
  async reread(name: string, signal: AbortSignal): Promise<unknown> {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    const number = this.#count;
    this.#count += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#questions.set(number, { resolve, reject });
    const forget = () => {
      this.#tell({ forget: number });
      reject(new Error('nobody waits for the answer any more'));
    };
    signal.addEventListener('abort', forget);
    this.#tell({ reread: name, number });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', forget);
      this.#questions.delete(number);
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(told: Told): void {
    this.#worker.postMessage(told);
  }

  #hear(said: Said): void {
    if ('created' in said) this.#created.resolve(said.created);
    else if ('refused' in said) this.#created.reject(new AdapterError(said.refused));
    else if ('call' in said) this.#call(said);
    else if ('log' in said) this.#log[said.log](said.message, said.fields ?? {});
    else if ('ended' in said) {
      if (said.error === undefined) this.#ended.resolve();
      else this.#ended.reject(new Error(said.error));
    } else if (said.error === undefined) this.#questions.get(said.answered)?.resolve(said.service);
    else this.#questions.get(said.answered)?.reject(new Error(said.error));
  }

  #call({ call, args }: Extract<Said, { call: unknown }>): void {
    (this.#sink?.[call] as ((...args: readonly unknown[]) => void) | undefined)?.(...args);
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#created.reject(new AdapterError(reason));
    this.#ended.reject(new Error(reason));
    for (const { reject } of this.#questions.values()) reject(new Error(reason));
  }
}
