/**
 * One region of Nomad, watched.
 *
 *      names of a namespace ──► which services there are ──► registrations of each ──┐
 *      event stream ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ sooner ─ ─ ─ ─ ─ ─ ─ ─ ▲                     ├─► RegisteredServices ─► sink
 *      allocations of a namespace ───────────────────────────────────────────────────┤
 *      checks of allocations ────────────────────────────────────────────────────────┘
 *
 * What cannot be read stays as it was known, and makes the region stale; allocations that may not be read make nothing stale,
 * they are told as FW3121.
 */
import { blockingQuery } from '../../blocking-query/blocking-query.ts';
import type { Query, QueryAnswer } from '../../blocking-query/client.ts';
import { ServiceWatches } from '../../blocking-query/service-watches.ts';
import { backoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { delay } from '../../lib/delay.ts';
import type { Log } from '../../lib/log.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { PartsState } from '../../source/parts-state.ts';
import { VisibilityLog } from '../../source/visibility-log.ts';
import { type CheckPace, CheckRound, usualCheckPace } from './check-round.ts';
import { Denials } from './denials.ts';
import { followEventHints, type StreamTimes, usualStreamTimes } from './event-hints.ts';
import { isDenied, type NomadApi } from './nomad-api.ts';
import { RegisteredServices } from './registered-services.ts';
import { registrationsSchema, servicesSchema } from './schema.ts';
import { type NomadNames, nameInCatalog, parseNameInCatalog, type ServiceName } from './service.ts';

export interface NomadWatchOptions extends NomadNames {
  readonly api: NomadApi;
  readonly catalog: string;
  readonly kind: string;
  /** `*` stands for all. */
  readonly namespaces: readonly string[];
  /** Connections that may be open at a time, at least 16. */
  readonly connections: number;
  readonly log: Log;
  readonly clock: Clock;
  /** The time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
  readonly times: NomadTimes;
}

/** In milliseconds, whatever the names of the parts say besides. */
export interface NomadTimes {
  /** How long a query waits for what is newer. */
  readonly waitMs?: number;
  readonly checks?: Partial<CheckPace>;
  readonly stream?: Partial<StreamTimes>;
  /** How long a missing allocation may yet arrive before it is asked for. */
  readonly doubtMs?: number;
}

/** Connections beside those of waiting queries: checks, services and allocations that have no query, the stream, second looks. */
const otherConnections = 14;
const usualWaitMs = 60_000;
const usualDoubtMs = 1000;
/** After a second look that has failed, in milliseconds. */
const doubtRetryMs = 5000;
/** What no query waits for and no event names is read this often, in milliseconds. */
const sweepMs = 30_000;

export class NomadWatch {
  readonly #options: NomadWatchOptions;
  readonly #signal: AbortSignal;
  readonly #state: PartsState;
  readonly #denials: Denials;
  readonly #services: ServiceWatches;
  readonly #allocations: ServiceWatches;
  readonly #checks: CheckRound;
  readonly #registered: RegisteredServices;
  /** What is asked for names: one namespace each, or `*`. */
  readonly #asked: readonly string[];
  /** Names of the last answer, and its index, by what was asked for. */
  readonly #names = new Map<string, ReadonlyMap<string, ServiceName>>();
  readonly #indices = new Map<string, number>();
  /** Those whose allocations are read. */
  readonly #namespaces = new Set<string>();
  /** Namespaces that are being looked at once more. */
  readonly #doubted = new Set<string>();
  #index = 0;
  #isStreamHeard = false;

  constructor(options: NomadWatchOptions, sink: Sink<CatalogChange>, signal: AbortSignal) {
    const { catalog, log, clock, connections, random, times, api, region, namespaces } = options;
    this.#options = options;
    this.#signal = signal;
    const mostNames = connections / 8;
    this.#asked = namespaces.includes('*') || namespaces.length > mostNames ? ['*'] : [...new Set(namespaces)];
    const visibility = new VisibilityLog({ name: catalog, log, clock });
    this.#state = new PartsState({ resource: 'services', visibility, now: options.now, clock }, sink);
    this.#denials = new Denials({ catalog, region, sink });
    this.#checks = new CheckRound({
      ask: (allocation, query) => api.checks(allocation, query),
      isDenied,
      onChange: (allocation) => this.#registered.checksChanged(allocation),
      onAccess: (denial) => this.#denials.checks(denial?.message),
      clock,
      pace: { ...usualCheckPace, ...times.checks },
    });
    this.#registered = new RegisteredServices({
      ...options,
      checks: this.#checks,
      emit: (change) => sink.apply([change]),
      problems: (part, problems) => sink.problems(part, problems),
      doubt: ({ namespace }) => this.#doubt(namespace),
    });
    const shared = { waitMs: this.#waitMs(), clock, random, signal };
    const allocationsBudget = Math.floor(mostNames);
    this.#allocations = new ServiceWatches({
      ...shared,
      client: { get: (query) => this.#getAllocations(query) },
      queryOf: (namespace) => api.allocations(namespace),
      budget: allocationsBudget,
      onAnswer: (namespace, answer) => this.#takeAllocations(namespace, answer),
      onReset: (namespace) => this.#wentBack(partOf(namespace)),
      onFault: (namespace, reason) => {
        if (!this.#denials.has(namespace)) this.#state.failed(partOf(namespace), reason);
      },
    });
    this.#services = new ServiceWatches({
      ...shared,
      client: api,
      queryOf: (key) => api.service(parseNameInCatalog(key)),
      budget: Math.max(1, connections - this.#asked.length - allocationsBudget - otherConnections),
      onAnswer: (key, answer) => {
        const isChanged = this.#registered.setService(parseNameInCatalog(key), api.read(registrationsSchema, answer));
        this.#state.seen(key);
        return isChanged;
      },
      onReset: (key) => this.#wentBack(key),
      onFault: (key, reason) => this.#state.failed(key, reason),
    });
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    for (const namespace of this.#asked) this.#state.expect(`names ${namespace}`);
    if (!this.#asked.includes('*')) this.#setNamespaces(new Set(this.#asked));
    await Promise.all([
      ...this.#asked.map((namespace) => this.#watchNames(namespace)),
      this.#checks.run(this.#signal),
      this.#followEvents(),
      this.#sweep(),
    ]);
    this.#state.close();
  }

  /** What is registered of a service now, by a request of its own; undefined when nothing is. */
  async reread(service: ServiceName, signal: AbortSignal): Promise<CatalogService | undefined> {
    const { api } = this.#options;
    const answer = await api.get({ ...api.service(service), signal: AbortSignal.any([signal, this.#signal]) });
    const read = api.read(registrationsSchema, answer);
    return read.value.length === 0 ? undefined : this.#registered.describe(service, read);
  }

  #watchNames(namespace: string): Promise<void> {
    const { api, clock, random } = this.#options;
    const part = `names ${namespace}`;
    return blockingQuery({
      client: api,
      query: api.names(namespace),
      waitMs: this.#waitMs(),
      clock,
      backoff: backoff({ firstMs: 200, mostMs: 10_000, random }),
      onAnswer: (answer) => {
        this.#setNames(namespace, answer);
        this.#state.seen(part);
      },
      onReset: () => this.#wentBack(part),
      onFault: (reason) => this.#state.failed(part, reason),
      signal: this.#signal,
    });
  }

  #setNames(asked: string, answer: QueryAnswer): void {
    const { api, namespaces } = this.#options;
    const isWanted = (namespace: string) => namespaces.includes('*') || namespaces.includes(namespace);
    const names = api
      .read(servicesSchema, answer)
      .value.flatMap(({ Namespace: namespace, Services = [] }) =>
        isWanted(namespace) ? Services.map(({ ServiceName: name }) => ({ namespace, name })) : [],
      );
    const before = this.#names.get(asked) ?? new Map<string, ServiceName>();
    this.#names.set(asked, new Map(names.map((name) => [nameInCatalog(name), name])));
    const { index = 0 } = answer;
    const hasMoved = index !== this.#indices.get(asked);
    this.#indices.set(asked, index);
    this.#index = index;
    const all = new Map([...this.#names.values()].flatMap((known) => [...known]));
    for (const key of all.keys()) if (!before.has(key)) this.#state.expect(key);
    if (asked === '*') this.#setNamespaces(new Set(names.map(({ namespace }) => namespace)));
    this.#services.set(new Set(all.keys()));
    // Where events are heard they name what has changed. Each registration that comes, goes or differs ends the wait for names with
    // a higher index (observed); a wait that ends with the same one has seen none.
    if (hasMoved && !this.#isStreamHeard) this.#services.suspectAll();
    for (const [key, name] of before) {
      if (all.has(key)) continue;
      this.#registered.dropService(name);
      this.#state.seen(key);
    }
  }

  #setNamespaces(namespaces: ReadonlySet<string>): void {
    for (const namespace of this.#namespaces.keys()) {
      if (namespaces.has(namespace)) continue;
      this.#namespaces.delete(namespace);
      this.#registered.setAllocations(namespace, undefined);
      this.#denials.allocations(namespace, undefined);
      this.#state.seen(partOf(namespace));
    }
    for (const namespace of namespaces) {
      if (this.#namespaces.has(namespace)) continue;
      this.#namespaces.add(namespace);
      this.#state.expect(partOf(namespace));
    }
    this.#allocations.set(namespaces);
  }

  async #getAllocations(query: Query): Promise<QueryAnswer> {
    try {
      return await this.#options.api.get(query);
    } catch (error) {
      const namespace = String(query.parameters?.namespace);
      if (isDenied(error)) {
        this.#denials.allocations(namespace, (error as Error).message);
        this.#registered.setAllocations(namespace, undefined);
        this.#state.seen(partOf(namespace));
      }
      throw error;
    }
  }

  #takeAllocations(namespace: string, answer: QueryAnswer): boolean {
    this.#registered.setAllocations(namespace, this.#options.api.readAllocations(answer));
    this.#denials.allocations(namespace, undefined);
    this.#state.seen(partOf(namespace));
    return true;
  }

  /** Whoever has lost something has to be asked again before what is missing counts. */
  #wentBack(part: string): void {
    this.#state.doubted(part, 'the index went back: the server has lost something, or is another one');
  }

  async #followEvents(): Promise<void> {
    const { api, clock, random, times } = this.#options;
    const [only = '*'] = this.#asked.length === 1 ? this.#asked : [];
    await followEventHints(
      {
        open: (index, onLines, signal) => api.events(only, { index, onLines }, signal),
        isDenied,
        index: () => this.#index,
        wake: (service) => this.#services.hint([nameInCatalog(service)]),
        onAccess: (denial) => {
          this.#isStreamHeard = denial === undefined;
          this.#denials.events(denial);
        },
        clock,
        random,
        times: { ...usualStreamTimes, ...times.stream },
      },
      this.#signal,
    );
  }

  /** Reads now and then what has no query that waits, should an event have been missed. */
  async #sweep(): Promise<void> {
    while (!this.#signal.aborted) {
      await delay(this.#options.clock, sweepMs, this.#signal);
      this.#services.suspectAll();
      this.#allocations.suspectAll();
    }
  }

  #doubt(namespace: string): void {
    if (this.#doubted.has(namespace)) return;
    this.#doubted.add(namespace);
    void this.#lookAgain(namespace).finally(() => this.#doubted.delete(namespace));
  }

  /** Looks once more at allocations, and then at services whose allocations are missing, until there are none. Never rejected. */
  async #lookAgain(namespace: string): Promise<void> {
    const { clock, api, log, catalog, times } = this.#options;
    const { doubtMs = usualDoubtMs } = times;
    const signal = this.#signal;
    let pauseMs = doubtMs;
    for (;;) {
      await delay(clock, pauseMs, signal);
      if (signal.aborted || this.#registered.doubtful(namespace).length === 0) return;
      try {
        this.#takeAllocations(namespace, await this.#getAllocations({ ...api.allocations(namespace), signal }));
        for (const service of this.#registered.doubtful(namespace)) {
          const answer = await api.get({ ...api.service(service), signal });
          this.#registered.setService(service, api.read(registrationsSchema, answer));
        }
        pauseMs = doubtMs;
      } catch (error) {
        log.debug(`${catalog}: a second look at ${namespace} has failed`, { registry: catalog, error });
        pauseMs = doubtRetryMs;
      }
    }
  }

  #waitMs(): number {
    return this.#options.times.waitMs ?? usualWaitMs;
  }
}

/** What messages and states call the allocations of a namespace. */
function partOf(namespace: string): string {
  return `allocations ${namespace}`;
}
