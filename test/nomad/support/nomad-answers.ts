/** What a Nomad server answers to reads of its catalog and of its allocations, blocking queries included. */
import { randomInt } from 'node:crypto';
import { parseDuration } from '../../../src/lib/schema.ts';
import { type Access, mayReadJobs, mayReadServices } from './nomad-access.ts';
import type { Allocation, NomadState, Registration, Table, Write } from './nomad-state.ts';

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: string;
}

/** Something to read that has an index. */
export interface Readable {
  readonly table: Table;
  /** Whether a write wakes those who wait for it. */
  isTouched(write: Write): boolean;
  read(): unknown;
}

export interface QueryOptions {
  readonly state: NomadState;
  readonly query: URLSearchParams;
  readonly hasLeader: boolean;
  readonly signal: AbortSignal;
}

const usualWaitMs = 300_000;
const mostWaitMs = 600_000;

export function text(status: number, body: string): Answer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', Vary: 'Accept-Encoding' }, body };
}

export function json(value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', Vary: 'Accept-Encoding', ...headers },
    body: JSON.stringify(value),
  };
}

export const denied = text(403, 'Permission denied');

/**
 * Reads now, or waits for a change past the index that is given. An answer is what was read when the query last looked: one
 * that waits in vain tells the index of its beginning, however far the table has come by other writes.
 */
export async function blockingAnswer(readable: Readable, options: QueryOptions): Promise<Answer> {
  const { state, query, signal } = options;
  const index = query.get('index') ?? '';
  if (index !== '' && !isIndex(index)) return text(400, 'Invalid index');
  const wait = query.get('wait') ?? '';
  const waitMs = wait === '' ? 0 : parseDuration(wait);
  if (waitMs === undefined || (wait !== '' && /^\d+$/.test(wait) && wait !== '0'))
    return text(400, 'Invalid wait time');
  const least = Number(index);
  const look = () => ({ index: state.indexOf(readable.table), value: readable.read() });
  let found = look();
  if (least > 0 && found.index <= least) {
    const mostMs = Math.min(mostWaitMs, waitMs <= 0 ? usualWaitMs : waitMs);
    await waitFor(mostMs + randomInt(Math.max(1, Math.floor(mostMs / 16))), signal, (end) =>
      state.watch((writes) => {
        // Whoever is woken looks a little later: writes that follow each other at once are seen together.
        if (writes.some((write) => readable.isTouched(write)))
          setImmediate(() => {
            found = look();
            if (found.index > least) end();
          });
      }),
    );
  }
  return json(found.value, indexHeaders(found.index, options.hasLeader));
}

/** 64 bits without a sign. */
function isIndex(given: string): boolean {
  return /^\d+$/.test(given) && BigInt(given) < 2n ** 64n;
}

export function indexHeaders(index: number, hasLeader: boolean): Answer['headers'] {
  return {
    'X-Nomad-Index': String(index),
    'X-Nomad-Knownleader': String(hasLeader),
    'X-Nomad-Lastcontact': hasLeader ? '0' : '9223372036854',
  };
}

function waitFor(mostMs: number, signal: AbortSignal, subscribe: (end: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      unsubscribe();
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, mostMs);
    signal.addEventListener('abort', end);
    const unsubscribe = subscribe(end);
  });
}

/** `GET /v1/services`: of all namespaces only those that may be read. */
export function servicesOf(state: NomadState, namespace: string, access: Access | undefined): Readable {
  const isWanted = (one: string) =>
    namespace === '*' ? access === undefined || mayReadServices(access, one) : one === namespace;
  return {
    table: 'services',
    isTouched: (write) => write.table === 'services' && isWanted(write.namespace),
    read() {
      const found = [...state.registrations.values()].filter(({ Namespace }) => isWanted(Namespace));
      const namespaces = [...new Set(found.map(({ Namespace }) => Namespace))].sort();
      return namespaces.map((Namespace) => ({
        Namespace,
        Services: inAnyOrder(namesAndTags(found.filter((one) => one.Namespace === Namespace))),
      }));
    },
  };
}

function namesAndTags(all: readonly Registration[]) {
  const names = [...new Set(all.map(({ ServiceName }) => ServiceName))];
  return names.map((ServiceName) => {
    const tags = all.filter((one) => one.ServiceName === ServiceName).flatMap(({ Tags }) => Tags);
    return { ServiceName, Tags: [...new Set(tags)] };
  });
}

/** Names and tags come out of a Go map. */
function inAnyOrder<T>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, at: randomInt(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** `GET /v1/service/NAME`: names are case-sensitive, and `*` is no namespace here. */
export function serviceOf(state: NomadState, namespace: string, name: string): Readable {
  return {
    table: 'services',
    isTouched: (write) => write.table === 'services' && write.namespace === namespace && write.service === name,
    read: () =>
      [...state.registrations.values()]
        .filter((one) => one.Namespace === namespace && one.ServiceName === name)
        .sort((a, b) => (a.ID < b.ID ? -1 : 1)),
  };
}

export function allocationsOf(state: NomadState, namespace: string, access: Access | undefined): Readable {
  const isWanted = (one: string) =>
    namespace === '*' ? access === undefined || mayReadJobs(access, one) : one === namespace;
  return {
    table: 'allocations',
    isTouched: (write) => write.table === 'allocations' && isWanted(write.namespace),
    read: (): readonly Allocation[] => [...state.allocations.values()].filter(({ Namespace }) => isWanted(Namespace)),
  };
}
