/**
 * A catalog that somebody else has written, as one of our own.
 *
 *      adapter (a thread) ─► what it says has the form it should ─► run again when it fails ─► as any other catalog
 */
import { systemClock } from '../../lib/clock.ts';
import type { Catalog, CatalogChange } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { VisibilityLog } from '../../source/visibility-log.ts';
import { AdapterThread, type AdapterThreadOptions } from './adapter-thread.ts';
import { checkedAnswer, checkedSink } from './checked-sink.ts';
import { restartedCatalog } from './restarted-catalog.ts';

/** Loads an adapter. Rejected with AdapterError when there is no catalog to be had. */
export async function adapterCatalog(options: AdapterThreadOptions): Promise<Catalog> {
  let thread = new AdapterThread(options);
  const { name, kind, canReread } = await thread.created.catch(async (error: unknown) => {
    await thread.close();
    throw error;
  });
  const visibility = new VisibilityLog({ name, log: options.log, clock: systemClock });
  let isUsed = false;
  const catalog: Catalog = {
    name,
    kind,
    async run(sink, signal) {
      // The first thread is there already.
      if (isUsed) thread = new AdapterThread(options);
      isUsed = true;
      const running = thread;
      try {
        await running.created;
      } catch (error) {
        await running.close();
        throw error;
      }
      await running.run(checkedSink({ name, kind }, noting(sink, visibility)), signal);
    },
    ...(canReread
      ? {
          reread: async (service: string, signal: AbortSignal) =>
            checkedAnswer({ name, kind }, service, await thread.reread(service, signal)),
        }
      : {}),
  };
  return restartedCatalog(catalog, { log: options.log, clock: systemClock, random: Math.random, now: Date.now });
}

/** A sink that also tells the log whether the platform can be seen. */
function noting(sink: Sink<CatalogChange>, visibility: VisibilityLog): Sink<CatalogChange> {
  return {
    ...sink,
    freshness(freshness) {
      if (freshness.state === 'stale') visibility.lost('services', freshness.reason);
      else visibility.seen('services');
      sink.freshness(freshness);
    },
  };
}
