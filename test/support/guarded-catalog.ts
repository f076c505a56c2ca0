/** A catalog that a test speaks for, behind a guard: what is in force of it, and what it is asked. */

import { Guard } from '../../src/guard/guard.ts';
import { type Log, silent } from '../../src/lib/log.ts';
import type { CatalogInstance, CatalogService } from '../../src/model/catalog.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

export interface GuardedCatalog {
  readonly clock: FakeClock;
  readonly guard: Guard;
  /** Lines of the log. */
  readonly lines: readonly string[];
  /** The names of all that was asked about. */
  readonly asked: readonly string[];
  /** How many questions are without an answer. */
  readonly open: number;
  /** The ids of instances in force, each a letter, sorted; undefined when there is no such service. */
  inForce(name?: string): string | undefined;
  /** Reports services whole: instances by letter; undefined for none. */
  say(services: { readonly [name: string]: string | undefined }): void;
  live(): void;
  stale(): void;
  /** Lets time pass, and all that follows from it happen. */
  advance(ms: number): Promise<void>;
  /** Answers every question that is open, now and whenever one is asked; an Error rejects it. */
  answer(with_: (name: string) => string | undefined | Error): Promise<void>;
}

export interface GuardedCatalogOptions {
  /** Cannot be asked about one service. */
  readonly isMute?: boolean;
  /** Told of what is in force after each emission. */
  readonly onEmit?: (name: string, service: CatalogService | undefined) => void;
}

export function serviceOf(letters: string): CatalogService {
  return {
    hostnames: ['web.test'],
    namespace: 'default',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    instances: [...letters].map((id): CatalogInstance => ({ id, address: '10.0.0.1', ports: { http: 8080 } })),
  };
}

export function guardedCatalog({ isMute = false, onEmit }: GuardedCatalogOptions = {}): GuardedCatalog {
  const clock = fakeClock();
  const lines: string[] = [];
  const say = (message: string) => lines.push(message);
  const log: Log = { ...silent, warn: say, info: say };
  const services = new Map<string, CatalogService>();
  const asked: string[] = [];
  const open: { readonly name: string; readonly end: (answer: string | undefined | Error) => void }[] = [];
  let standing: ((name: string) => string | undefined | Error) | undefined;
  const reread = (name: string) => {
    asked.push(name);
    const { promise, resolve, reject } = Promise.withResolvers<CatalogService | undefined>();
    const end = (answer: string | undefined | Error) => {
      if (answer instanceof Error) reject(answer);
      else resolve(answer === undefined ? undefined : serviceOf(answer));
    };
    if (standing === undefined) open.push({ name, end });
    else end(standing(name));
    return promise;
  };
  const guard = new Guard(
    { catalog: { name: 'consul/dc1', ...(isMute ? {} : { reread }) }, log, clock, random: () => 0 },
    {
      apply(changes) {
        for (const { name, service } of changes) {
          if (service === undefined) services.delete(name);
          else services.set(name, service);
          onEmit?.(name, service);
        }
      },
    },
  );
  return {
    clock,
    guard,
    lines,
    asked,
    get open() {
      return open.length;
    },
    inForce: (name = 'web') =>
      services
        .get(name)
        ?.instances.map(({ id }) => id)
        .sort()
        .join(''),
    say: (all) =>
      guard.apply(
        Object.entries(all).map(([name, letters]) => ({
          name,
          service: letters === undefined ? undefined : serviceOf(letters),
        })),
      ),
    live: () => guard.freshness({ state: 'live' }),
    stale: () => guard.freshness({ state: 'stale', sinceMs: 0, reason: 'away' }),
    async advance(ms) {
      // Answers arrive between timers, as they do in life.
      for (let left = ms; left >= 0; left -= 50) {
        clock.advance(Math.min(50, left));
        await turn();
      }
    },
    async answer(with_) {
      standing = with_;
      for (const { name, end } of open.splice(0)) end(with_(name));
      await turn();
    },
  };
}

/** All that is ready to happen happens. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
