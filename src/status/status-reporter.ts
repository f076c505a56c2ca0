/**
 * Statuses from when this process becomes the leader until it is so no longer: all objects are looked at once, then each
 * whenever something about it changes.
 *
 *      objects of the cluster ─┐
 *      problems of objects ────┼─► touched ─► writer
 *      cells of effects ───────┘
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { Graph, Watch } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import { objectKey } from '../model/kubernetes-object.ts';
import type { OriginKey } from '../model/origin.ts';
import type { ClusterObject } from './cluster-objects.ts';
import type { Statement } from './condition.ts';
import { type Effect, effectKey } from './effect.ts';
import { statementsOf } from './statements.ts';
import { StatusWriter, type StatusWriterOptions } from './status-writer.ts';

export interface StatusReporterOptions extends Omit<StatusWriterOptions, 'judge'> {
  readonly graph: Graph;
  readonly effects: Query<OriginKey, Effect | undefined>;
  readonly diagnostics: Diagnostics;
}

/** For so long at a time cells are worked out, in milliseconds: a leader that is new serves proxies all the same. */
const turnMs = 5;

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #writer: StatusWriter;
  readonly #watches = new Map<string, Watch<Effect | undefined>>();
  readonly #stop = new AbortController();
  readonly #unwatch: readonly (() => void)[];

  /** Starts at once. */
  constructor(options: StatusReporterOptions) {
    this.#options = options;
    const { objects, diagnostics, clock } = options;
    this.#writer = new StatusWriter({ ...options, judge: (object) => this.#judge(object) });
    this.#unwatch = [
      objects.watch((key) => this.#changed(key)),
      diagnostics.watch((part) => {
        if (objects.get(part) !== undefined) this.#writer.touch(part);
      }),
    ];
    void this.#lookAtAll([...objects.keys()], clock);
  }

  /** Writes nothing more and lets go of everything. */
  close(): void {
    this.#stop.abort();
    this.#writer.close();
    for (const unwatch of this.#unwatch) unwatch();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  async #lookAtAll(keys: readonly string[], clock: Clock): Promise<void> {
    let turnEndsMs = clock.now() + turnMs;
    for (const key of keys) {
      if (this.#stop.signal.aborted) return;
      this.#changed(key);
      if (clock.now() < turnEndsMs) continue;
      await delay(clock, 0, this.#stop.signal);
      turnEndsMs = clock.now() + turnMs;
    }
  }

  #changed(key: string): void {
    const object = this.#options.objects.get(key);
    if (object === undefined) {
      this.#watches.get(key)?.close();
      this.#watches.delete(key);
    } else if (!this.#watches.has(key)) {
      const { graph, effects } = this.#options;
      this.#watches.set(
        key,
        graph.watch(effects, effectKey(object), () => this.#writer.touch(key)),
      );
    }
    this.#writer.touch(key);
  }

  #judge(object: ClusterObject): readonly Statement[] | undefined {
    const key = objectKey(object);
    const watch = this.#watches.get(key);
    if (watch === undefined) return undefined;
    return statementsOf({ object, problems: this.#options.diagnostics.of(key), effect: watch.value });
  }
}
