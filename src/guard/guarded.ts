import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Catalog } from '../model/catalog.ts';
import { Guard } from './guard.ts';

export interface GuardedOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Told how many instances are in force that the catalog does not name any more, whenever that changes. */
  readonly onHeld: (count: number) => void;
}

/** A catalog that reports what is in force of what another one says. */
export function guarded(catalog: Catalog, options: GuardedOptions): Catalog {
  const { name, kind } = catalog;
  return {
    name,
    kind,
    async run(sink, signal) {
      const guard = new Guard({ catalog, ...options }, sink);
      signal.addEventListener('abort', () => guard.close());
      await catalog.run(
        {
          ...sink,
          apply: (changes) => guard.apply(changes),
          freshness: (freshness) => {
            guard.freshness(freshness);
            sink.freshness(freshness);
          },
        },
        signal,
      );
    },
  };
}
