/**
 * One resource of an API server as a source: listed once, then watched, through all that goes wrong with that.
 *
 *      list ─► known objects ─► watch ─► changes ─► …         what ends a watch decides how it goes on:
 *        ▲                        │
 *        ├── too old (410), events out of order, fruitless watches, the hour of a full compare
 *        │                        ├── timeout, lost connection, 429, 5xx: again, from the last version heard of
 *        └─ the kind is back ◄────┴── 404: the kind is gone, if the server says that its definition is
 *
 * What the server does not confirm as gone stays:
 *
 * - An object goes when the server says so in a watch, or leaves it out of a whole list, and by nothing else. A list in which
 *   an item bears no name is not whole. A list that lacks more than half of all objects has to be confirmed by another one,
 *   `confirmMs` later, or after a grace time when the server could not be seen until then; watching goes on meanwhile.
 * - A list, an event or an object that is older than what is known is not believed. A server that goes on telling of the past
 *   for `pastMs`, and is no answer from a cache, since its past moves on, has been restored from a backup, and is.
 * - An event or an item that cannot be read is a problem of that object, whose last good version stays.
 *
 * What cannot be seen is stale until a watch has brought something, or has stood for a while. After one that fell silent
 * only a word will do.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { type Backoff, backoff } from '../lib/backoff.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import { ConnectionError } from '../lib/http-client.ts';
import type { Log } from '../lib/log.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import { graceMs } from '../source/disappearance.ts';
import { ReportedState } from '../source/reported-state.ts';
import { VisibilityLog } from '../source/visibility-log.ts';
import { type Doubt, judgeAbsence } from './absence.ts';
import type { ApiClient } from './api-client.ts';
import { type DefinitionState, definitionState } from './definition-state.ts';
import { ApiError } from './errors.ts';
import type { InstalledKinds } from './installed-kinds.ts';
import { KnownObjects } from './known-objects.ts';
import { isOlder } from './resource-version.ts';
import { parseEvent, readPage, versionOf } from './watch-event.ts';
import { listRequest, watchRequest } from './watch-request.ts';
import type { WatchedResource } from './watched-resource.ts';

/** In milliseconds, unless the name says otherwise. */
export interface WatchTimes {
  /** Nothing is heard for this long: the connection is dead. Servers send a bookmark about every minute. */
  readonly idleMs: number;
  /** Everything is listed again and compared this often, should an event be lost. */
  readonly relistMs: number;
  /** A server that goes on telling of the past for this long has been restored. */
  readonly pastMs: number;
  /** After a list that lacks most objects another one is taken this long after it. */
  readonly confirmMs: number;
  readonly retry: { readonly firstMs: number; readonly mostMs: number };
  /** The server ends each watch after between this and twice this, so that clients do not return together. */
  readonly watchSeconds: number;
}

const defaultTimes: WatchTimes = {
  idleMs: 90_000,
  relistMs: 30 * 60_000,
  pastMs: 30_000,
  confirmMs: 2000,
  retry: { firstMs: 200, mostMs: 10_000 },
  watchSeconds: 290,
};

export interface ResourceWatchOptions {
  readonly client: ApiClient;
  /** The source's name, such as `kubernetes/services`. */
  readonly name: string;
  readonly resource: WatchedResource;
  readonly installed: InstalledKinds;
  readonly log: Log;
  /** What the server's other resources tell the log by, too; one of its own when absent. */
  readonly visibility?: VisibilityLog;
  readonly times?: Partial<WatchTimes>;
  /** How many objects an answer may hold. */
  readonly pageSize?: number;
  readonly clock?: Clock;
  /** The time in milliseconds since the epoch, for people. */
  readonly now?: () => number;
  /** Yields numbers in [0, 1). */
  readonly random?: () => number;
}

export function resourceWatch(options: ResourceWatchOptions): ObjectSource {
  return { name: options.name, run: (sink, signal) => new ResourceWatch(options, sink, signal).run() };
}

/** A watch that the server is to end sooner looks like one that did not work. */
const leastWatchSeconds = 2;
/** A watch that ends sooner than this without a word has not worked, in milliseconds. */
const shortestWatchMs = 1000;
/** So many watches in a row that brought nothing, and the version they start from is doubted. */
const mostFruitless = 3;
/** Servers ask for some seconds; nobody stays away for longer than this, in milliseconds, because of one header. */
const mostAskedMs = 60_000;

class ResourceWatch {
  readonly #options: Required<Omit<ResourceWatchOptions, 'times' | 'visibility'>>;
  readonly #times: WatchTimes;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  readonly #known: KnownObjects;
  readonly #state: ReportedState;
  /** Of the paths the one in use. */
  #path = 0;
  /** The version to watch from; undefined when a list must come first. */
  #resumeAt: string | undefined;
  /** The newest version that was ever heard of. */
  #newest = '0';
  /** When a whole list was taken last. */
  #listedAtMs = Number.NEGATIVE_INFINITY;
  /** Tries in a row that brought nothing. */
  #fruitless = 0;
  /** Those of them that speak against the version they started from. */
  #doubts = 0;
  /** The last watch fell silent: that another one is open proves nothing. */
  #wasSilent = false;
  /** Tries in a row that found no such kind. */
  #absences = 0;
  /** Pages got too old before the last one was there. */
  #isUnpaged = false;
  /** Since when the server tells of the past, and the version that it told of first. */
  #past: { readonly sinceMs: number; readonly version: string } | undefined;
  /** What a list has left out and is in force still. */
  #doubt: Doubt | undefined;

