/** One run of a source under test, and all that it says. */
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import { ensure } from '../../lib/ensure.ts';
import { shardKey } from '../../model/endpoint.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { serviceKey } from '../../model/service.ts';
import type { Freshness } from '../../model/source.ts';
import type { RegistryChange } from '../registry.ts';
import type { World } from './world.ts';

type Row = NonNullable<RegistryChange['row']>;

/** A row as it was given, and as it was then. */
interface Kept {
  readonly change: RegistryChange;
  readonly row: Row;
  readonly copy: Row;
}

/** How often it is looked whether what is waited for is there, in milliseconds. */
const lookMs = 5;
/** How long a run may take to resolve after its signal has aborted, in milliseconds. */
const promptMs = 2000;

export class Observed {
  readonly #world: World;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  readonly #rows = new Map<string, Kept>();
  readonly #problems = new Map<string, readonly Problem[]>();
  /** What was wrong with the calls themselves. */
  readonly #faults: string[] = [];
  /** Rows that have become others since they were asked for last. */
  #changed: Kept[] = [];
  #freshness: Freshness = { state: 'live' };
  #synced = 0;
  #calls = 0;
  #hostsAtSync: readonly string[] = [];

  constructor(world: World) {
    this.#world = world;
    const source = world.source();
    const heard =
      <Args extends readonly unknown[]>(take: (...args: Args) => void) =>
      (...args: Args) => {
        this.#calls += 1;
        if (this.#stop.signal.aborted) this.#faults.push('expected no call after the signal has aborted, found one');
        take(...args);
      };
    this.#run = source
      .run(
        {
          apply: heard((changes) => this.#apply(changes)),
          synced: heard(() => {
            this.#synced += 1;
            this.#hostsAtSync = this.hosts();
          }),
          problems: heard((part, problems) => void this.#problems.set(part, problems)),
          freshness: heard((freshness) => {
            this.#freshness = freshness;
          }),
        },
        this.#stop.signal,
      )
      .catch((error: unknown) => {
        this.#faults.push(`expected run to survive faults by itself, found that it was rejected: ${String(error)}`);
      })
      .then(() => {
        if (!this.#stop.signal.aborted)
          this.#faults.push('expected run to go on until its signal aborts, found its end');
      });
  }

  get syncedCount(): number {
    return this.#synced;
  }

  /** Hosts with a service when the source called itself synced. */
  get hostsAtSync(): readonly string[] {
    return this.#hostsAtSync;
  }

  get freshness(): Freshness {
    return this.#freshness;
  }

  /** How often anything has been said. */
  get calls(): number {
    return this.#calls;
  }

  /** Hosts that have a service, sorted. */
  hosts(): readonly string[] {
    const hosts = [...this.#rows.values()].flatMap(({ change }) =>
      change.table === 'service' && change.row !== undefined ? [change.row.hostname] : [],
    );
    return [...new Set(hosts)].sort();
  }

  /** `10.0.0.1:8080`, with ` unhealthy` where it is: the endpoints of a host that has a service, sorted; undefined for none. */
  endpoints(host: string): readonly string[] | undefined {
    if (!this.hosts().includes(host)) return undefined;
    const all = [...this.#rows.values()].flatMap(({ change }) =>
      change.table === 'endpointShard' && change.row?.hostname === host ? change.row.endpoints : [],
    );
    return all
      .flatMap(({ address, ports, health }) =>
        Object.values(ports).map((port) => `${address}:${port}${health === 'unhealthy' ? ' unhealthy' : ''}`),
      )
      .sort();
  }

  /** All rows by table and key. */
  rows(): ReadonlyMap<string, Row> {
    return new Map([...this.#rows].map(([id, { row }]) => [id, row]));
  }

  /** Rows that have become others since the last call and are not of that host's service; all when no host is given. */
  takeChanges(host?: string): readonly string[] {
    const names = new Set(
      [...this.#rows.values(), ...this.#changed].flatMap(({ change, row }) =>
        change.table === 'service' && 'hostname' in row && row.hostname === host ? [row.origin.name] : [],
      ),
    );
    const others = this.#changed.filter(({ change, row }) => {
      if (change.table === 'autoAddress') return host === undefined || !change.key.endsWith(`/${host}`);
      return !('hostname' in row && (row.hostname === host || names.has(row.origin.name)));
    });
    this.#changed = [];
    return [...new Set(others.map(({ change }) => `${change.table} ${change.key}`))].sort();
  }

  /** All that is wrong now, as people read it. */
  problems(): readonly string[] {
    return [...this.#problems.values()].flat().map(formatProblem);
  }

  /** Waits until something holds. `what` says what, for the message if it does not. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const { noticesMs = 10_000 } = this.#world;
    const deadline = performance.now() + noticesMs;
    while (!holds()) {
      this.#throwFaults();
      if (performance.now() > deadline) throw new Error(`expected ${what} within ${noticesMs} ms, ${this.#found()}`);
      await delay(systemClock, lookMs, new AbortController().signal);
    }
  }

  /** Waits until nothing more comes of what was done. */
  async quiet(): Promise<void> {
    const { quietMs = 300 } = this.#world;
    await delay(systemClock, quietMs, new AbortController().signal);
    this.#throwFaults();
  }

  /** Ends the run, and throws when it does not end, or when something was wrong that is wrong at any time. */
  async finish(): Promise<void> {
    const wasOver = this.#stop.signal.aborted;
    this.#stop.abort();
    const late = AbortSignal.timeout(promptMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    late.addEventListener('abort', () => resolve());
    const start = performance.now();
    await Promise.race([this.#run, promise]);
    if (!wasOver && performance.now() - start >= promptMs - lookMs)
      this.#faults.push(
        `expected run to resolve within ${promptMs} ms after its signal has aborted, found that it goes on`,
      );
    for (const [id, { row, copy }] of this.#rows)
      if (!isDeepStrictEqual(row, copy))
        this.#faults.push(`expected rows to stay as they were given, found ${id} changed`);
    this.#throwFaults();
  }

  #apply(changes: readonly RegistryChange[]): void {
    const inCall = new Map<string, Row[]>();
    for (const change of changes) {
      const { table, key, row } = change;
      const id = `${table} ${key}`;
      const own = ownKey(change);
      if (own !== undefined && own !== key) this.#faults.push(`expected the key ${own}, found ${key}`);
      if (row !== undefined) ensure(inCall, id, () => []).push(row);
      const before = this.#rows.get(id);
      if (row === undefined) {
        this.#rows.delete(id);
        if (before !== undefined) this.#changed.push(before);
      } else {
        const kept: Kept = { change, row, copy: structuredClone(row) };
        this.#rows.set(id, kept);
        if (before === undefined || !isDeepStrictEqual(before.copy, kept.copy)) this.#changed.push(kept);
      }
    }
    for (const [id, [first, ...others]] of inCall)
      if (others.some((row) => !isDeepStrictEqual(row, first)))
        this.#faults.push(`expected one row of a key at a time, found several for ${id}`);
  }

  #found(): string {
    const endpoints = this.hosts().map((host) => `${host} at ${this.endpoints(host)?.join(', ') || 'nothing'}`);
    const { freshness } = this;
    const state = freshness.state === 'live' ? 'live' : `${freshness.state} (${freshness.reason})`;
    return `found ${endpoints.join('; ') || 'no service'}; ${state}; ${this.#synced === 0 ? 'not synced' : 'synced'}; ${this.problems().join('; ') || 'no problem'}`;
  }

  #throwFaults(): void {
    const [fault] = this.#faults;
    if (fault !== undefined) throw new Error(fault);
  }
}

/** The key that a row has to have, where its own fields tell. */
function ownKey(change: RegistryChange): string | undefined {
  if (change.row === undefined) return undefined;
  if (change.table === 'service') return serviceKey(change.row);
  return change.table === 'endpointShard' ? shardKey(change.row) : undefined;
}
