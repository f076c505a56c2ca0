/** Datacenters of Consul as catalogs of services. docs/consul.md says what comes of what. */
import { QueryClient } from '../../blocking-query/client.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { ServerAccess } from '../../lib/server-access.ts';
import type { Catalog } from '../../model/catalog.ts';
import { ConsulApi } from './consul-api.ts';
import { type ConsulTimes, ConsulWatch, usualTimes } from './consul-watch.ts';

export interface ConsulOptions {
  /** Any agent or server: it passes on what is asked of other datacenters. */
  readonly access: ServerAccess;
  /** Those that are read; empty for the agent's own. */
  readonly datacenters: readonly string[];
  /** Where services live, for those of their names that do not say so themselves. */
  readonly namespace: string;
  /** What names of services end in. */
  readonly domain: string;
  /** Templates of further host names, with `{name}` and `{dc}`. */
  readonly aliases: readonly string[];
  /** Which addresses of services are meant; those for others are taken of every datacenter then. */
  readonly address: 'lan' | 'wan';
  /** Connections that may be open at a time, at least `leastConnections` for each datacenter. */
  readonly connections: number;
  readonly userAgent: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
  readonly times?: Partial<ConsulTimes>;
}

/**
 * An agent takes 200 connections of one client unless it is told otherwise (limits.http_max_conns_per_client), and counts those whose
 * queries nobody waits for any more until their wait is over (observed on 1.8.7). So a process that is started anew must find room
 * beside what its predecessor left.
 */
export const usualConnections = 96;
/** Connections of a datacenter beside those of services: names, checks of two kinds, readers, second looks. */
const otherConnections = 12;
export const leastConnections = otherConnections + 4;

/** One catalog for each datacenter; they share their connections. */
export function consulCatalogs(options: ConsulOptions): readonly Catalog[] {
  const { access, userAgent, connections, datacenters } = options;
  const asked = datacenters.length === 0 ? [undefined] : [...new Set(datacenters)];
  const budget = Math.max(1, Math.floor(connections / asked.length) - otherConnections);
  let running = 0;
  const client = new QueryClient({ api: 'Consul', access, userAgent, mostConnections: connections });
  const whileRunning = async (work: () => Promise<void>) => {
    running += 1;
    try {
      await work();
    } finally {
      running -= 1;
      if (running === 0) client.close();
    }
  };
  return asked.map((dc) =>
    consulCatalog(options, { client, dc, budget, isOneOfSeveral: asked.length > 1, whileRunning }),
  );
}

interface Shared {
  readonly client: QueryClient;
  readonly dc: string | undefined;
  readonly budget: number;
  readonly isOneOfSeveral: boolean;
  /** The client is closed when the last one ends. */
  readonly whileRunning: (work: () => Promise<void>) => Promise<void>;
}

function consulCatalog(options: ConsulOptions, { client, dc, budget, isOneOfSeveral, whileRunning }: Shared): Catalog {
  const { access, domain, aliases, clock = systemClock, random = Math.random, times = {} } = options;
  const name = `consul/${dc ?? access.server.host}`;
  const kind = 'ConsulService';
  // Of several datacenters each can be called by itself too, as Consul's own DNS has it.
  const hosts = [`{name}.service.${domain}`, ...(isOneOfSeveral ? [`{name}.service.{dc}.${domain}`] : []), ...aliases];
  let watch: ConsulWatch | undefined;
  return {
    name,
    kind,
    run: (sink, signal) =>
      whileRunning(async () => {
        watch = new ConsulWatch(
          {
            ...options,
            api: new ConsulApi(client, dc),
            catalog: name,
            kind,
            hosts,
            budget,
            clock,
            random,
            now: Date.now,
            times: { ...usualTimes, ...times },
          },
          sink,
          signal,
        );
        await watch.run();
        watch = undefined;
      }),
    async reread(service, signal) {
      if (watch === undefined) throw new Error(`expected ${name} to be watched, found that it is not`);
      return watch.reread(service, signal);
    },
  };
}