  constructor({ times, visibility, ...options }: ResourceWatchOptions, sink: ObjectSink, signal: AbortSignal) {
    this.#options = { clock: systemClock, now: Date.now, random: Math.random, pageSize: 500, ...options };
    this.#times = { ...defaultTimes, ...times };
    this.#signal = signal;
    const { random, name, resource, log, clock, now } = this.#options;
    this.#backoff = backoff({ ...this.#times.retry, random });
    this.#known = new KnownObjects({ name, resource, sink, log });
    this.#state = new ReportedState(
      { resource: resource.name, visibility: visibility ?? new VisibilityLog({ name, log, clock }), now },
      sink,
    );
  }

  async run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#signal.aborted) {
      try {
        if (clock.now() - this.#listedAtMs > this.#times.relistMs || this.#leftMs() <= 0) this.#resumeAt = undefined;
        this.#resumeAt ??= await this.#list();
        await this.#watch(this.#resumeAt);
      } catch (error) {
        if (!this.#signal.aborted) await this.#recover(error as Error);
      }
    }
  }

  /** Takes the whole list page by page, and yields the version that it is of. */
  async #list(): Promise<string> {
    const { client, resource, pageSize, clock, name, log } = this.#options;
    const seen = new Set<string>();
    let unnamed = 0;
    let next: string | undefined;
    let version = '';
    do {
      const limit = this.#isUnpaged ? undefined : pageSize;
      const request = listRequest(resource, this.#listPath(), { limit, next });
      const answer = await client.json({ ...request, signal: this.#signal });
      const page = readPage(answer, resource.name);
      version = page.version;
      if (next === undefined) this.#refuseThePast(version);
      const reports = page.items.map((value) => ({ type: 'PRESENT', value }) as const);
      const keys = this.#known.take(reports);
      unnamed += reports.length - keys.length;
      for (const key of keys) seen.add(key);
      next = page.next;
    } while (next !== undefined);
    if (unnamed === 0) {
      this.#leaveOut(seen);
      this.#listedAtMs = clock.now();
    } else {
      log.warn(`${name}: expected names of all items of the list, found ${unnamed} without; nothing counts as gone`, {
        registry: name,
      });
      // The end of the next watch is soon enough to look again.
      this.#listedAtMs = Number.NEGATIVE_INFINITY;
    }
    this.#newest = version;
    this.#isUnpaged = false;
    this.#past = undefined;
    this.#absences = 0;
    this.#state.synced();
    return version;
  }

  /** A whole list has only these. */
  #leaveOut(seen: ReadonlySet<string>): void {
    const { name, log, clock } = this.#options;
    const { confirmMs } = this.#times;
    const before = this.#doubt;
    const known = this.#known.size;
    const absent = this.#known.othersThan(seen);
    const lookAgainMs = this.#state.isStale ? graceMs : confirmMs;
    const { gone, doubt } = judgeAbsence({ known, absent, nowMs: clock.now(), lookAgainMs }, before);
    this.#doubt = doubt;
    this.#known.drop(gone);
    this.#known.forgetUnreadable(seen);
    if (before === undefined && doubt !== undefined)
      log.warn(
        `${name}: ${absent.length} of ${known} objects are gone from one list, and stay in force until another one agrees`,
        { registry: name },
      );
    if (before === undefined || doubt !== undefined) return;
    const back = before.keys.size - gone.filter((key) => before.keys.has(key)).length;
    log.warn(`${name}: of ${before.keys.size} objects that were gone from one list ${back} are in force still`, {
      registry: name,
    });
  }

  /** Throws when a list is older than what is known, unless that has gone on for long. */
  #refuseThePast(version: string): void {
    if (!isOlder(version, this.#newest)) return;
    const { clock, name, log } = this.#options;
    this.#past ??= { sinceMs: clock.now(), version };
    if (clock.now() - this.#past.sinceMs < this.#times.pastMs || version === this.#past.version)
      throw new ConnectionError(
        `expected version ${this.#newest} or newer, found ${version}: the server tells of the past`,
      );
    log.warn(`${name}: the server goes on telling of the past; it has been restored, it seems`, { registry: name });
    this.#newest = '0';
    this.#known.forgetVersions();
  }

  async #watch(from: string): Promise<void> {
    const { client, resource, random, clock } = this.#options;
    const startedAtMs = clock.now();
    const lastedMs = () => clock.now() - startedAtMs;
    let [isOpen, hasHeard] = [false, false];
    let cancel = () => {};
    const usualSeconds = Math.round(this.#times.watchSeconds * (1 + random()));
    const timeoutSeconds = Math.min(usualSeconds, Math.max(leastWatchSeconds, Math.ceil(this.#leftMs() / 1000)));
    const request = watchRequest(resource, this.#listPath(), { from, timeoutSeconds });
    const { idleMs } = this.#times;
    try {
      await client.lines(
        { ...request, signal: this.#signal },
        {
          idleMs,
          onOpen: () => {
            isOpen = true;
            if (!this.#state.isStale) this.#state.live();
            else if (!this.#wasSilent) cancel = clock.after(shortestWatchMs, () => this.#state.live());
          },
          onLines: (lines) => {
            this.#takeLines(lines);
            hasHeard = true;
          },
        },
      );
      if (!hasHeard && lastedMs() < shortestWatchMs)
        throw new ConnectionError('the watch ended at once and without a word');
    } catch (error) {
      this.#wasSilent = error instanceof ConnectionError && error.isSilence;
      if ((isOpen && !hasHeard) || this.#wasSilent) this.#doubts += 1;
      throw error;
    } finally {
      cancel();
    }
    this.#isFruitful();
    // Who ends watches as soon as they have begun is not asked again without a pause.
    if (lastedMs() < shortestWatchMs) await this.#pause(this.#times.retry.firstMs);
  }

  /** Takes events that came together in one step; those before one that is wrong are taken all the same. */
  #takeLines(lines: readonly string[]): void {
    const values: { readonly type: 'PRESENT' | 'DELETED'; readonly value: unknown }[] = [];
    let newest = this.#newest;
    try {
      for (const line of lines) {
        const { type, value } = parseEvent(line);
        const version = versionOf(value);
        if (version !== undefined && isOlder(version, newest)) {
          // Events come in the order of their versions: whatever this is, only a list can tell what holds.
          this.#resumeAt = undefined;
          throw new ConnectionError(`expected an event of version ${newest} or newer, found one of ${version}`);
        }
        newest = version ?? newest;
        if (type === 'DELETED') values.push({ type, value });
        else if (type !== 'BOOKMARK') values.push({ type: 'PRESENT', value });
      }
      this.#isFruitful();
      if (this.#state.isStale) this.#state.live();
    } finally {
      this.#known.take(values);
      this.#newest = newest;
      if (this.#resumeAt !== undefined) this.#resumeAt = newest;
    }
  }

  #isFruitful(): void {
    this.#backoff.reset();
    this.#fruitless = 0;
    this.#doubts = 0;
    this.#wasSilent = false;
  }

  /** Decides after a fault how to go on, and waits until then. */
  async #recover(error: Error): Promise<void> {
    const code = error instanceof ApiError ? error.code : undefined;
    if (code === 404) {
      await this.#missing(error.message);
      return;
    }
    this.#fruitless += 1;
    // Who is not let in, or is to come back later, has learnt nothing of the version.
    if (code !== undefined && ![401, 403, 429].includes(code)) this.#doubts += 1;
    if (code === 410) {
      this.#isUnpaged = this.#resumeAt === undefined;
      this.#resumeAt = undefined;
      // So it is with every watch that was away for long: no fault, as long as a list helps.
      if (this.#fruitless === 1) return;
    }
    if (this.#doubts >= mostFruitless) this.#resumeAt = undefined;
    this.#state.stale(error.message);
    if (code === 403 && this.#options.resource.isOptional === true) this.#state.synced();
    const asked = error instanceof ApiError ? Math.min(error.retryAfterMs ?? 0, mostAskedMs) : 0;
    await this.#pause(Math.max(asked, this.#backoff.next()));
  }

  /** The server knows no such path: another version of it may do, or the kind is gone. */
  async #missing(message: string): Promise<void> {
    const { client, resource, name, log, installed } = this.#options;
    const { definition, paths } = resource;
    this.#resumeAt = undefined;
    this.#path = (this.#path + 1) % paths.length;
    if (this.#path > 0) return;
    this.#absences += 1;
    const missing: DefinitionState =
      definition === undefined
        ? { state: 'unknown', reason: message }
        : await definitionState(client, definition, this.#signal);
    // Who may not look believes a kind that stays away.
    const isGone = missing.state === 'undefined' || (missing.state === 'hidden' && this.#absences > mostFruitless);
    if (!isGone) {
      this.#state.stale(missing.reason);
      await this.#pause(this.#backoff.next());
      return;
    }
    if (this.#known.size > 0) log.info(`${name}: the kind is gone, and all objects of it`, { registry: name });
    this.#doubt = undefined;
    this.#known.drop(this.#known.othersThan(new Set()));
    this.#known.forgetUnreadable(new Set());
    this.#state.absent(`the server has no ${definition}`);
    this.#state.synced();
    await installed.changed(definition ?? '', this.#times.retry.mostMs * 3, this.#signal);
    this.#isFruitful();
  }

  /** Until another list has to settle a doubt, in milliseconds. */
  #leftMs(): number {
    return this.#doubt === undefined ? Number.POSITIVE_INFINITY : this.#doubt.untilMs - this.#options.clock.now();
  }

  #listPath(): string {
    return this.#options.resource.paths[this.#path] ?? '';
  }

  #pause(ms: number): Promise<void> {
    return delay(this.#options.clock, ms, this.#signal);
  }
}
