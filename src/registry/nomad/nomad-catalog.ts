/** A region of Nomad as a catalog of services. docs/nomad.md says what comes of what. */
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { ServerAccess } from '../../lib/server-access.ts';
import type { Catalog } from '../../model/catalog.ts';
import { NomadApi } from './nomad-api.ts';
import { type NomadTimes, NomadWatch } from './nomad-watch.ts';
import { parseNameInCatalog } from './service.ts';

export interface NomadCatalogOptions {
  /** Any server or agent: it passes on what is asked of other regions. */
  readonly access: ServerAccess;
  readonly region: string;
  /** Those that are read; `*` stands for all. */
  readonly namespaces: readonly string[];
  /** Templates of further host names, with `{name}`, `{namespace}` and `{region}`. */
  readonly aliases: readonly string[];
  /** Connections that may be open at a time, at least `leastConnections`. */
  readonly connections: number;
  readonly userAgent: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
  readonly times?: NomadTimes;
}

/** Fewer connections cannot be divided among what is read at the same time. */
export const leastConnections = 16;

export function nomadCatalog(given: NomadCatalogOptions): Catalog {
  const options = { clock: systemClock, random: Math.random, times: {}, now: Date.now, ...given };
  const name = `nomad/${options.region}`;
  const kind = 'NomadService';
  let watch: NomadWatch | undefined;
  return {
    name,
    kind,
    async run(sink, signal) {
      const api = new NomadApi(options);
      watch = new NomadWatch({ ...options, api, catalog: name, kind }, sink, signal);
      await watch.run();
      watch = undefined;
      api.close();
    },
    async reread(service, signal) {
      if (watch === undefined) throw new Error(`expected ${name} to be watched, found that it is not`);
      return watch.reread(parseNameInCatalog(service), signal);
    },
  };
}
