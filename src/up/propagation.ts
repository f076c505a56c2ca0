/**
 * What becomes of a change at the proxies.
 *
 *      changed ─► (commit, responses go out) ─► answered, answered, … ─► nothing under way any more ─► report
 */
import { setImmediate } from 'node:timers/promises';
import type { DiscoveryServer } from '../discovery-server.ts';

export interface Propagation {
  /** How many proxies were sent something and have confirmed it. */
  readonly proxies: number;
  /** Those that have rejected it, and what each said. */
  readonly rejections: readonly { readonly proxy: string; readonly message: string }[];
  /** From the change to the last answer. */
  readonly durationMs: number;
}

export interface PropagationWatch {
  /** A change has been handed to the control plane; resolves when every proxy has answered all that came of it. */
  changed(): Promise<Propagation>;
  /** A proxy has said something. */
  answered(): void;
}

/** A connected proxy. */
export type Connection = ReturnType<DiscoveryServer['ads']['connections']>[number];

/** `now` is in milliseconds. */
export function watchPropagation(connections: () => readonly Connection[], now: () => number): PropagationWatch {
  const waiting = new Set<() => void>();
  return {
    async changed() {
      const startedMs = now();
      const before = new Map(connections().map((connection) => [connection.proxy.connection, sentTo(connection)]));
      // It is committed and goes out at the end of this turn.
      await setImmediate();
      await setImmediate();
      while (!connections().every(hasAnswered)) await new Promise<void>((resolve) => waiting.add(resolve));
      const touched = connections().filter(
        (connection) => before.get(connection.proxy.connection) !== sentTo(connection),
      );
      const rejections = touched.flatMap(rejectionsOf);
      const rejecting = new Set(rejections.map(({ proxy }) => proxy));
      const proxies = touched.filter(({ proxy }) => !rejecting.has(proxy.name)).length;
      return { proxies, rejections, durationMs: now() - startedMs };
    },
    answered() {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  };
}

function sentTo({ types }: Connection): string {
  return types.map(({ sent }) => sent).join(' ');
}

function hasAnswered({ types }: Connection): boolean {
  return types.every(({ state }) => state !== 'STALE');
}

/** What a proxy has rejected and goes without. */
export function rejectionsOf({ proxy, types }: Connection): Propagation['rejections'] {
  return types
    .filter(({ state }) => state === 'ERROR')
    .map(({ lastError }) => ({ proxy: proxy.name, message: (lastError?.message ?? '').trim() }));
}
