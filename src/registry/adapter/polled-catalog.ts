/**
 * A catalog over a platform that can only be read as a whole: it is read again and again, and what differs is reported.
 *
 *      read ─► compared with the last one ─► what is new, different, gone
 *       └── fails ─► stale, with the reason; what was known stays ─► read again, ever less often ─► live
 */
import { backoff } from '../../lib/backoff.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import { equal } from '../../lib/equal.ts';
import type { Catalog, CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Problem } from '../../model/problem.ts';
import type { Sink } from '../../model/source.ts';

/** What one reading says of a service: what it is, or why that cannot be told. */
export type ReadService = CatalogService | { readonly fault: string };

export interface PolledCatalogOptions {
  readonly name: string;
  /** What messages call its services: `HttpJsonService`. */
  readonly kind: string;
  /**
   * Reads all services there are, by name; undefined when nothing has changed since the last time, which may be said after a long
   * wait. A service with a fault stays as it was known, and the fault is told. Rejected with an Error that says why the platform
   * cannot be read; it is aborted when nobody wants the answer any more.
   */
  readonly read: (signal: AbortSignal) => Promise<ReadonlyMap<string, ReadService> | undefined>;
  /** One service as the platform holds it now, past every cache; undefined for none. For `Catalog.reread`. */
  readonly reread?: (name: string, signal: AbortSignal) => Promise<CatalogService | undefined>;
  /** Between the end of a reading and the next one, in milliseconds. */
  readonly intervalMs: number;
  /** How long a reading may take, in milliseconds; 60 s when absent. */
  readonly mostMs?: number;
  readonly clock?: Clock;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
}

/** Delays after readings that failed, in milliseconds. */
const retries = { firstMs: 200, mostMs: 10_000 };

export function polledCatalog(options: PolledCatalogOptions): Catalog {
  const { name, kind, read, reread, intervalMs, clock = systemClock, random = Math.random, mostMs = 60_000 } = options;
  return {
    name,
    kind,
    ...(reread === undefined ? {} : { reread }),
    async run(sink, signal) {
      const readings = new Readings({ name, kind }, sink);
      const waits = backoff({ ...retries, random });
      while (!signal.aborted) {
        let waitMs = intervalMs;
        try {
          const found = await read(AbortSignal.any([signal, AbortSignal.timeout(mostMs)]));
          if (signal.aborted) return;
          readings.take(found);
          waits.reset();
        } catch (error) {
          if (signal.aborted) return;
          readings.fail(error instanceof Error ? error.message : String(error));
          waitMs = waits.next();
        }
        await delay(clock, waitMs, signal);
      }
    },
  };
}

class Readings {
  readonly #about: Pick<Catalog, 'name' | 'kind'>;
  readonly #sink: Sink<CatalogChange>;
  /** What has been reported. */
  readonly #known = new Map<string, CatalogService>();
  readonly #faults = new Map<string, string>();
  #isSynced = false;
  #staleSinceMs: number | undefined;

  constructor(about: Pick<Catalog, 'name' | 'kind'>, sink: Sink<CatalogChange>) {
    this.#about = about;
    this.#sink = sink;
  }

  /** Takes what was read; undefined for the same as before. */
  take(found: ReadonlyMap<string, ReadService> | undefined): void {
    if (found !== undefined) this.#report(found);
    else if (!this.#isSynced) throw new Error('expected services, found no change since nothing');
    if (this.#staleSinceMs !== undefined) this.#sink.freshness({ state: 'live' });
    this.#staleSinceMs = undefined;
    if (!this.#isSynced) this.#sink.synced();
    this.#isSynced = true;
  }

  fail(reason: string): void {
    this.#staleSinceMs ??= Date.now();
    this.#sink.freshness({ state: 'stale', sinceMs: this.#staleSinceMs, reason });
  }

  #report(found: ReadonlyMap<string, ReadService>): void {
    const changes: CatalogChange[] = [];
    for (const [name, service] of found) {
      if ('fault' in service) this.#tell(name, service.fault);
      else {
        this.#tell(name, undefined);
        if (equal(this.#known.get(name), service)) continue;
        this.#known.set(name, service);
        changes.push({ name, service });
      }
    }
    for (const name of this.#faults.keys()) if (!found.has(name)) this.#tell(name, undefined);
    for (const name of this.#known.keys()) {
      if (found.has(name)) continue;
      this.#known.delete(name);
      changes.push({ name, service: undefined });
    }
    if (changes.length > 0) this.#sink.apply(changes);
  }

  #tell(name: string, fault: string | undefined): void {
    if (this.#faults.get(name) === fault) return;
    if (fault === undefined) this.#faults.delete(name);
    else this.#faults.set(name, fault);
    this.#sink.problems(name, fault === undefined ? [] : [unreadable(this.#about, name, fault)]);
  }
}

/** The problem of a service that an adapter cannot read: `message` says what was expected and what was found. */
export function unreadable(
  { name: cluster, kind }: Pick<Catalog, 'name' | 'kind'>,
  service: string,
  message: string,
): Problem {
  const object = { kind, namespace: '', name: service, cluster };
  return { code: 'FW3140', severity: 'error', message, path: '', object };
}
