/** /debug/sources: where objects come from, and whether what is known of them is what is there. The form is ours. */
import type { Visibility } from '../source/visibility.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

export function sourcesPage({ sources }: ConsoleData): Answer {
  return () =>
    json(
      sources().map(({ name, registry, isSynced, visibility, held }) => ({
        name,
        registry,
        isSynced,
        ...visibilityFields(visibility),
        ...(held === undefined ? {} : { held }),
      })),
    );
}

/** How well something can be seen, as pages say it. */
export function visibilityFields(visibility: Visibility): object {
  const { state } = visibility;
  return {
    state,
    ...('sinceMs' in visibility ? { since: new Date(visibility.sinceMs).toISOString() } : {}),
    ...('reason' in visibility ? { reason: visibility.reason } : {}),
  };
}
