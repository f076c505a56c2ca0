/**
 * Nomad's event stream, as a hint: it names services that have changed, so that they are read sooner than it would be their turn.
 * Nothing more is taken from it. It replays what is long over, tells of a lost node's registrations as if they were new, has other
 * indices after a restart, and misses what happened while it was away.
 *
 * A stream that is allowed begins with a line at once. Nomad 2.0 answers a token that may not read events with a stream without
 * any line, earlier versions with 403.
 */
import { backoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { decodeOr } from '../../lib/decode-or.ts';
import { delay } from '../../lib/delay.ts';
import { eventLineSchema } from './schema.ts';
import type { ServiceName } from './service.ts';

/** In milliseconds. */
export interface StreamTimes {
  /** A stream whose first line takes longer is taken for denied. */
  readonly firstLineMs: number;
  /** One that says nothing for this long is dead: there is a line every 30 s. */
  readonly idleMs: number;
  /** After a denial nobody asks for this long. */
  readonly deniedMs: number;
  readonly retry: { readonly firstMs: number; readonly mostMs: number };
}

export const usualStreamTimes: StreamTimes = {
  firstLineMs: 2000,
  idleMs: 75_000,
  deniedMs: 300_000,
  retry: { firstMs: 500, mostMs: 30_000 },
};

export interface EventHintsOptions {
  /** Opens the stream; resolved when the server ends it, rejected with what broke it off. */
  readonly open: (index: number, onLines: (lines: readonly string[]) => void, signal: AbortSignal) => Promise<void>;
  /** Whether an error says that it is not allowed to listen. */
  readonly isDenied: (error: unknown) => boolean;
  /** The index of what is known. */
  readonly index: () => number;
  /** A service is said to have changed. */
  readonly wake: (service: ServiceName) => void;
  /** What was expected and found instead of a stream; undefined when there is one. */
  readonly onAccess: (denial: string | undefined) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly times: StreamTimes;
}

/** Listens until the signal aborts. */
export async function followEventHints(options: EventHintsOptions, signal: AbortSignal): Promise<void> {
  const { clock, times, random, onAccess } = options;
  const pause = backoff({ ...times.retry, random });
  while (!signal.aborted) {
    const end = await listen(options, signal, () => pause.reset());
    if (end.denial !== undefined) onAccess(end.denial);
    await delay(clock, end.denial === undefined ? pause.next() : times.deniedMs, signal);
  }
}

/** How a stream has ended. */
interface StreamEnd {
  readonly denial?: string;
}

async function listen(options: EventHintsOptions, signal: AbortSignal, onHeard: () => void): Promise<StreamEnd> {
  const { open, index, wake, onAccess, isDenied, clock, times } = options;
  const silence = new AbortController();
  let isHeard = false;
  const watch = (ms: number) => clock.after(ms, () => silence.abort());
  let cancel = watch(times.firstLineMs);
  try {
    const onLines = (lines: readonly string[]) => {
      if (!isHeard) onAccess(undefined);
      isHeard = true;
      onHeard();
      cancel();
      cancel = watch(times.idleMs);
      for (const service of lines.flatMap(servicesIn)) wake(service);
    };
    await open(index() + 1, onLines, AbortSignal.any([signal, silence.signal]));
  } catch (error) {
    if (isDenied(error)) return { denial: `expected the event stream, found ${(error as Error).message}` };
  } finally {
    cancel();
  }
  if (isHeard || !silence.signal.aborted) return {};
  return {
    denial: `expected a first line within ${times.firstLineMs / 1000} s, found none: the token may not read events`,
  };
}

/** The services that a line names. What cannot be read names none. */
function servicesIn(line: string): readonly ServiceName[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [];
  }
  const { Events = [] } = decodeOr(eventLineSchema, value, () => ({ Events: [] }));
  return Events.flatMap(({ Namespace = '', Payload }) => {
    const name = Payload?.Service?.ServiceName;
    return name === undefined ? [] : [{ namespace: Namespace, name }];
  });
}
