/** /debug/sources: where objects come from, and whether what is known of them is what is there. The form is ours. */
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

export function sourcesPage({ sources }: ConsoleData): Answer {
  return () =>
    json(
      sources().map(({ name, isSynced, freshness }) => ({
        name,
        isSynced,
        state: freshness.state,
        ...(freshness.state === 'stale' ? { since: new Date(freshness.sinceMs).toISOString() } : {}),
        ...(freshness.state === 'live' ? {} : { reason: freshness.reason }),
      })),
    );
}
