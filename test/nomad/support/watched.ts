/** A region of a Nomad that is watched, with what comes of it. */

import { Guard } from '../../../src/guard/guard.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silent } from '../../../src/lib/log.ts';
import { fixedCredentials } from '../../../src/lib/server-access.ts';
import type { Catalog, CatalogService } from '../../../src/model/catalog.ts';
import { formatProblem, type Problem } from '../../../src/model/problem.ts';
import { type NomadCatalogOptions, nomadCatalog } from '../../../src/registry/nomad/nomad-catalog.ts';
import { until } from '../../support/until.ts';

export interface WatchedNomad {
  readonly catalog: Catalog;
  /** What the catalog says is there, by its own names. */
  readonly services: ReadonlyMap<string, CatalogService>;
  /** `25001 healthy` for each instance of a service, as the catalog says; sorted. */
  instances(name: string): readonly string[];
  /** How many instances are in force, once what is not believed at once is held. */
  inForce(name: string): number;
  /** The least number of instances that was ever in force since the last call. */
  leastInForce(name: string): number;
  /** All that is wrong now. */
  problems(): readonly string[];
  /** States since the last call: `live`, or `stale: ` and the reason. */
  takeStates(): readonly string[];
  readonly isSynced: boolean;
  readonly isStale: boolean;
  /** Waits until a service has these instances. */
  untilInstances(name: string, expected: readonly string[], mostMs?: number): Promise<void>;
}

export interface WatchedOptions extends Partial<Omit<NomadCatalogOptions, 'access'>> {
  readonly token?: string;
}

/** In tests little time passes: what would take seconds takes milliseconds. */
const times = {
  waitMs: 5000,
  checks: { requestMs: 5, settledMs: 50, unsettledMs: 20, deniedMs: 1000 },
  stream: { deniedMs: 60_000 },
  doubtMs: 50,
};

export function watchNomad(
  test: { after(cleanup: () => void | Promise<void>): void },
  url: string,
  { token, ...options }: WatchedOptions = {},
): WatchedNomad {
  const stop = new AbortController();
  const services = new Map<string, CatalogService>();
  const guarded = new Map<string, CatalogService>();
  const least = new Map<string, number>();
  const problems = new Map<string, readonly Problem[]>();
  let states: string[] = [];
  let isSynced = false;
  const catalog = nomadCatalog({
    access: {
      server: new URL(url),
      trust: { authorities: async () => undefined, isUnverified: false },
      credentials: fixedCredentials(token === undefined ? {} : { token }),
    },
    region: 'global',
    namespaces: ['default'],
    aliases: [],
    connections: 64,
    userAgent: 'fairway/test',
    log: silent,
    times,
    ...options,
  });
  const inForce = (name: string) => guarded.get(name)?.instances.length ?? 0;
  const guard = new Guard(
    { catalog, log: silent, clock: systemClock },
    {
      apply: (changes) => {
        for (const { name, service } of changes) {
          if (service === undefined) guarded.delete(name);
          else guarded.set(name, service);
          least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, inForce(name)));
        }
      },
    },
  );
  const done = catalog.run(
    {
      apply(changes) {
        for (const { name, service } of changes) {
          if (service === undefined) services.delete(name);
          else services.set(name, service);
        }
        guard.apply(changes);
      },
      synced() {
        isSynced = true;
      },
      problems: (part, found) => problems.set(part, found),
      freshness(freshness) {
        states.push(freshness.state === 'stale' ? `stale: ${freshness.reason}` : freshness.state);
        guard.freshness(freshness);
      },
    },
    stop.signal,
  );
  test.after(async () => {
    stop.abort();
    guard.close();
    await done;
  });
  const instances = (name: string) =>
    (services.get(name)?.instances ?? []).map(({ ports, health }) => `${Object.values(ports).join()} ${health}`).sort();
  let lastState = 'live';
  return {
    catalog,
    services,
    instances,
    inForce,
    leastInForce(name) {
      const found = least.get(name) ?? inForce(name);
      least.delete(name);
      return found;
    },
    problems: () => [...problems.values()].flat().map(formatProblem),
    takeStates() {
      lastState = states.at(-1) ?? lastState;
      const taken = states;
      states = [];
      return taken;
    },
    get isSynced() {
      return isSynced;
    },
    get isStale() {
      return (states.at(-1) ?? lastState).startsWith('stale');
    },
    async untilInstances(name, expected, mostMs = 5000) {
      const isThere = () => instances(name).join('; ') === [...expected].sort().join('; ');
      await until(isThere, { what: `${name} to have ${expected.join('; ')}`, mostMs }).catch((error: Error) => {
        error.message += `; found ${instances(name).join('; ') || 'none'}`;
        throw error;
      });
    },
  };
}
