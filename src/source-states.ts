/** How the sources of a control plane are doing, and what the log is told of those that nobody has seen for long. */
import type { Log } from './lib/log.ts';
import { someOf } from './lib/some-of.ts';
import type { Freshness } from './model/source.ts';
import { lostAfterMs, visibilityAt } from './source/visibility.ts';

export interface SourceState {
  readonly name: string;
  /** The cluster whose objects it reports. */
  readonly cluster: string;
  /** The registry that stands on it: `kubernetes/CLUSTER`, `files`, or the name of a catalog. */
  readonly registry: string;
  isSynced: boolean;
  freshness: Freshness;
  /** How many instances are in force that a catalog does not name any more; undefined for what is no catalog. */
  held: number | undefined;
}

export interface SourceStatesOptions {
  readonly log: Log;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
}

export class SourceStates {
  readonly all: SourceState[] = [];
  readonly #options: SourceStatesOptions;
  /** Those whose loss has been told. */
  readonly #lost = new Set<SourceState>();

  constructor(options: SourceStatesOptions) {
    this.#options = options;
  }

  /** A source that has said nothing yet. */
  add(source: Pick<SourceState, 'name' | 'cluster' | 'registry' | 'held'>): SourceState {
    const state: SourceState = { ...source, isSynced: false, freshness: { state: 'live' } };
    this.all.push(state);
    return state;
  }

  removeCluster(cluster: string): void {
    const left = this.all.filter((source) => source.cluster !== cluster);
    this.all.splice(0, this.all.length, ...left);
  }

  /** Tells the log which sources are lost by now, once of each, and one line for those with the same reason: call it now and then. */
  noteLost(): void {
    const { log, now } = this.#options;
    const lost = this.all.flatMap((source) => {
      const visibility = visibilityAt(source.freshness, now());
      if (visibility.state === 'lost') return this.#lost.has(source) ? [] : [{ source, reason: visibility.reason }];
      this.#lost.delete(source);
      return [];
    });
    for (const group of Map.groupBy(lost, ({ source, reason }) => `${source.registry}: ${reason}`).values()) {
      const names = someOf(group.map(({ source }) => source.name));
      const [{ source: one, reason } = { source: undefined, reason: '' }] = group;
      const message = `${names}: not seen for ${lostAfterMs / 60_000} minutes; what is known stays in force: ${reason}`;
      log.error(message, one === undefined ? {} : { registry: one.registry });
      for (const { source } of group) this.#lost.add(source);
    }
  }
}
